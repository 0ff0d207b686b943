"""What is sent for an event: its body, and the headers that prove where it comes from."""

from __future__ import annotations

import json
from typing import Any

from standardwebhooks import Webhook

from app import clock
from app.billing.site import Site
from app.billing.webhooks import endpoints, webhooks
from app.models import Price, WebhookEndpoint, WebhookEvent


def body(event: WebhookEvent) -> str:
    """Answer what is sent for an event, the same at each attempt."""
    data = {
        "app": str(event.app.uuid),
        "tenant": str(event.tenant.uuid) if event.tenant else None,
        "livemode": event.livemode,
        **event.payload,
    }
    if event.price is not None:
        data["plan"] = _plan(event.price, data.pop("quantity", None))
    said = {"type": event.type, "timestamp": webhooks.moment(event.at), "data": data}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sign(site: Site, endpoint: WebhookEndpoint, event: WebhookEvent, text: str) -> dict[str, str]:
    """Answer the headers of an attempt made now, signed with each secret that counts."""
    at, name = clock.wall(), str(event.uuid)
    secrets = endpoints.signing_secrets(site, endpoint)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Portico",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(name, at, text) for secret in secrets),
    }


def _plan(price: Price, quantity: Any) -> dict[str, Any]:
    return {
        "product": price.product.slug,
        "price_id": price.price_id,
        "interval": price.interval,
        "quantity": quantity,
    }

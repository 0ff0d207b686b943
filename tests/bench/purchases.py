"""Purchases that have been paid at Stripe: their rows here, their events, and what Stripe answers.

`paid.json` holds what was answered to the looks of one such purchase. Every object's id ends in the
32 hexadecimal digits of its checkout's uuid, so that any number of purchases can be told apart.
"""

from __future__ import annotations

import hmac
import json
import re
import time
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.bench.load import Request

Json = dict[str, Any]

_TEXT = Path(__file__).with_name("paid.json").read_text()
_BEGUN = int(time.time())
# Moments are kept as seconds since the purchase was paid.
_PAID: Json = json.loads(re.sub(r'"@(\d+)"', lambda at: str(_BEGUN + int(at[1])), _TEXT))
_BODIES = {name: json.dumps(found) for name, found in _PAID.items()}
# Asked for by its id rather than listed.
_ONE = {name: json.dumps(found["data"][0]) for name, found in _PAID.items() if "data" in found}
_KEY = re.compile(r"_([0-9a-f]{32})\b")
_PATH = re.compile(r"/v1/([a-z_/]+?)(/[a-z]+_\w+)?(?:\?|$)")


def answer(path: str) -> tuple[str, str] | None:
    """Answer what is asked for of a paid purchase, with its name; None for anything else."""
    key, found = _KEY.search(path), _PATH.match(path)
    if key is None or found is None or found[1] not in _BODIES:
        return None
    bodies = _ONE if found[2] and found[1] in _ONE else _BODIES
    return found[1], _named(bodies[found[1]], key[1])


def events(key: str) -> list[Json]:
    """Answer the events Stripe sends of one paid purchase, in the order it sends them."""
    objects = {
        "payment_method.attached": {
            "object": "payment_method",
            "id": "pm_KEY",
            "customer": "cus_KEY",
        },
        "customer.subscription.created": _PAID["subscriptions"],
        "payment_intent.succeeded": _PAID["payment_intents"]["data"][0],
        "invoice.paid": _PAID["invoices"]["data"][0],
        "customer.subscription.updated": _PAID["subscriptions"],
        "checkout.session.completed": _PAID["checkout/sessions"],
    }
    return [
        {
            "id": f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "created": int(time.time()),
            "data": {"object": json.loads(_named(json.dumps(subject), key))},
            "livemode": False,
            "type": type_,
        }
        for type_, subject in objects.items()
    ]


def request(hook: str, event: Json, secret: str) -> Request:
    """Answer an event as Stripe posts it, signed now."""
    body = json.dumps(event).encode()
    now = int(time.time())
    signature = hmac.new(secret.encode(), b"%d.%s" % (now, body), sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={now},v1={signature}", "Content-Type": "application/json"}
    return Request.post(hook, body, headers)


def checkout(tenant_id: int, key: str, **of: object) -> Json:
    """Answer the row of an open checkout that has just been paid there."""
    now = datetime.now(UTC)
    return {
        "uuid": uuid.UUID(key),
        "tenant_id": tenant_id,
        "livemode": False,
        "origin": "portal",
        "mode": "subscription",
        "family": "default",
        "slot": "family:default",
        "order_digest": key,
        "state": "open",
        "version": 1,
        "method": "card",
        "quantity": 2,
        "currency": "EUR",
        "net": 3800,
        "tax": 722,
        "total": 4522,
        "tax_rule": "domestic",
        "tax_country": "DE",
        "tax_percentage": 19,
        "description": "Acme Notes Team",
        "return_key": "bench",
        "provider_id": f"cs_test_{key}",
        "url": "https://provider.example/pay",
        "expires_at": now + timedelta(days=1),
        "next_check_at": now + timedelta(hours=1),
        **of,
    }


def _named(text: str, key: str) -> str:
    return text.replace("KEY", key).replace("UUID", str(uuid.UUID(key)))

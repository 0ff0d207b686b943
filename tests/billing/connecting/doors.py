"""The door of a connected account: how it stands at the provider, and knocking at it."""

from __future__ import annotations

import json
import time
from uuid import uuid4

import stripe
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.billing.truth.doors import Doors
from app.models import (
    ProviderAccount,
    ProviderEvent,
)
from tests.sandbox_server import SandboxServer

KEY = "sk_test_sandbox_connections"


def secret_of(site: Site, account: ProviderAccount) -> str:
    secret = site.credentials(account.sealed_credentials).webhook_secret
    assert secret is not None
    return secret


def endpoints(sandbox: SandboxServer, url: str | None) -> int:
    world = sandbox.app.world.account("stripe", KEY)
    return len(world.find("webhook_endpoints", lambda endpoint: endpoint["url"] == url))


def knock(doors: Doors, account: ProviderAccount, secret: str) -> None:
    body = json.dumps(
        {
            "id": f"evt_{uuid4().hex}",
            "type": "invoice.paid",
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"object": "customer", "id": "cus_1"}},
        }
    )
    sign = stripe.WebhookSignature.generate_signature_header
    headers = {"Stripe-Signature": sign(body, secret, int(time.time()))}
    doors.receive("stripe", account.uuid, body=body.encode(), headers=headers)


def arrived(db: Session) -> int:
    count = db.scalar(select(func.count(ProviderEvent.id)))
    db.commit()
    return count or 0

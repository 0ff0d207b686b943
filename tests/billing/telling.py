"""An app that is told: its endpoint, what happened, and what the receiver took."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from app.billing.site import Site
from app.billing.webhooks import deliveries, endpoints, webhooks
from app.models import (
    CheckoutSession,
    Subscription,
    Tenant,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.cast import World
from tests.sandbox.receiver import Receiver, Taken

Json = dict[str, Any]


@dataclass
class Telling:
    """The app of the demo world with one endpoint, which leads to `receiver`."""

    world: World
    site: Site
    receiver: Receiver
    plans: dict[int, Subscription] = field(default_factory=dict)
    told: int = 0

    def __post_init__(self) -> None:
        self.endpoint, self.secret = self.registers()

    @property
    def db(self) -> Session:
        """Answer the session all of this test uses."""
        return self.world.db

    @property
    def now(self) -> datetime:
        """Answer the billing time."""
        return self.site.clock.now()

    def registers(self, types: Sequence[str] = ()) -> tuple[WebhookEndpoint, str]:
        """Make an endpoint that leads to the receiver."""
        made = endpoints.register(
            self.db, self.site, self.world.app, url=self.receiver.url, types=types
        )
        self.db.commit()
        return made

    def happens(self, type_: str = "subscription.changed", tenant: Tenant | None = None) -> None:
        """Let something happen to the plan of a tenant."""
        of = tenant or self.world.globex
        if of.id not in self.plans:
            self.plans[of.id] = self.world.begin_plan(of)
        self.told += 1
        effect = f"told:{self.told}"
        webhooks.publish(self.db, self.plans[of.id], type_, effect=effect, now=self.now)
        self.db.commit()

    def delivers(self) -> int:
        """Do what is due now, and answer how many attempts that took."""
        return deliveries.deliver_due(self.db, self.site)

    def changes(self, endpoint: WebhookEndpoint | None = None, **changed: Any) -> None:
        """Change the endpoint."""
        endpoints.change(self.db, self.site, endpoint or self.endpoint, now=self.now, **changed)
        self.db.commit()

    def rows(self) -> list[WebhookDelivery]:
        """Answer every delivery as it is now, oldest first."""
        found = self.db.scalars(
            select(WebhookDelivery)
            .order_by(WebhookDelivery.id)
            .execution_options(populate_existing=True)
        ).all()
        self.db.commit()
        return list(found)

    def states(self) -> list[str]:
        """Answer the state of every delivery, oldest first."""
        return [row.state for row in self.rows()]

    def attempts(self) -> list[WebhookAttempt]:
        """Answer every attempt as it is now, oldest first."""
        found = self.db.scalars(
            select(WebhookAttempt)
            .order_by(WebhookAttempt.id)
            .execution_options(populate_existing=True)
        ).all()
        self.db.commit()
        return list(found)

    def heard(self) -> list[str]:
        """Answer the types the receiver was sent, in the order they came."""
        return [said(taken)["type"] for taken in self.receiver.taken]

    def verifies(self, taken: Taken, secret: str | None = None) -> Json:
        """Answer a body whose signature was verified as a receiver does it."""
        found: Json = Webhook(secret or self.secret).verify(taken.body, taken.headers)
        return found


def said(taken: Taken) -> Json:
    """Answer a body without a look at its signature."""
    found: Json = json.loads(taken.body)
    return found


def receivers() -> Iterator[Receiver]:
    """Give a receiver for the length of a test."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


def checkout_of(world: World, tenant: Tenant | None, **changed: Any) -> CheckoutSession:
    """Write a checkout where how it was made does not matter; without tenant it is an API's."""
    price = world.price("team")
    given: dict[str, Any] = {
        "app_id": world.app.id,
        "tenant_id": tenant.id if tenant else None,
        "provider_account_id": world.account("stripe").id,
        "price_id": price.id if tenant else None,
        "livemode": False,
        "origin": "portal",
        "mode": "subscription",
        "order_digest": "0",
        "state": "open",
        "quantity": 2,
        "currency": "EUR",
        "net": 5800,
        "tax": 1102,
        "total": 6902,
        "description": "Team",
        "return_key": "0",
    }
    checkout = CheckoutSession(**(given | changed))
    world.db.add(checkout)
    world.db.commit()
    return checkout

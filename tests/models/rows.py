"""Rows with what they must have, for tests that change one thing about them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from app import clock
from app.models import (
    Act,
    CheckoutSession,
    Customer,
    Invoice,
    Mail,
    Payment,
    PaymentMethod,
    ProviderEvent,
    Refund,
    Subscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tests.cast import World


class Rows:
    """Makes rows of Globex at Stripe in test mode."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account_id = world.account("stripe").id
        self._amounts = {"currency": "EUR", "net": 1900, "tax": 361, "total": 2261}
        self._own = {"app_id": world.app.id, "tenant_id": world.globex.id, "livemode": False}

    def checkout(self, **changes: Any) -> CheckoutSession:
        return CheckoutSession(
            **{
                **self._own,
                **self._amounts,
                "provider_account_id": self.account_id,
                "price_id": self.world.price("team").id,
                "origin": "portal",
                "mode": "subscription",
                "family": "default",
                "slot": "default",
                "order_digest": "order",
                "state": "open",
                "quantity": 1,
                "description": "Team, monthly",
                "return_key": "key",
                **changes,
            }
        )

    def subscription(self, **changes: Any) -> Subscription:
        return Subscription(
            **{
                **self._own,
                **self._amounts,
                "provider_account_id": self.account_id,
                "price_id": self.world.price("team").id,
                "family": "default",
                "status": "active",
                "quantity": 1,
                "started_at": clock.wall(),
                "anchor_at": clock.wall(),
                **changes,
            }
        )

    def payment(self, **changes: Any) -> Payment:
        return Payment(
            **{
                **self._own,
                "provider_account_id": self.account_id,
                "provider_id": f"pi_{uuid4().hex}",
                "status": "paid",
                "amount": 2261,
                "currency": "EUR",
                "attempted_at": clock.wall(),
                **changes,
            }
        )

    def payment_method(self, **changes: Any) -> PaymentMethod:
        return PaymentMethod(
            **{
                "tenant_id": self.world.globex.id,
                "livemode": False,
                "provider_account_id": self.account_id,
                "provider_id": f"pm_{uuid4().hex}",
                "type": "card",
                "status": "valid",
                **changes,
            }
        )

    def refund(self, **changes: Any) -> Refund:
        return Refund(
            **{
                "payment": self.payment(),
                "provider_account_id": self.account_id,
                "provider_id": f"re_{uuid4().hex}",
                "status": "pending",
                "amount": 2261,
                "currency": "EUR",
                "reason": "duplicate",
                "recorded_at": clock.wall(),
                **changes,
            }
        )

    def customer(self, **changes: Any) -> Customer:
        return Customer(
            **{
                "tenant_id": self.world.globex.id,
                "provider_account_id": self.account_id,
                "idempotency_key": str(uuid4()),
                "request": "{}",
                **changes,
            }
        )

    def act(self, **changes: Any) -> Act:
        return Act(
            **{
                "effect": f"refund:payment:{uuid4()}",
                "kind": "refund",
                "reason": "duplicate",
                "provider_account_id": self.account_id,
                "idempotency_key": str(uuid4()),
                "request": "{}",
                "next_try_at": clock.wall(),
                **changes,
            }
        )

    def event(self, **changes: Any) -> ProviderEvent:
        return ProviderEvent(
            **{
                "provider_account_id": self.account_id,
                "object_id": "tr_1",
                "payload": "id=tr_1",
                "state": "received",
                "received_at": clock.wall(),
                "next_try_at": clock.wall(),
                **changes,
            }
        )

    def invoice(self, **changes: Any) -> Invoice:
        return Invoice(
            **{
                **self._own,
                **self._amounts,
                "provider_account_id": self.account_id,
                "status": "paid",
                "listed_as": "paid",
                "seller": {},
                "buyer": {},
                "issued_at": clock.wall(),
                **changes,
            }
        )

    def mail(self, **changes: Any) -> Mail:
        return Mail(
            **{
                "effect": f"receipt:checkout:{uuid4()}",
                "app_id": self.world.app.id,
                "livemode": False,
                "recipient": "tara@globex.example",
                "kind": "receipt",
                "values": {},
                "next_try_at": clock.wall(),
                **changes,
            }
        )

    def webhook_event(self, **changes: Any) -> WebhookEvent:
        return WebhookEvent(
            **{
                **self._own,
                "effect": f"checkout.completed:{uuid4()}",
                "lane": self.world.globex.id,
                "type": "checkout.completed",
                "payload": {},
                "at": clock.wall(),
                **changes,
            }
        )

    def webhook_endpoint(self, **changes: Any) -> WebhookEndpoint:
        own = {"app_id": self.world.app.id, "url": "https://app.example.com/", "sealed_secret": "0"}
        return WebhookEndpoint(**{**own, **changes})

    def webhook_delivery(self, **changes: Any) -> WebhookDelivery:
        return WebhookDelivery(
            **{
                "event": self.webhook_event(),
                "endpoint": self.webhook_endpoint(),
                "lane": self.world.globex.id,
                "tries_left": 10,
                **changes,
            }
        )

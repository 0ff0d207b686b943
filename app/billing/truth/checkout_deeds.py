"""Checkout deeds: money given back, and pages closed on which the same could be paid again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.invoicing import invoice_standings
from app.billing.plans import refunds
from app.billing.purchase import requests
from app.billing.site import Site
from app.billing.truth import looks
from app.db import lock
from app.models import Act, CheckoutSession, Payment, Subscription
from app.providers import errors
from app.providers.base import Provider, RefundRequest, RefundState


class GiveBack:
    """A refund of a payment, or of a part of it."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(RefundRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> RefundState:
        """Give it back."""
        return self._provider.refund(self._request, key=key)

    def find(self) -> RefundState | None:
        """Look for the refund by our uuid."""
        return self._provider.find_refund(self._request.uuid, payment_id=self._request.payment_id)

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write the refund; what has arrived is told of."""
        assert isinstance(result, RefundState) and self._act.payment_id is not None
        found = self._db.get_one(Payment, self._act.payment_id)
        # A look locks the checkout and the plan before payments; the same order here, or both could
        # wait.
        checkout = (
            lock.one(self._db, CheckoutSession, found.checkout_id) if found.checkout_id else None
        )
        plan = (
            lock.one(self._db, Subscription, found.subscription_id)
            if found.subscription_id
            else None
        )
        payment = lock.one(self._db, Payment, found.id)
        for looked_at in (checkout, plan):
            if looked_at is not None:
                # An answer of before the refund would take it back.
                looked_at.version += 1
        refunds.record(self._db, payment, [result], cause="act", now=now)
        payment.refunded = max(payment.refunded, refunds.total(self._db, payment))
        invoice_standings.follow(self._db, payment)
        if checkout is not None:
            if checkout.state == "needs_review" and checkout.verdict == "given_back":
                checkout.next_check_at = now
            elif result.status == "pending":
                checkout.next_check_at = refunds.next_look(now=now)
        return result.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the failed act is for a person to see."""


class Expire:
    """A provider page that is closed."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._site, self._act = db, site, act
        self.window = provider.key_window

    def do(self, key: str) -> None:
        """Close it if it can be closed."""
        assert self._act.checkout_id is not None
        looks.end_checkout(self._db, self._site, self._act.checkout_id, cause="replaced")

    def find(self) -> None:
        """Answer nothing: closing a closed page is no error, so it is simply done again."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Answer the page's id."""
        assert self._act.checkout_id is not None
        return self._db.get_one(CheckoutSession, self._act.checkout_id).provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the page ends by itself."""

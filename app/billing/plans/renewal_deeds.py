"""Renewal deeds: what keeps a plan being paid."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.plans import plan_payments, subscriptions
from app.billing.purchase import requests
from app.billing.site import Site
from app.db import lock
from app.models import Act, Subscription
from app.providers import errors
from app.providers.base import (
    ChargeRequest,
    PaymentState,
    Provider,
    SubscriptionRequest,
    SubscriptionState,
)


class Begin:
    """The provider subscription that follows a paid first payment."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(SubscriptionRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState:
        """Begin it."""
        return self._provider.begin_subscription(self._request, key=key)

    def find(self) -> SubscriptionState | None:
        """Look for the subscription by our uuid."""
        customer = self._request.customer_id
        found = self._provider.find_subscription(self._request.uuid, customer_id=customer)
        return self._provider.fetch_subscription(found, customer_id=customer) if found else None

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write the provider's id; one that was begun for a plan that is over is ended again."""
        assert isinstance(result, SubscriptionState) and self._act.subscription_id is not None
        row = lock.one(self._db, Subscription, self._act.subscription_id)
        subscriptions.attach(row, result, now=now)
        if row.ended_at is not None:
            subscriptions.end_at_provider(self._db, row, now=now)
        return result.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the failed act is for a person to see, and the paid period ends in time."""


class Charge:
    """A charge that makes good what failed."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._site, self._act, self._provider = db, site, act, provider
        self._request = requests.load(ChargeRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> PaymentState:
        """Charge; a refusal is an attempt too, and is answered as one where the provider keeps
        it."""
        try:
            return self._provider.charge(self._request, key=key)
        except errors.Declined as error:
            if error.code is None or not error.code.startswith("tr_"):
                raise
            return self._provider.fetch_payment(error.code)

    def find(self) -> PaymentState | None:
        """Look for the payment by our uuid."""
        return self._provider.find_payment(
            self._request.uuid, customer_id=self._request.customer_id
        )

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write the attempt, and what it makes of the plan."""
        assert isinstance(result, PaymentState) and self._act.subscription_id is not None
        row = lock.one(self._db, Subscription, self._act.subscription_id)
        before, was_overdue = row.shown_status, row.overdue_since is not None
        row.version += 1
        plan_payments.take(self._db, self._site, row, [result], {}, cause="act", now=now)
        plan_payments.settle(
            self._db, self._site, row, before, was_overdue=was_overdue, cause="act", now=now
        )
        return result.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Have the plan looked at again: what follows is decided there."""
        assert self._act.subscription_id is not None
        lock.one(self._db, Subscription, self._act.subscription_id).next_check_at = now


class Collect:
    """The provider's own open invoice, charged now."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.Collection, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState | None:
        """Charge it; what came of it is in the attempt, which is looked at next."""
        try:
            return self._provider.collect(self._request.provider_id, key=key)
        except errors.Declined:
            return None

    def find(self) -> None:
        """Answer nothing: an invoice is paid once, so it is simply asked for again."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Have the plan looked at."""
        assert self._act.subscription_id is not None
        lock.one(self._db, Subscription, self._act.subscription_id).next_check_at = now
        return self._request.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the provider goes on trying by itself."""

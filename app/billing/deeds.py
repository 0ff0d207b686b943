"""Deeds: acts done at the provider, found again there, and kept here, exactly once each."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.billing import claims, deadlines, keys, looks, requests, subscriptions
from app.billing.site import Site
from app.db import lock, once
from app.models import Act, CheckoutSession, Payment, Refund, Subscription
from app.providers import errors
from app.providers.base import (
    Provider,
    RefundRequest,
    RefundState,
    SubscriptionRequest,
    SubscriptionState,
)

log = logging.getLogger(__name__)


class Deed(Protocol):
    """One act in the provider's words; `window` is how long its key is remembered, in seconds."""

    window: int

    def do(self, key: str) -> object:
        """Do it; raises `providers.errors.ProviderError`."""
        ...

    def find(self) -> object | None:
        """Look whether it is done already."""
        ...

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write what came of it and answer its provider id; the caller commits."""
        ...


def perform(db: Session, site: Site, act_id: int) -> None:
    """Do an act, if nobody else is doing it. Commits.

    What the provider cannot do now is left for the sweep; what it will never do is kept as failed
    for a person to see.
    """
    if not claims.take(db, Act, act_id):
        return
    act = db.get_one(Act, act_id, populate_existing=True)
    if act.state != "waiting":
        claims.release(db, Act, act_id)
        return
    act.tries += 1
    deed = _deed(db, site, act)
    db.commit()
    try:
        result = _do(db, site, act, deed)
    except errors.ProviderError as error:
        _postpone(db, site, act, error)
        return
    _finish(db, act, deed, result, now=site.clock.now())


def _do(db: Session, site: Site, act: Act, deed: Deed) -> object:
    now = site.clock.now()
    key = keys.usable(act.idempotency_key, act.first_tried_at, window=deed.window, now=now)
    if key is None:
        found = deed.find()
        if found is not None:
            return found
        key = keys.renew(db, Act, act.id, now=now)
    elif act.first_tried_at is None:
        keys.mark(db, Act, act.id, now=now)
    return deed.do(key)


def _finish(db: Session, act: Act, deed: Deed, result: object, *, now: datetime) -> None:
    db.refresh(act, with_for_update=True)
    act.state = "done"
    act.error = None
    act.claimed_until = None
    act.result_id = deed.keep(result, now=now)
    db.commit()


def _postpone(db: Session, site: Site, act: Act, error: errors.ProviderError) -> None:
    now = site.clock.now()
    log.warning("act %s (%s) did not happen: %s", act.uuid, act.kind, error)
    db.refresh(act, with_for_update=True)
    if act.state != "waiting":
        # Somebody took over and has done it.
        db.rollback()
        return
    act.error = f"{type(error).__name__}: {error}"
    act.claimed_until = None
    if error.spends_key:
        act.idempotency_key = None
    elif error.permanent:
        act.state = "failed"
    act.next_try_at = now + deadlines.pause(act.tries)
    db.commit()


def _deed(db: Session, site: Site, act: Act) -> Deed:
    provider = site.provider(act.provider_account)
    if act.kind == "begin_subscription":
        return _Begin(db, act, provider)
    if act.kind == "cancel_subscription":
        return _Cancel(db, act, provider)
    if act.kind == "refund":
        return _Refund(db, act, provider)
    return _Expire(db, site, act, provider)


class _Begin:
    def __init__(self, db: Session, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(SubscriptionRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState:
        return self._provider.begin_subscription(self._request, key=key)

    def find(self) -> SubscriptionState | None:
        customer = self._request.customer_id
        found = self._provider.find_subscription(self._request.uuid, customer_id=customer)
        return self._provider.fetch_subscription(found, customer_id=customer) if found else None

    def keep(self, result: object, *, now: datetime) -> str | None:
        assert isinstance(result, SubscriptionState) and self._act.subscription_id is not None
        row = lock.one(self._db, Subscription, self._act.subscription_id)
        subscriptions.attach(row, result, now=now)
        return result.provider_id


class _Cancel:
    def __init__(self, db: Session, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.Cancellation, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState | None:
        try:
            return self._provider.cancel_subscription(
                self._request.provider_id,
                customer_id=self._request.customer_id,
                when="now",
                key=key,
            )
        except errors.Missing:
            return None

    def find(self) -> None:
        # Ending an ended subscription is no error at either provider, so it is simply done again.
        return None

    def keep(self, result: object, *, now: datetime) -> str | None:
        subscriptions.end(
            self._db, self._act.provider_account_id, self._request.provider_id, now=now
        )
        return self._request.provider_id


class _Refund:
    def __init__(self, db: Session, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(RefundRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> RefundState:
        return self._provider.refund(self._request, key=key)

    def find(self) -> RefundState | None:
        return self._provider.find_refund(self._request.uuid, payment_id=self._request.payment_id)

    def keep(self, result: object, *, now: datetime) -> str | None:
        assert isinstance(result, RefundState) and self._act.payment_id is not None
        payment = lock.one(self._db, Payment, self._act.payment_id)
        if result.status != "failed":
            payment.refunded = max(payment.refunded, self._request.amount.minor)
        once.insert(
            self._db,
            Refund,
            {
                "payment_id": payment.id,
                "provider_account_id": self._act.provider_account_id,
                "provider_id": result.provider_id,
                "status": result.status,
                "amount": result.amount.minor,
                "currency": result.amount.currency,
                "reason": self._act.reason,
            },
        )
        return result.provider_id


class _Expire:
    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._site, self._act = db, site, act
        self.window = provider.key_window

    def do(self, key: str) -> None:
        assert self._act.checkout_id is not None
        looks.end_checkout(self._db, self._site, self._act.checkout_id, cause="replaced")

    def find(self) -> None:
        return None

    def keep(self, result: object, *, now: datetime) -> str | None:
        assert self._act.checkout_id is not None
        return self._db.get_one(CheckoutSession, self._act.checkout_id).provider_id

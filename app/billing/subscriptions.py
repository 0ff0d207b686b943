"""Subscriptions: begun by a paid checkout, kept true by looking, ended once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing import acts, deadlines, payment_methods, payments, periods, timeline, webhooks
from app.billing.site import Site
from app.db import lock
from app.models import App, CheckoutSession, PaymentMethod, Price, ProviderAccount, Subscription
from app.models.subscription import RUNNING
from app.providers.base import CheckoutState, SubscriptionState

log = logging.getLogger(__name__)

_TRIES = 3


# Built once: every purchase asks it, and building it costs more than running it.
_RUNNING = select(Subscription).where(
    Subscription.tenant_id == bindparam("tenant_id"),
    Subscription.livemode == bindparam("livemode"),
    Subscription.family == bindparam("family"),
    Subscription.status.in_(RUNNING),
    Subscription.is_duplicate.is_(False),
)


def running(db: Session, tenant_id: int, *, livemode: bool, family: str) -> Subscription | None:
    """Answer the plan a tenant runs in a family."""
    asked = {"tenant_id": tenant_id, "livemode": livemode, "family": family}
    return db.scalars(_RUNNING, asked).first()


def running_beside(db: Session, checkout: CheckoutSession) -> bool:
    """Another purchase than this one already runs a plan in its family."""
    assert checkout.tenant_id is not None and checkout.family is not None
    found = running(db, checkout.tenant_id, livemode=checkout.livemode, family=checkout.family)
    return found is not None and found.checkout_id != checkout.id


def begin(
    db: Session,
    checkout: CheckoutSession,
    state: CheckoutState,
    method: PaymentMethod | None,
    *,
    cause: str,
    now: datetime,
    is_settling: bool = False,
) -> Subscription:
    """Write the plan a checkout paid for, or whose payment is on its way (`is_settling`: access
    meanwhile is the app's choice, and ends with the method's deadline)."""
    known = lock_of(db, checkout)
    before = known.shown_status if known else None
    subscription = known or _new(db, checkout, now=now)
    subscription.version += 1
    if method:
        subscription.payment_method_id = method.id
    if state.subscription:
        attach(subscription, state.subscription, now=now)
    else:
        _pay_first_period(subscription, checkout, state, now=now)
    if not is_settling:
        subscription.settling_until = None
    elif known is None:
        subscription.settling_until = now + deadlines.SETTLING
    _wait_for_money(db, subscription, now=now)
    db.flush()
    _tell(db, subscription, before, cause=cause, now=now)
    return subscription


def record_duplicate(
    db: Session, checkout: CheckoutSession, state: SubscriptionState, *, now: datetime
) -> None:
    """Keep a plan that must not run beside another one: on record, outside the promise."""
    subscription = lock_of(db, checkout) or _new(db, checkout, now=now)
    subscription.version += 1
    subscription.is_duplicate = True
    subscription.settling_until = None
    attach(subscription, state, now=now)
    db.flush()


def attach(subscription: Subscription, state: SubscriptionState, *, now: datetime) -> None:
    """Write what the provider says of a subscription; one that has ended stays ended."""
    subscription.provider_id = state.provider_id
    subscription.customer_provider_id = state.customer_id or subscription.customer_provider_id
    if state.provider_id not in subscription.provider_ids:
        subscription.provider_ids = [*subscription.provider_ids, state.provider_id]
    if subscription.ended_at is None:
        subscription.status = _status(state)
        subscription.period_start = state.period_start or subscription.period_start
        subscription.period_end = _later(subscription, state)
        subscription.trial_end = state.trial_end
        subscription.canceled_at = state.canceled_at
        subscription.ended_at = (state.ended_at or now) if state.status == "canceled" else None
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)


def abandon(db: Session, checkout: CheckoutSession, *, cause: str, now: datetime) -> None:
    """End the plan of a checkout whose payment failed in the end, here and at the provider."""
    subscription = lock_of(db, checkout)
    if subscription is None or subscription.ended_at is not None:
        return
    before = subscription.shown_status
    _end(subscription, now=now)
    if subscription.provider_id:
        state = SubscriptionState(
            provider_id=subscription.provider_id,
            status="canceled",
            quantity=subscription.quantity,
            period_start=None,
            period_end=None,
            customer_id=subscription.customer_provider_id,
        )
        acts.cancel_subscription(db, checkout, state, now=now, reason="not_paid")
    _tell(db, subscription, before, cause=cause, now=now)


def end(db: Session, account_id: int, provider_id: str, *, now: datetime) -> None:
    """Write that a provider subscription was ended by us."""
    found = find(db, account_id, provider_id)
    if found is None:
        return
    subscription = lock.one(db, Subscription, found)
    if subscription.ended_at is None:
        before = subscription.shown_status
        _end(subscription, now=now)
        _tell(db, subscription, before, cause="act", now=now)


def lock_of(db: Session, checkout: CheckoutSession) -> Subscription | None:
    """Lock the plan a checkout began and answer it; None where it began none."""
    begun = select(Subscription.id).where(Subscription.checkout_id == checkout.id)
    found = db.scalars(begun).first()
    return None if found is None else lock.one(db, Subscription, found)


def find(db: Session, account_id: int, provider_id: str) -> int | None:
    """Answer the row of a provider's subscription."""
    return db.scalars(
        select(Subscription.id).where(
            Subscription.provider_account_id == account_id,
            Subscription.provider_id == provider_id,
        )
    ).first()


def due(db: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Answer the subscriptions that are to be looked at."""
    return list(
        db.scalars(
            select(Subscription.id)
            .where(Subscription.next_check_at <= now)
            .order_by(Subscription.next_check_at)
            .limit(limit)
        )
    )


def sync(db: Session, site: Site, subscription_id: int, *, cause: str) -> bool:
    """Fetch a subscription's truth and apply it once; False where there is nothing to look at, or
    others kept overtaking. Commits. Raises `providers.errors.ProviderError`."""
    for _ in range(_TRIES):
        row = db.get_one(Subscription, subscription_id, populate_existing=True)
        version, account = row.version, db.get_one(ProviderAccount, row.provider_account_id)
        provider_id, customer_id = row.provider_id, row.customer_provider_id
        db.commit()
        if provider_id is None:
            return _await_provider(db, site, subscription_id, cause=cause)
        provider = site.provider(account)
        state = provider.fetch_subscription(provider_id, customer_id=customer_id)
        if _apply(db, site, subscription_id, version, state, cause=cause):
            return True
    log.warning("subscription %s moved under %s looks", subscription_id, _TRIES)
    return False


def _await_provider(db: Session, site: Site, subscription_id: int, *, cause: str) -> bool:
    """The provider has not begun it yet; what was paid for ends with its period all the same."""
    now = site.clock.now()
    row = lock.one(db, Subscription, subscription_id)
    if (
        row.provider_id is None
        and row.status == "active"
        and row.period_end
        and now > row.period_end
    ):
        before = row.shown_status
        row.version += 1
        row.status = "past_due"
        _tell(db, row, before, cause=cause, now=now)
    row.next_check_at = now + timedelta(days=1)
    db.commit()
    return False


def _apply(
    db: Session,
    site: Site,
    subscription_id: int,
    version: int,
    state: SubscriptionState,
    *,
    cause: str,
) -> bool:
    now = site.clock.now()
    row = lock.one(db, Subscription, subscription_id)
    if row.version != version:
        db.rollback()
        return False
    row.version += 1
    before = row.shown_status
    for payment in state.payments:
        payments.record(db, payment, row)
    if state.method:
        method = payment_methods.record(db, state.method, row)
        row.payment_method_id = method.id if method else row.payment_method_id
    attach(row, state, now=now)
    if any(payment.status == "paid" for payment in state.payments):
        row.settling_until = None
    _wait_for_money(db, row, now=now)
    _tell(db, row, before, cause=cause, now=now)
    db.commit()
    return True


def _wait_for_money(db: Session, subscription: Subscription, *, now: datetime) -> None:
    """While a first payment is on its way the provider may call the plan active; access is the
    app's choice, and ends with the deadline."""
    until = subscription.settling_until
    if until is None or subscription.status not in ("active", "incomplete"):
        return
    app = db.get_one(App, subscription.app_id)
    if now > until:
        subscription.status = "past_due"
    else:
        has_access = app.settling_access == "until_deadline"
        subscription.status = "active" if has_access else "incomplete"


def _status(state: SubscriptionState) -> str:
    if state.is_canceling and state.status in ("active", "trialing"):
        return "canceling"
    return state.status


def _later(subscription: Subscription, state: SubscriptionState) -> datetime | None:
    # Mollie tells the next charge's date, at midnight: never a shorter period than was paid for.
    if state.period_start is None and state.period_end and subscription.period_end:
        return max(state.period_end, subscription.period_end)
    return state.period_end or subscription.period_end


def _pay_first_period(
    subscription: Subscription, checkout: CheckoutSession, state: CheckoutState, *, now: datetime
) -> None:
    start = checkout.paid_at or now
    price = subscription.price
    assert price.interval is not None
    subscription.status = "active"
    subscription.customer_provider_id = state.customer_id
    subscription.period_start = start
    subscription.period_end = periods.after(start, price.interval)
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)


def _new(db: Session, checkout: CheckoutSession, *, now: datetime) -> Subscription:
    assert checkout.price_id is not None and checkout.family is not None
    assert checkout.tenant_id is not None
    subscription = Subscription(
        app_id=checkout.app_id,
        tenant_id=checkout.tenant_id,
        provider_account_id=checkout.provider_account_id,
        checkout_id=checkout.id,
        price=db.get_one(Price, checkout.price_id),
        livemode=checkout.livemode,
        family=checkout.family,
        status="incomplete",
        is_duplicate=False,
        version=0,
        provider_ids=[],
        quantity=checkout.quantity,
        currency=checkout.currency,
        net=checkout.net,
        tax=checkout.tax,
        total=checkout.total,
        tax_rule=checkout.tax_rule,
        tax_percentage=checkout.tax_percentage,
        started_at=now,
    )
    db.add(subscription)
    return subscription


def _end(subscription: Subscription, *, now: datetime) -> None:
    subscription.version += 1
    subscription.status = "canceled"
    subscription.settling_until = None
    subscription.ended_at = now
    subscription.next_check_at = None


def _tell(
    db: Session, subscription: Subscription, before: str | None, *, cause: str, now: datetime
) -> None:
    after = subscription.shown_status
    if after == before:
        return
    timeline.note(
        db, subscription, f"subscription.{after}", cause=cause, now=now, before=before, after=after
    )
    webhooks.publish(
        db,
        subscription,
        "subscription.activated" if after == "active" else f"subscription.{after}",
        effect=f"subscription:{subscription.id}:{subscription.version}:{after}",
        payload={"uuid": str(subscription.uuid), "status": after},
        now=now,
    )

"""Subscriptions: plans that run, kept true by looking at the provider, ended once."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing.methods import payment_methods
from app.billing.plans import plan_mirrors, plan_payments, plan_states, plan_switches, refunds
from app.billing.plans.refunds import Parts
from app.billing.site import Site
from app.billing.truth import acts, deadlines, payments
from app.db import lock
from app.db.direct import Question
from app.models import (
    Act,
    CheckoutSession,
    ProviderAccount,
    Subscription,
)
from app.models.subscription import IS_RUNNING
from app.providers.base import PaymentState, Provider, SubscriptionState

log = logging.getLogger(__name__)

_TRIES = 3


# Built once: every purchase asks them, and building them costs more than running them.
_RUNS = (
    Subscription.tenant_id == bindparam("tenant_id"),
    Subscription.livemode == bindparam("livemode"),
    Subscription.family == bindparam("family"),
    IS_RUNNING,
)
_RUNNING = select(Subscription).where(*_RUNS)
_BEGAN_RUNNING = Question(select(Subscription.checkout_id).where(*_RUNS))
_BEGUN_BY = (
    select(Subscription)
    .where(Subscription.checkout_id == bindparam("checkout_id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_SEEN = (
    select(
        Subscription.version,
        Subscription.provider_id,
        Subscription.customer_provider_id,
        ProviderAccount,
    )
    .join(ProviderAccount, ProviderAccount.id == Subscription.provider_account_id)
    .where(Subscription.id == bindparam("subscription_id"))
    .execution_options(populate_existing=True)
)


def running(db: Session, tenant_id: int, *, livemode: bool, family: str) -> Subscription | None:
    """Answer the plan a tenant runs in a family."""
    asked = {"tenant_id": tenant_id, "livemode": livemode, "family": family}
    return db.scalars(_RUNNING, asked).first()


def is_running(db: Session, tenant_id: int, *, livemode: bool, family: str) -> bool:
    """Answer whether a tenant runs a plan in a family, without reading it."""
    asked = {"tenant_id": tenant_id, "livemode": livemode, "family": family}
    return _BEGAN_RUNNING.ask(db, asked) is not None


def running_beside(db: Session, checkout: CheckoutSession) -> bool:
    """Another purchase than this one already runs a plan in its family."""
    assert checkout.tenant_id is not None and checkout.family is not None
    asked = {
        "tenant_id": checkout.tenant_id,
        "livemode": checkout.livemode,
        "family": checkout.family,
    }
    found = _BEGAN_RUNNING.ask(db, asked)
    return found is not None and found.checkout_id != checkout.id


def lock_of(db: Session, checkout: CheckoutSession) -> Subscription | None:
    """Lock the plan a checkout began and answer it; None where it began none."""
    return db.scalars(_BEGUN_BY, {"checkout_id": checkout.id}).first()


def find(db: Session, account_id: int, provider_id: str) -> int | None:
    """Answer the row of a provider's subscription, also of one that was replaced by resuming."""
    found = db.scalars(
        select(Subscription.id).where(
            Subscription.provider_account_id == account_id,
            Subscription.provider_id == provider_id,
        )
    ).first()
    return (
        found
        or db.scalars(
            select(Act.subscription_id).where(
                Act.provider_account_id == account_id, Act.result_id == provider_id
            )
        ).first()
    )


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


def sync(
    db: Session,
    site: Site,
    subscription_id: int,
    *,
    cause: str,
    also: Collection[str] = (),
) -> bool:
    """Fetch a subscription's truth and apply it once; False where there is nothing to look at, or
    others kept overtaking. `also` names payments to look at that its latest may not hold. Commits;
    what follows at the provider is left as acts. Raises `providers.errors.ProviderError`."""
    for _ in range(_TRIES):
        asked = {"subscription_id": subscription_id}
        version, provider_id, customer_id, account = db.execute(_SEEN, asked).one()
        account_id, provider = account.id, site.provider(account)
        extra = {*also, *payments.watched(db, subscription_id, now=site.clock.now())}
        db.commit()
        if provider_id is None:
            return _await_provider(db, site, subscription_id, cause=cause)
        state = provider.fetch_subscription(provider_id, customer_id=customer_id)
        state = replace(state, payments=(*state.payments, *_others(provider, state, extra)))
        parts = refunds.fetch(db, account_id, provider, state.payments)
        if _apply(db, site, subscription_id, version, state, parts, cause=cause):
            return True
    log.warning("subscription %s moved under %s looks", subscription_id, _TRIES)
    return False


def attach(subscription: Subscription, state: SubscriptionState, *, now: datetime) -> None:
    """Write what the provider says of a subscription; one that has ended stays ended.

    Where the provider knows periods its status counts. Where it only charges on dates, the status
    follows from the payments (`renewals.judge`); of the provider only an end is taken.
    """
    subscription.provider_id = state.provider_id
    subscription.customer_provider_id = state.customer_id or subscription.customer_provider_id
    if state.provider_id not in subscription.provider_ids:
        subscription.provider_ids = [*subscription.provider_ids, state.provider_id]
    if subscription.ended_at is not None:
        subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)
    elif state.period_start is not None:
        plan_mirrors.status(subscription, state, now=now)
    elif state.status == "canceled" and subscription.canceled_at is None:
        subscription.canceled_at = state.canceled_at or now
        subscription.end_reason = "provider"


def end(db: Session, account_id: int, provider_id: str, *, reason: str, now: datetime) -> None:
    """Write that a provider subscription was ended by us."""
    found = find(db, account_id, provider_id)
    if found is None:
        return
    subscription = lock.one(db, Subscription, found)
    if subscription.ended_at is None and subscription.provider_id == provider_id:
        before = subscription.shown_status
        plan_states.finish(subscription, reason=reason, at=now)
        plan_states.tell(db, subscription, before, cause="act", now=now)


def end_at_provider(db: Session, subscription: Subscription, *, now: datetime) -> None:
    """Ask for the end of the provider subscription of a plan that is over here."""
    acts.end_subscription(db, subscription, reason=subscription.end_reason or "canceled", now=now)


def end_with_period(db: Session, subscription: Subscription, *, cause: str, now: datetime) -> None:
    """Write that a plan was canceled: it runs on until what is paid for is over. The caller holds
    its lock."""
    if subscription.ended_at is not None:
        return
    before = subscription.shown_status
    subscription.version += 1
    subscription.canceled_at = subscription.canceled_at or now
    subscription.end_reason = "canceled"
    until = subscription.period_end
    if until is None or now >= until:
        plan_states.finish(subscription, reason="canceled", at=now)
    else:
        subscription.status = "canceling"
        subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)
    plan_states.tell(db, subscription, before, cause=cause, now=now)


def go_on(
    db: Session,
    subscription: Subscription,
    state: SubscriptionState,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Write that a plan that was to end goes on, as the provider's subscription `state`. The caller
    holds its lock."""
    if subscription.ended_at is not None:
        return
    before = subscription.shown_status
    subscription.version += 1
    subscription.canceled_at = subscription.cancel_reason = subscription.end_reason = None
    is_on_trial = subscription.trial_end is not None and now < subscription.trial_end
    subscription.status = "trialing" if is_on_trial else "active"
    if state.period_start is None and subscription.period_end is not None:
        # Another provider subscription charges from that date on, and counts from it.
        subscription.anchor_at = subscription.period_end
    attach(subscription, state, now=now)
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)
    plan_states.tell(db, subscription, before, cause=cause, now=now)


def _others(
    provider: Provider, state: SubscriptionState, extra: Collection[str]
) -> list[PaymentState]:
    known = {payment.provider_id for payment in state.payments}
    return [provider.fetch_payment(name) for name in sorted(extra) if name not in known]


def _await_provider(db: Session, site: Site, subscription_id: int, *, cause: str) -> bool:
    """The provider has not begun it yet; what was paid for ends with its period all the same."""
    now = site.clock.now()
    row = lock.one(db, Subscription, subscription_id)
    before = row.shown_status
    if row.provider_id is None and row.is_running and row.period_end and now > row.period_end:
        row.version += 1
        if row.canceled_at is not None:
            plan_states.finish(row, reason="canceled", at=row.period_end)
        else:
            row.status = "past_due"
        plan_states.tell(db, row, before, cause=cause, now=now)
    if row.ended_at is None:
        row.next_check_at = now + timedelta(days=1)
    db.commit()
    return False


def _apply(
    db: Session,
    site: Site,
    subscription_id: int,
    version: int,
    state: SubscriptionState,
    parts: Parts,
    *,
    cause: str,
) -> bool:
    now = site.clock.now()
    row = lock.one(db, Subscription, subscription_id)
    if row.version != version:
        db.rollback()
        return False
    before, was_overdue = row.shown_status, row.overdue_since is not None
    change = plan_switches.on_its_way(db, row.id)
    row.version += 1
    if change is not None and state.period_start is not None:
        plan_switches.take_effect(db, row, now=now, period_start=state.period_start)
        change = plan_switches.on_its_way(db, row.id)
    if change is None:
        plan_mirrors.figures(db, site, row, state, cause=cause, now=now)
    attach(row, state, now=now)
    recorded = plan_payments.take(
        db, site, row, state.payments, parts, cause=cause, now=now, invoiced=state.invoices
    )
    if state.method:
        method = payment_methods.record(db, state.method, row, cause=cause, now=now)
        row.payment_method_id = method.id if method else row.payment_method_id
    if any(payment.is_paid for payment, *_ in recorded):
        row.settling_until = None
    plan_mirrors.bills(db, row, state.invoices, cause=cause, now=now)
    if row.ended_at is not None and row.end_reason == "provider" and _asked_to_end(db, row):
        row.end_reason = "canceled"
    plan_payments.settle(
        db,
        site,
        row,
        before,
        was_overdue=was_overdue,
        cause=cause,
        now=now,
        action_url=plan_mirrors.action_url(state),
    )
    db.commit()
    return True


def _asked_to_end(db: Session, subscription: Subscription) -> bool:
    asked = select(Act.id).where(
        Act.subscription_id == subscription.id, Act.kind == "cancel_subscription"
    )
    return db.scalars(asked.limit(1)).first() is not None

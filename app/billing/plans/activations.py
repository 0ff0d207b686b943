"""Activations: a plan begun by the checkout that was paid for it, or undone with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.plans import periods, plan_payments, plan_states, subscriptions, trials
from app.billing.site import Site
from app.billing.truth import acts, deadlines
from app.models import CheckoutSession, Payment, PaymentMethod, Price, Subscription
from app.providers.base import CheckoutState, SubscriptionState


def begin(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    method: PaymentMethod | None,
    paid: list[Payment],
    *,
    cause: str,
    now: datetime,
    is_settling: bool = False,
) -> Subscription:
    """Write the plan a checkout paid for, or whose payment is on its way (`is_settling`: access
    meanwhile is the app's choice, and ends with the method's deadline)."""
    known = subscriptions.lock_of(db, checkout)
    # One that was kept from running beside another was not shown as running.
    before = known.shown_status if known and not known.is_duplicate else None
    subscription = known or _new(db, checkout, now=now)
    subscription.version += 1
    subscription.is_duplicate = False
    if method:
        subscription.payment_method_id = method.id
    if state.subscription:
        subscriptions.attach(subscription, state.subscription, now=now)
        # Its invoices lie deeper than the checkout's answer.
        subscription.next_check_at = now
    else:
        _pay_first_period(site, subscription, checkout, state, paid, now=now)
    if not is_settling:
        subscription.settling_until = None
    elif known is None:
        subscription.settling_until = now + deadlines.SETTLING
    plan_payments.wait_for_money(db, subscription, now=now)
    db.flush()
    # What only verified the method for a trial pays for no period.
    for payment in [] if trials.is_verification(checkout) else paid:
        payment.subscription_id = payment.subscription_id or subscription.id
    plan_states.tell(db, subscription, before, cause=cause, now=now)
    return subscription


def record_duplicate(
    db: Session, checkout: CheckoutSession, state: SubscriptionState, *, now: datetime
) -> None:
    """Keep a plan that must not run beside another one: on record, outside the promise."""
    subscription = subscriptions.lock_of(db, checkout) or _new(db, checkout, now=now)
    subscription.version += 1
    subscription.is_duplicate = True
    subscription.settling_until = None
    subscriptions.attach(subscription, state, now=now)
    db.flush()


def abandon(db: Session, checkout: CheckoutSession, *, cause: str, now: datetime) -> None:
    """End the plan of a checkout whose payment failed in the end, here and at the provider."""
    subscription = subscriptions.lock_of(db, checkout)
    if subscription is None or subscription.ended_at is not None:
        return
    before = subscription.shown_status
    plan_states.finish(subscription, reason="not_paid", at=now)
    acts.end_subscription(db, subscription, reason="not_paid", now=now)
    plan_states.tell(db, subscription, before, cause=cause, now=now)


def _pay_first_period(
    site: Site,
    subscription: Subscription,
    checkout: CheckoutSession,
    state: CheckoutState,
    paid: list[Payment],
    *,
    now: datetime,
) -> None:
    start = checkout.paid_at or now
    subscription.customer_provider_id = state.customer_id
    capabilities = site.capabilities(checkout.provider_account.provider)
    if not trials.begin(subscription, checkout, capabilities, start=start):
        interval = subscription.price.interval
        assert interval is not None
        subscription.status = "active"
        subscription.period_start = start
        # The provider's dates count from its first charge: a 31st that fell on a 30th stays there.
        subscription.anchor_at = subscription.period_end = periods.after(start, interval)
        for payment in paid:
            payment.period_start = subscription.period_start
            payment.period_end = subscription.period_end
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)


def _new(db: Session, checkout: CheckoutSession, *, now: datetime) -> Subscription:
    assert checkout.price_id is not None and checkout.family is not None
    assert checkout.tenant_id is not None
    cost = trials.per_period(checkout)
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
        net=cost.net,
        tax=cost.tax,
        total=cost.total,
        tax_rule=checkout.tax_rule,
        tax_percentage=checkout.tax_percentage,
        started_at=now,
        anchor_at=checkout.paid_at or now,
    )
    db.add(subscription)
    return subscription

"""Activations: a plan begun by the checkout that was paid for it, or undone with it."""

from __future__ import annotations

from datetime import datetime

from app.billing.plans import periods, plan_payments, plan_states, subscriptions, trials
from app.billing.truth import acts, deadlines
from app.billing.truth.findings import Finding
from app.models import CheckoutSession, Price, Subscription
from app.providers.base import SubscriptionState


def begin(finding: Finding, *, is_settling: bool = False) -> Subscription:
    """Write the plan a checkout paid for, or whose payment is on its way (`is_settling`: access
    meanwhile is the app's choice, and ends with the method's deadline)."""
    db, checkout, state, now = finding.db, finding.checkout, finding.state, finding.now
    known = finding.plan
    # One that was kept from running beside another was not shown as running.
    before = known.shown_status if known and not known.is_duplicate else None
    plan = _plan(finding)
    plan.version += 1
    plan.is_duplicate = False
    if finding.method:
        plan.payment_method_id = finding.method.id
    if state.subscription:
        subscriptions.attach(plan, state.subscription, now=now)
        # Its invoices lie deeper than the checkout's answer.
        plan.next_check_at = now
    else:
        _pay_first_period(finding, plan)
    if not is_settling:
        plan.settling_until = None
    elif known is None:
        plan.settling_until = now + deadlines.SETTLING
    plan_payments.wait_for_money(db, plan, now=now)
    db.flush()
    # What only verified the method for a trial, or is on its way, pays for no period.
    if not (is_settling or trials.is_verification(checkout)):
        for payment in finding.paid:
            payment.subscription_id = payment.subscription_id or plan.id
    plan_states.tell(db, plan, before, cause=finding.cause, now=now)
    return plan


def record_duplicate(finding: Finding, state: SubscriptionState) -> None:
    """Keep a plan that must not run beside another one: on record, outside the promise."""
    plan = _plan(finding)
    plan.version += 1
    plan.is_duplicate = True
    plan.settling_until = None
    subscriptions.attach(plan, state, now=finding.now)
    finding.db.flush()


def abandon(finding: Finding) -> None:
    """End the plan of a checkout whose payment failed in the end, here and at the provider."""
    db, plan, now = finding.db, finding.plan, finding.now
    if plan is None or plan.ended_at is not None:
        return
    before = plan.shown_status
    plan_states.finish(plan, reason="not_paid", at=now)
    acts.end_subscription(db, plan, reason="not_paid", now=now)
    plan_states.tell(db, plan, before, cause=finding.cause, now=now)


def _pay_first_period(finding: Finding, plan: Subscription) -> None:
    checkout, now = finding.checkout, finding.now
    start = checkout.paid_at or now
    plan.customer_provider_id = finding.state.customer_id
    if not trials.begin(plan, checkout, finding.capabilities, start=start):
        interval = finding.db.get_one(Price, plan.price_id).interval
        assert interval is not None
        plan.status = "active"
        plan.period_start = start
        # The provider's dates count from its first charge: a 31st that fell on a 30th stays there.
        plan.anchor_at = plan.period_end = periods.after(start, interval)
        for payment in finding.paid:
            payment.period_start = plan.period_start
            payment.period_end = plan.period_end
    plan.next_check_at = deadlines.next_look_at_subscription(plan, now=now)


def _plan(finding: Finding) -> Subscription:
    if finding.plan is None:
        finding.plan = _new(finding.checkout, now=finding.now)
        finding.db.add(finding.plan)
    return finding.plan


def _new(checkout: CheckoutSession, *, now: datetime) -> Subscription:
    assert checkout.price_id is not None and checkout.family is not None
    assert checkout.tenant_id is not None
    cost = trials.per_period(checkout)
    return Subscription(
        app_id=checkout.app_id,
        tenant_id=checkout.tenant_id,
        provider_account_id=checkout.provider_account_id,
        checkout_id=checkout.id,
        price_id=checkout.price_id,
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

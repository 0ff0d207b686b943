"""What a provider that keeps periods, quantities and invoices says of a plan, written as it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing.invoicing import invoices
from app.billing.mail import notices
from app.billing.plans import plan_figures, plan_states, plan_switches
from app.billing.site import Site
from app.billing.truth import deadlines
from app.models import Payment, Price, ProviderPrice, Subscription
from app.providers.base import InvoiceState, SubscriptionState

# Built once: every look at a plan asks it.
_PRICE_OF = select(ProviderPrice.price_id).where(
    ProviderPrice.provider_account_id == bindparam("account_id"),
    ProviderPrice.provider_id == bindparam("provider_id"),
)


def status(subscription: Subscription, state: SubscriptionState, *, now: datetime) -> None:
    """Write status, period and ends."""
    subscription.period_start = state.period_start
    subscription.period_end = state.period_end or subscription.period_end
    subscription.trial_end = state.trial_end
    subscription.canceled_at = state.canceled_at
    subscription.credit = state.credit.minor if state.credit else 0
    if state.status == "canceled":
        reason = "not_paid" if state.ended_by == "not_paid" else "provider"
        plan_states.finish(subscription, reason=reason, at=state.ended_at or now)
        return
    if subscription.end_reason == "provider" or not state.is_canceling:
        subscription.end_reason = None
    is_canceling = state.is_canceling and state.status in ("active", "trialing")
    subscription.status = "canceling" if is_canceling else state.status
    _overdue(subscription, state)
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)


def figures(
    db: Session,
    site: Site,
    subscription: Subscription,
    state: SubscriptionState,
    *,
    cause: str,
    now: datetime,
) -> None:
    """What somebody changed at the provider itself counts here too; the caller has made sure that
    no change of ours is on its way. Where the provider keeps no quantity, its amount is what
    changed."""
    if state.period_start is not None:
        price_row = _price_of(db, subscription, state)
        if (price_row, state.quantity) == (subscription.price_id, subscription.quantity):
            return
        price = db.get_one(Price, price_row)
        costs = plan_figures.per_period(site, subscription, price, state.quantity)
        costs_now = (costs.net.minor, costs.tax.minor, costs.total.minor)
        quantity = state.quantity
    elif state.total is None or state.total in (None, subscription.renewal):
        return
    else:
        price, quantity = subscription.price, subscription.quantity
        costs_now = plan_figures.split(subscription, state.total)
    plan_switches.mirror(db, subscription, price, quantity, costs_now, cause=cause, now=now)


def bills(
    db: Session,
    subscription: Subscription,
    told: Collection[InvoiceState],
    *,
    cause: str,
    now: datetime,
) -> None:
    """Mirror the provider's invoices, oldest first; a paid one is final and told of once."""
    for invoice in invoices.mirror(db, subscription, told, now=now):
        if invoice.status == "paid" and not subscription.is_duplicate:
            payment = db.get(Payment, invoice.payment_id) if invoice.payment_id else None
            notices.paid(db, invoice, payment, subscription, cause=cause, now=now)


def action_url(state: SubscriptionState) -> str | None:
    """Answer the provider's page on which an open invoice can be paid or confirmed."""
    unpaid = [bill.hosted_url for bill in state.invoices if bill.status == "open"]
    return unpaid[-1] if unpaid else None


def _overdue(subscription: Subscription, state: SubscriptionState) -> None:
    is_overdue = state.status in ("past_due", "unpaid")
    unpaid = [bill for bill in state.invoices if bill.status == "open"] if is_overdue else []
    subscription.pay_by = None
    if not is_overdue:
        subscription.overdue_since = subscription.next_retry_at = None
    elif unpaid:
        subscription.overdue_since = unpaid[-1].created_at
        subscription.next_retry_at = unpaid[-1].next_attempt_at


def _price_of(db: Session, subscription: Subscription, state: SubscriptionState) -> int:
    """The price the provider charges by, where we know it; an inline one is the plan's own."""
    asked = {
        "account_id": subscription.provider_account_id,
        "provider_id": state.provider_price_id,
    }
    found = db.connection().execute(_PRICE_OF, asked).first()
    return found.price_id if found else subscription.price_id

"""Payments of a plan: what arrived, failed or went back, and what that makes of the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.invoicing import invoices
from app.billing.mail import notices
from app.billing.plans import chargebacks, dunning, plan_states, plan_switches, refunds, renewals
from app.billing.plans.refunds import Parts
from app.billing.site import Site
from app.billing.truth import deadlines, payments
from app.billing.truth.payments import Recorded
from app.models import App, Payment, ProviderAccount, Subscription
from app.money import Money
from app.providers.base import InvoiceState, PaymentState


def take(
    db: Session,
    site: Site,
    subscription: Subscription,
    states: Iterable[PaymentState],
    parts: Parts,
    *,
    cause: str,
    now: datetime,
    invoiced: Collection[InvoiceState] = (),
) -> list[Recorded]:
    """Write payments of a plan, oldest first, with the periods they are for, their refunds and
    chargebacks, and our invoices for those that arrived. The caller holds the plan's lock."""
    told = sorted(states, key=lambda state: state.created_at)
    recorded = payments.record_all(db, told, subscription)
    bills = {bill.provider_id: bill for bill in invoiced}
    counts = _counts_by_dates(db, site, subscription)
    for payment, state, *_ in recorded:
        if counts:
            begun = state.created_at
            plan_switches.take_effect(
                db, subscription, now=begun + renewals.EARLY, charged_at=begun
            )
            renewals.assign(db, subscription, payment, state)
        elif state.invoice_id in bills and payment.period_start is None:
            bill = bills[state.invoice_id]
            payment.period_start, payment.period_end = bill.period_start, bill.period_end
    for payment, state, is_newly_paid, is_newly_charged_back in recorded:
        if counts and is_newly_paid:
            _bill(db, site, subscription, payment, cause=cause, now=now)
        if state.provider_id in parts:
            refunds.record(db, payment, parts[state.provider_id], cause=cause, now=now)
        if is_newly_charged_back:
            chargebacks.apply(db, subscription, payment, cause=cause, now=now)
    return recorded


def settle(
    db: Session,
    site: Site,
    subscription: Subscription,
    before: str | None,
    *,
    was_overdue: bool,
    cause: str,
    now: datetime,
    action_url: str | None = None,
) -> None:
    """Work out what a plan's payments make of it, ask for what follows, tell who has to know, and
    write when to look next. The caller holds the plan's lock and has written its payments."""
    if _counts_by_dates(db, site, subscription):
        plan_switches.take_effect(db, subscription, now=now)
        renewals.judge(db, subscription, now=now)
    wait_for_money(db, subscription, now=now)
    if subscription.overdue_since is not None and not was_overdue:
        _tell_overdue(db, subscription, action_url, cause=cause, now=now)
    plan_states.tell(db, subscription, before, cause=cause, now=now)
    shown = subscription.shown_status
    dunning.follow(db, site, subscription, now=now)
    plan_states.tell(db, subscription, shown, cause="clock", now=now)
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=now)


def wait_for_money(db: Session, subscription: Subscription, *, now: datetime) -> None:
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


def _bill(
    db: Session,
    site: Site,
    subscription: Subscription,
    payment: Payment,
    *,
    cause: str,
    now: datetime,
) -> None:
    invoice = invoices.issue(db, site, payment, subscription, None, now=now)
    if invoice is not None:
        notices.paid(db, invoice, payment, subscription, cause=cause, now=now)


def _tell_overdue(
    db: Session,
    subscription: Subscription,
    action_url: str | None,
    *,
    cause: str,
    now: datetime,
) -> None:
    latest = db.scalars(
        select(Payment)
        .where(
            Payment.subscription_id == subscription.id,
            Payment.status.in_(("failed", "action_needed")),
        )
        .order_by(Payment.attempted_at.desc(), Payment.id.desc())
        .limit(1)
    ).first()
    amount = latest.total if latest else Money(subscription.total, subscription.currency)
    notices.overdue(db, subscription, latest, amount, action_url=action_url, cause=cause, now=now)


def _counts_by_dates(db: Session, site: Site, subscription: Subscription) -> bool:
    account = db.get_one(ProviderAccount, subscription.provider_account_id)
    return not site.capabilities(account.provider).own_retries

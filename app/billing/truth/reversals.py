"""Reversals: money of a checkout that goes back, by us, by the provider, or by the payer's bank."""

from __future__ import annotations

from app.billing.mail import notices
from app.billing.plans import chargebacks, plan_states, refunds
from app.billing.purchase import transitions
from app.billing.truth import acts, deadlines, payments
from app.billing.truth.findings import Finding
from app.models import Payment


def follow(finding: Finding) -> None:
    """Write what went back of the payments, and when to look next."""
    db, checkout, cause, now = finding.db, finding.checkout, finding.cause, finding.now
    for payment, told, _, is_newly_charged_back in finding.recorded:
        if told.provider_id in finding.parts:
            parts = finding.parts[told.provider_id]
            refunds.record(db, payment, parts, cause=cause, now=now)
        if is_newly_charged_back:
            _take_back(finding, payment)
    checkout.next_check_at = deadlines.next_look(checkout, now=now)
    if checkout.next_check_at is None and refunds.are_pending(db, finding.attempts):
        checkout.next_check_at = refunds.next_look(now=now)


def unwind(finding: Finding) -> None:
    """Ask for all that was paid to go back and for what was begun to end; the checkout is refunded
    once both are done."""
    db, checkout, now = finding.db, finding.checkout, finding.now
    if checkout.state != "needs_review":
        return
    attempts = finding.attempts
    for payment in attempts:
        acts.refund(db, checkout, payment, reason="review", now=now)
    begun = finding.state.subscription
    runs = begun is not None and begun.status != "canceled"
    if begun is not None and runs:
        acts.cancel_subscription(db, checkout, begun, now=now, reason="review")
    is_on_its_way = any(attempt.status in payments.UNDECIDED for attempt in attempts)
    if not (runs or is_on_its_way or any(attempt.remaining for attempt in attempts)):
        transitions.move(db, checkout, "refunded", cause=finding.cause, now=now)


def _take_back(finding: Finding, payment: Payment) -> None:
    db, plan, cause, now = finding.db, finding.plan, finding.cause, finding.now
    if plan is None:
        notices.charged_back(db, payment, finding.checkout, is_over=False, cause=cause, now=now)
        return
    before = plan.shown_status
    plan.version += 1
    chargebacks.apply(db, plan, payment, cause=cause, now=now)
    plan_states.tell(db, plan, before, cause=cause, now=now)

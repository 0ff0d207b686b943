"""Grants: what was bought is given, once it is paid for."""

from __future__ import annotations

from app.billing.invoicing import invoices
from app.billing.mail import notices
from app.billing.methods import method_acts, payment_methods
from app.billing.plans import activations, trials
from app.billing.purchase import transitions
from app.billing.truth import acts, deadlines, rivals
from app.billing.truth.findings import Finding
from app.models import Subscription


def give(finding: Finding) -> None:
    """Give what was bought, and have other pages closed on which it could be paid again."""
    if finding.checkout.mode == "setup":
        _save_method(finding)
    elif finding.checkout.mode == "subscription":
        _activate(finding)
    else:
        _complete(finding)
        _bill(finding, None)
    rivals.close(finding)


def _save_method(finding: Finding) -> None:
    db, checkout, method = finding.db, finding.checkout, finding.method
    if method is None or not method.is_usable:
        _await_mandate(finding)
        return
    method_acts.use_new(db, finding.site, checkout, method, now=finding.now)
    _complete(finding)


def _activate(finding: Finding) -> None:
    db, checkout, state, method = finding.db, finding.checkout, finding.state, finding.method
    if state.subscription is None and (method is None or not method.is_usable):
        _await_mandate(finding)
        return
    if method:
        payment_methods.make_default(db, method)
    # What the provider bills for a plan is known with the first look at the plan, not before.
    is_billed = finding.plan is not None or not finding.capabilities.hosted_invoices
    plan = activations.begin(finding)
    if plan.provider_id is None:
        acts.begin_subscription(db, finding.site, checkout, plan, state, now=finding.now)
    _complete(finding)
    if is_billed and not trials.is_verification(checkout):
        _bill(finding, plan)


def _complete(finding: Finding) -> None:
    transitions.move(finding.db, finding.checkout, "complete", cause=finding.cause, now=finding.now)


def _bill(finding: Finding, plan: Subscription | None) -> None:
    db, checkout, cause, now = finding.db, finding.checkout, finding.cause, finding.now
    for payment in finding.paid:
        invoice = invoices.issue(db, finding.site, payment, plan, checkout, now=now)
        if invoice is not None:
            notices.paid(db, invoice, payment, plan or checkout, cause=cause, now=now)


def _await_mandate(finding: Finding) -> None:
    """The money is there and the mandate is not: wait for it, then let a person decide."""
    db, checkout, cause, now = finding.db, finding.checkout, finding.cause, finding.now
    since = checkout.paid_at or now
    if now - since > deadlines.MANDATE:
        transitions.move(db, checkout, "needs_review", cause=cause, now=now, reason="mandate")
    else:
        transitions.move(db, checkout, "processing", cause=cause, now=now)

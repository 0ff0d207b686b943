"""Applies a provider's truth to a checkout: once, under its lock, whatever came before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.operations import obstacles
from app.billing.plans import activations, subscriptions, trials
from app.billing.plans.refunds import Parts
from app.billing.purchase import transitions
from app.billing.site import Site
from app.billing.truth import acts, doubts, findings, grants, reversals, rivals
from app.billing.truth.findings import Finding
from app.models import CheckoutSession, Payment
from app.models.checkout_session import PENDING, SETTLED
from app.providers.base import CheckoutState

_ENDED = {"failed": "not_charged", "canceled": "canceled", "expired": "expired"}


def apply(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    parts: Parts,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Write what the provider says and what follows from it; the caller holds the row's lock and
    commits. `parts` are the refunds of its payments. What has to be done at the provider is left as
    acts."""
    finding = findings.write(db, site, checkout, state, parts, cause=cause, now=now)
    if state.status == "complete":
        _complete(finding)
    elif state.status == "processing":
        _process(finding)
    elif state.status in _ENDED:
        _end(finding)
    elif checkout.state == "starting":
        _move(finding, "open")
    if checkout.verdict == "given_back":
        reversals.unwind(finding)
    reversals.follow(finding)


def grant(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    parts: Parts,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Give what was paid for although it was in doubt, as a person decided; the caller holds the
    row's lock and commits.

    Raises Conflict, saying why, where it cannot be given: the money is not there or goes back,
    another plan runs, or the plan could not be charged again.
    """
    finding = findings.write(db, site, checkout, state, parts, cause=cause, now=now)
    obstacles.require_none(db, checkout, state, finding.method, finding.paid)
    _note_paid(finding)
    grants.give(finding)
    reversals.follow(finding)


def give_back(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    parts: Parts,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Ask for all that was paid to go back and for what was begun to end, as a person decided; the
    checkout is refunded once both are done. The caller holds the row's lock and commits."""
    finding = findings.write(db, site, checkout, state, parts, cause=cause, now=now)
    reversals.unwind(finding)
    reversals.follow(finding)


def _complete(finding: Finding) -> None:
    _note_paid(finding)
    if finding.checkout.state in SETTLED:
        return
    doubt = doubts.why(finding)
    if doubt:
        _review(finding, finding.paid, doubt)
        rivals.close(finding)
    else:
        grants.give(finding)


def _note_paid(finding: Finding) -> None:
    checkout, paid, now = finding.checkout, finding.paid, finding.now
    if paid and checkout.paid_at is None:
        checkout.paid_at = min(attempt.paid_at or now for attempt in paid)
    if trials.is_verification(checkout):
        # It bought nothing, whatever becomes of the method.
        for payment in paid:
            acts.refund(finding.db, checkout, payment, reason="verification", now=now)


def _review(finding: Finding, paid: list[Payment], doubt: str) -> None:
    db, checkout, now = finding.db, finding.checkout, finding.now
    begun = finding.state.subscription
    _move(finding, "needs_review", reason=doubt)
    if begun:
        activations.record_duplicate(finding, begun)
    if doubt in ("duplicate", "trial"):
        if begun:
            acts.cancel_subscription(db, checkout, begun, now=now)
        for payment in paid:
            acts.refund(db, checkout, payment, reason="duplicate", now=now)


def _process(finding: Finding) -> None:
    if finding.checkout.is_over:
        _move(finding, "needs_review", reason="late")
    elif finding.checkout.state in PENDING:
        _move(finding, "processing")
        if finding.state.subscription and _may_begin(finding):
            activations.begin(finding, is_settling=True)
        rivals.close(finding)


def _may_begin(finding: Finding) -> bool:
    checkout = finding.checkout
    return doubts.is_accepted(checkout, finding.state) and not subscriptions.running_beside(
        finding.db, checkout
    )


def _end(finding: Finding) -> None:
    checkout = finding.checkout
    moved = [attempt for attempt in finding.attempts if attempt.remaining]
    if moved and checkout.state not in SETTLED:
        _review(finding, moved, "late")
    elif checkout.state in PENDING:
        # Once the payer was done, an end of any name means that nothing will be charged.
        over = checkout.state == "processing"
        _move(finding, "not_charged" if over else _ENDED[finding.state.status])
        activations.abandon(finding)


def _move(finding: Finding, state: str, *, reason: str | None = None) -> None:
    transitions.move(
        finding.db, finding.checkout, state, cause=finding.cause, now=finding.now, reason=reason
    )

"""Applies a provider's truth to a checkout: once, under its lock, whatever came before."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.billing.invoicing import invoices
from app.billing.mail import notices
from app.billing.methods import method_acts, payment_methods
from app.billing.operations import obstacles
from app.billing.plans import activations, chargebacks, plan_states, refunds, subscriptions, trials
from app.billing.plans.refunds import Parts
from app.billing.purchase import transitions
from app.billing.site import Site
from app.billing.truth import acts, deadlines, payments
from app.billing.truth.payments import Recorded
from app.db import lock
from app.models import CheckoutSession, Payment, PaymentMethod, Subscription, Tenant
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
    recorded, method = _record(db, checkout, state, cause=cause, now=now)
    attempts = [payment for payment, *_ in recorded]
    if state.status == "complete":
        _complete(db, site, checkout, state, attempts, method, cause=cause, now=now)
    elif state.status == "processing":
        _process(db, site, checkout, state, method, cause=cause, now=now)
    elif state.status in _ENDED:
        _end(db, site, checkout, state, attempts, cause=cause, now=now)
    elif checkout.state == "starting":
        transitions.move(db, checkout, "open", cause=cause, now=now)
    if checkout.verdict == "given_back":
        _unwind(db, checkout, state, attempts, cause=cause, now=now)
    _follow_money(db, checkout, recorded, parts, cause=cause, now=now)


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
    recorded, method = _record(db, checkout, state, cause=cause, now=now)
    paid = [payment for payment, *_ in recorded if payment.is_paid]
    obstacles.require_none(db, checkout, state, method, paid)
    _note_paid(db, checkout, paid, now=now)
    _give(db, site, checkout, state, method, paid, cause=cause, now=now)
    _follow_money(db, checkout, recorded, parts, cause=cause, now=now)


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
    recorded, _ = _record(db, checkout, state, cause=cause, now=now)
    attempts = [payment for payment, *_ in recorded]
    _unwind(db, checkout, state, attempts, cause=cause, now=now)
    _follow_money(db, checkout, recorded, parts, cause=cause, now=now)


def _record(
    db: Session, checkout: CheckoutSession, state: CheckoutState, *, cause: str, now: datetime
) -> tuple[list[Recorded], PaymentMethod | None]:
    """Write what the provider says, whatever is made of it."""
    checkout.version += 1
    checkout.checked_at = now
    # A look at the plan locks it before its payments; the same order here, or both could wait.
    subscriptions.lock_of(db, checkout)
    recorded = payments.record_all(db, state.payments, checkout)
    # A one-time payment leaves nothing on file: the provider is not asked to keep its method.
    kept = state.method if checkout.mode != "payment" else None
    method = payment_methods.record(db, kept, checkout, cause=cause, now=now) if kept else None
    _remember(checkout, state, [payment for payment, *_ in recorded])
    db.flush()
    return recorded, method


def _follow_money(
    db: Session,
    checkout: CheckoutSession,
    recorded: list[Recorded],
    parts: Parts,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Write what went back of the payments, and when to look next."""
    attempts = [payment for payment, *_ in recorded]
    for payment, told, _, is_newly_charged_back in recorded:
        if told.provider_id in parts:
            refunds.record(db, payment, parts[told.provider_id], cause=cause, now=now)
        if is_newly_charged_back:
            _take_back(db, checkout, payment, cause=cause, now=now)
    checkout.next_check_at = deadlines.next_look(checkout, now=now)
    if checkout.next_check_at is None and refunds.are_pending(db, attempts):
        checkout.next_check_at = refunds.next_look(now=now)


def _take_back(
    db: Session, checkout: CheckoutSession, payment: Payment, *, cause: str, now: datetime
) -> None:
    plan = subscriptions.lock_of(db, checkout)
    if plan is not None:
        before = plan.shown_status
        plan.version += 1
        chargebacks.apply(db, plan, payment, cause=cause, now=now)
        plan_states.tell(db, plan, before, cause=cause, now=now)
    else:
        notices.charged_back(db, payment, checkout, is_over=False, cause=cause, now=now)


def _remember(checkout: CheckoutSession, state: CheckoutState, attempts: list[Payment]) -> None:
    checkout.provider_id = state.provider_id
    checkout.url = state.url or checkout.url
    checkout.expires_at = checkout.deadline or state.expires_at or checkout.expires_at
    declines = [attempt.decline for attempt in attempts if attempt.decline]
    checkout.decline = declines[-1] if declines else None
    # What was entered is final once it is paid, and stays away where it was deleted since.
    if state.collected and checkout.state not in SETTLED:
        entered = {name: value for name, value in (checkout.collected or {}).items() if value}
        checkout.collected = asdict(state.collected) | entered


def _complete(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    attempts: list[Payment],
    method: PaymentMethod | None,
    *,
    cause: str,
    now: datetime,
) -> None:
    paid = [attempt for attempt in attempts if attempt.is_paid]
    _note_paid(db, checkout, paid, now=now)
    if checkout.state in ("complete", "needs_review", "refunded"):
        return
    doubt = _doubt(db, checkout, state)
    if doubt:
        _review(db, site, checkout, state, paid, doubt, cause=cause, now=now)
        _close_siblings(db, checkout, now=now)
    else:
        _give(db, site, checkout, state, method, paid, cause=cause, now=now)


def _note_paid(
    db: Session, checkout: CheckoutSession, paid: list[Payment], *, now: datetime
) -> None:
    if paid and checkout.paid_at is None:
        checkout.paid_at = min(attempt.paid_at or now for attempt in paid)
    if trials.is_verification(checkout):
        # It bought nothing, whatever becomes of the method.
        for payment in paid:
            acts.refund(db, checkout, payment, reason="verification", now=now)


def _give(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    method: PaymentMethod | None,
    paid: list[Payment],
    *,
    cause: str,
    now: datetime,
) -> None:
    """Give what was bought."""
    if checkout.mode == "setup":
        _save_method(db, site, checkout, method, cause=cause, now=now)
    elif checkout.mode == "subscription":
        _activate(db, site, checkout, state, method, paid, cause=cause, now=now)
    else:
        transitions.move(db, checkout, "complete", cause=cause, now=now)
        _bill(db, site, checkout, None, paid, cause=cause, now=now)
    _close_siblings(db, checkout, now=now)


def _unwind(
    db: Session,
    checkout: CheckoutSession,
    state: CheckoutState,
    attempts: list[Payment],
    *,
    cause: str,
    now: datetime,
) -> None:
    if checkout.state != "needs_review":
        return
    for payment in attempts:
        acts.refund(db, checkout, payment, reason="review", now=now)
    runs = state.subscription is not None and state.subscription.status != "canceled"
    if runs:
        assert state.subscription is not None
        acts.cancel_subscription(db, checkout, state.subscription, now=now, reason="review")
    is_on_its_way = any(attempt.status in payments.UNDECIDED for attempt in attempts)
    if not (runs or is_on_its_way or any(attempt.remaining for attempt in attempts)):
        transitions.move(db, checkout, "refunded", cause=cause, now=now)


def _doubt(db: Session, checkout: CheckoutSession, state: CheckoutState) -> str | None:
    """Answer why a person must look before anything is given for the money, or None."""
    if checkout.is_over or _is_late(checkout):
        return "late"
    if checkout.mode == "setup":
        return None
    if not _is_accepted(checkout, state):
        return "amount"
    if checkout.mode == "subscription" and checkout.tenant_id is not None:
        _lock_tenant(db, checkout)
        if subscriptions.running_beside(db, checkout):
            return "duplicate"
        if trials.is_second(db, checkout):
            return "trial"
    if checkout.mode == "payment" and _is_paid_twice(db, checkout):
        return "duplicate"
    return None


def _is_late(checkout: CheckoutSession) -> bool:
    """It was paid after the second its caller chose, on a page the provider had not closed yet; the
    caller has been told that it expired. What a bank settles later was not paid later."""
    if checkout.state != "open" or checkout.deadline is None or checkout.paid_at is None:
        return False
    return checkout.paid_at > checkout.deadline


def _is_accepted(checkout: CheckoutSession, state: CheckoutState) -> bool:
    """The provider's total is what the payer accepted, and so is what it will charge after a
    trial."""
    later = state.subscription.total if checkout.trial_days and state.subscription else None
    return state.total in (None, checkout.due_today) and later in (None, checkout.renewal)


def _lock_tenant(db: Session, checkout: CheckoutSession) -> None:
    """Two payments of one tenant may end at the same moment: one is judged after the other."""
    assert checkout.tenant_id is not None
    lock.one(db, Tenant, checkout.tenant_id)


def _is_paid_twice(db: Session, checkout: CheckoutSession) -> bool:
    """Of the orders that took each other's place another one was paid too."""
    if checkout.slot is None and checkout.payable is None:
        return False
    _lock_tenant(db, checkout)
    others = _replaced(checkout)
    found = db.scalars(
        select(CheckoutSession.id)
        .where(CheckoutSession.id.in_(others), CheckoutSession.state == "complete")
        .limit(1)
    )
    return found.first() is not None


def _replaced(checkout: CheckoutSession) -> Select[tuple[int]]:
    """The orders whose place a checkout took, or that took its place, however far apart."""
    row = CheckoutSession
    seen = (
        select(row.id, row.superseded_by_id)
        .where(row.id == checkout.id)
        .cte("replaced", recursive=True)
    )
    linked = (row.superseded_by_id == seen.c.id) | (row.id == seen.c.superseded_by_id)
    chain = seen.union(
        select(row.id, row.superseded_by_id).where(row.tenant_id == checkout.tenant_id, linked)
    )
    return select(chain.c.id).where(chain.c.id != checkout.id)


def _review(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    paid: list[Payment],
    doubt: str,
    *,
    cause: str,
    now: datetime,
) -> None:
    transitions.move(db, checkout, "needs_review", cause=cause, now=now, reason=doubt)
    if state.subscription:
        activations.record_duplicate(db, checkout, state.subscription, now=now)
    if doubt in ("duplicate", "trial"):
        if state.subscription:
            acts.cancel_subscription(db, checkout, state.subscription, now=now)
        for payment in paid:
            acts.refund(db, checkout, payment, reason="duplicate", now=now)


def _save_method(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    method: PaymentMethod | None,
    *,
    cause: str,
    now: datetime,
) -> None:
    if method is None or not method.is_usable:
        _await_mandate(db, checkout, cause=cause, now=now)
        return
    method_acts.use_new(db, site, checkout, method, now=now)
    transitions.move(db, checkout, "complete", cause=cause, now=now)


def _activate(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    method: PaymentMethod | None,
    paid: list[Payment],
    *,
    cause: str,
    now: datetime,
) -> None:
    if state.subscription is None and (method is None or not method.is_usable):
        _await_mandate(db, checkout, cause=cause, now=now)
        return
    if method:
        payment_methods.make_default(db, method)
    subscription = activations.begin(db, site, checkout, state, method, paid, cause=cause, now=now)
    if subscription.provider_id is None:
        acts.begin_subscription(db, site, checkout, subscription, state, now=now)
    transitions.move(db, checkout, "complete", cause=cause, now=now)
    if not trials.is_verification(checkout):
        _bill(db, site, checkout, subscription, paid, cause=cause, now=now)


def _bill(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    subscription: Subscription | None,
    paid: list[Payment],
    *,
    cause: str,
    now: datetime,
) -> None:
    for payment in paid:
        invoice = invoices.issue(db, site, payment, subscription, checkout, now=now)
        if invoice is not None:
            subject = subscription or checkout
            notices.paid(db, invoice, payment, subject, cause=cause, now=now)


def _await_mandate(db: Session, checkout: CheckoutSession, *, cause: str, now: datetime) -> None:
    """The money is there and the mandate is not: wait for it, then let a person decide."""
    since = checkout.paid_at or now
    if now - since > deadlines.MANDATE:
        transitions.move(db, checkout, "needs_review", cause=cause, now=now, reason="mandate")
    else:
        transitions.move(db, checkout, "processing", cause=cause, now=now)


def _process(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    method: PaymentMethod | None,
    *,
    cause: str,
    now: datetime,
) -> None:
    if checkout.is_over:
        transitions.move(db, checkout, "needs_review", cause=cause, now=now, reason="late")
    elif checkout.state in PENDING:
        transitions.move(db, checkout, "processing", cause=cause, now=now)
        if state.subscription and _may_begin(db, checkout, state):
            activations.begin(
                db, site, checkout, state, method, [], cause=cause, now=now, is_settling=True
            )
        _close_siblings(db, checkout, now=now)


def _may_begin(db: Session, checkout: CheckoutSession, state: CheckoutState) -> bool:
    return _is_accepted(checkout, state) and not subscriptions.running_beside(db, checkout)


def _end(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    attempts: list[Payment],
    *,
    cause: str,
    now: datetime,
) -> None:
    moved = [attempt for attempt in attempts if attempt.remaining]
    if moved and checkout.state not in ("complete", "needs_review", "refunded"):
        _review(db, site, checkout, state, moved, "late", cause=cause, now=now)
    elif checkout.state in PENDING:
        # Once the payer was done, an end of any name means that nothing will be charged.
        end = "not_charged" if checkout.state == "processing" else _ENDED[state.status]
        transitions.move(db, checkout, end, cause=cause, now=now)
        activations.abandon(db, checkout, cause=cause, now=now)


def _close_siblings(db: Session, checkout: CheckoutSession, *, now: datetime) -> None:
    """Another page on which the same thing could be paid again is closed at the provider."""
    if checkout.tenant_id is None:
        return
    same = (
        CheckoutSession.family == checkout.family
        if checkout.mode == "subscription"
        else CheckoutSession.id.in_(_replaced(checkout))
    )
    siblings = db.scalars(
        select(CheckoutSession).where(
            CheckoutSession.tenant_id == checkout.tenant_id,
            CheckoutSession.livemode == checkout.livemode,
            CheckoutSession.mode == checkout.mode,
            CheckoutSession.state.in_(("starting", "open")),
            CheckoutSession.id != checkout.id,
            same,
        )
    )
    for sibling in siblings:
        acts.expire_checkout(db, sibling, now=now)

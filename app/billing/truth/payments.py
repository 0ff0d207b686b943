"""Payments: each attempt at a provider as it is there now, one row each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing.invoicing import invoice_standings
from app.billing.truth import deadlines
from app.db import once
from app.models import CheckoutSession, Payment, Subscription
from app.providers.base import PaymentState

Subject = CheckoutSession | Subscription

UNDECIDED = ("open", "action_needed", "processing")

# Built once: every look asks them, and building them costs more than running them.
_KNOWN = select(Payment).where(
    Payment.provider_account_id == bindparam("account_id"),
    Payment.provider_id.in_(bindparam("provider_ids", expanding=True)),
)
_WATCHED = select(Payment.provider_id).where(
    Payment.subscription_id == bindparam("subscription_id"),
    Payment.status.in_(UNDECIDED)
    | ((Payment.status == "paid") & (Payment.attempted_at > bindparam("may_go_back_from"))),
)


class Recorded(NamedTuple):
    """An attempt as it was written, and what is new about it."""

    payment: Payment
    state: PaymentState
    is_newly_paid: bool
    is_newly_charged_back: bool


def record_all(db: Session, states: Iterable[PaymentState], subject: Subject) -> list[Recorded]:
    """Write what the provider says of attempts, in the order they come, and answer their rows.

    What a row was first recorded for stays: an attempt is never moved to another purchase. Paid is
    final at a provider, so an answer that knows less is the older one of two that crossed.
    """
    told = list(states)
    if not told:
        return []
    account_id, names = subject.provider_account_id, [state.provider_id for state in told]
    known = _rows(db, account_id, names)
    new = {
        state.provider_id: made
        for state in told
        if state.provider_id not in known and (made := _insert(db, state, subject))
    }
    rows = known | new
    if missed := [name for name in names if name not in rows]:
        # Somebody else wrote them meanwhile.
        rows |= _rows(db, account_id, missed)
    return [
        _write(db, rows[state.provider_id], state, subject, is_new=state.provider_id not in known)
        for state in told
    ]


def record(db: Session, state: PaymentState, subject: Subject) -> Payment:
    """Write what the provider says of one attempt, as `record_all` does."""
    return record_all(db, [state], subject)[0].payment


def watched(db: Session, subscription_id: int, *, now: datetime) -> list[str]:
    """Answer the provider's ids of a plan's attempts of which something may still come: undecided
    ones, and those that may go back. Not all are among the latest of its provider subscription: the
    first payment, a charge that made another one good, and those from before it was resumed."""
    asked = {
        "subscription_id": subscription_id,
        "may_go_back_from": now - deadlines.MAY_GO_BACK,
    }
    return list(db.connection().execute(_WATCHED, asked).scalars())


def _write(
    db: Session, payment: Payment, state: PaymentState, subject: Subject, *, is_new: bool
) -> Recorded:
    if payment.is_paid and state.status != "paid":
        return Recorded(payment, state, False, False)
    was_paid = payment.is_paid and not is_new
    was_charged_back, had_gone_back = bool(payment.charged_back), _has_gone_back(payment)
    payment.status = state.status
    payment.refunded = state.refunded.minor
    payment.charged_back = state.charged_back.minor
    payment.method = state.method or payment.method
    payment.brand = state.brand or payment.brand
    payment.last4 = state.last4 or payment.last4
    payment.decline = state.decline
    payment.paid_at = state.paid_at
    if isinstance(subject, Subscription) and payment.subscription_id is None:
        payment.subscription_id = subject.id
    if had_gone_back or _has_gone_back(payment):
        invoice_standings.follow(db, payment)
    return Recorded(
        payment,
        state,
        payment.is_paid and not was_paid,
        bool(payment.charged_back) and not was_charged_back,
    )


def _has_gone_back(payment: Payment) -> bool:
    return bool(payment.refunded or payment.charged_back)


def _rows(db: Session, account_id: int, provider_ids: list[str]) -> dict[str, Payment]:
    asked = {"account_id": account_id, "provider_ids": provider_ids}
    # What it looks for never changes, so nothing has to be written before it is asked.
    with db.no_autoflush:
        return {payment.provider_id: payment for payment in db.scalars(_KNOWN, asked)}


def _insert(db: Session, state: PaymentState, subject: Subject) -> Payment | None:
    is_checkout = isinstance(subject, CheckoutSession)
    return once.insert_row(
        db,
        Payment,
        {
            "app_id": subject.app_id,
            "tenant_id": subject.tenant_id,
            "provider_account_id": subject.provider_account_id,
            "checkout_id": subject.id if is_checkout else None,
            "subscription_id": None if is_checkout else subject.id,
            "provider_id": state.provider_id,
            "livemode": subject.livemode,
            "status": state.status,
            "amount": state.amount.minor,
            "currency": state.amount.currency,
            "refunded": state.refunded.minor,
            "charged_back": 0,
            "method": state.method,
            "brand": state.brand,
            "last4": state.last4,
            "decline": state.decline,
            "attempted_at": state.created_at,
            "paid_at": state.paid_at,
        },
    )

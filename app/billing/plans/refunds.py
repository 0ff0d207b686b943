"""Refunds: money given back, by us or at the provider, each part its own row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.errors import Conflict, Invalid
from app.billing.invoicing import invoices
from app.billing.mail import notices
from app.billing.purchase import requests
from app.billing.truth import acts
from app.db import once
from app.db.base import table
from app.models import Payment, Refund
from app.money import Money
from app.providers.base import PaymentState, Provider, RefundRequest, RefundState

Parts = Mapping[str, tuple[RefundState, ...]]

_REFUND = table(Refund)


def give(
    db: Session,
    payment: Payment,
    amount: Money,
    *,
    reason: str,
    description: str,
    request_uuid: UUID,
    now: datetime,
    user_id: int | None = None,
) -> int:
    """Ask for a part of a payment, or all that is left of it, to be given back, and answer the act;
    the same `request_uuid` is the same refund. The caller holds the payment's lock.

    Raises Conflict where the payment is not paid, Invalid naming `amount`.
    """
    if not payment.is_paid:
        raise Conflict("Only a payment that arrived can be given back.")
    left = payment.remaining
    if amount.currency != left.currency or not 0 < amount.minor <= left.minor:
        raise Invalid("Choose an amount up to what is left of the payment.", field="amount")
    uuid = uuid4()
    request = RefundRequest(
        uuid=str(uuid), payment_id=payment.provider_id, amount=amount, description=description
    )
    return acts.ask(
        db,
        "refund",
        f"refund:payment:{payment.id}:{request_uuid}",
        account_id=payment.provider_account_id,
        checkout_id=payment.checkout_id,
        subscription_id=payment.subscription_id,
        payment_id=payment.id,
        reason=reason,
        request=requests.dump(request),
        uuid=uuid,
        user_id=user_id,
        now=now,
    )


def fetch(
    db: Session, account_id: int, provider: Provider, states: Iterable[PaymentState]
) -> Parts:
    """Ask the provider for the parts of what went back, where we do not know them to the end.
    Ends the transaction before it asks. Raises `providers.errors.ProviderError`."""
    given_back = {state.provider_id: state.refunded.minor for state in states if state.refunded}
    if not given_back:
        return {}
    known = _known(db, account_id, list(given_back))
    db.commit()
    return {
        payment_id: provider.fetch_refunds(payment_id)
        for payment_id, refunded in given_back.items()
        if known.get(payment_id) != refunded
    }


def record(
    db: Session, payment: Payment, parts: Iterable[RefundState], *, cause: str, now: datetime
) -> None:
    """Write the refunds of a payment as the provider has them; one that has reached the payer gets
    its credit note and is told of, once."""
    for state in parts:
        refund = _row(db, payment, state, now=now)
        has_arrived = state.status == "refunded" and refund.status != "refunded"
        refund.status = state.status
        refund.amount = state.amount.minor
        db.flush()
        if has_arrived:
            note = invoices.credit(db, refund, now=now)
            notices.refunded(db, payment, refund, note, cause=cause, now=now)


def next_look(*, now: datetime) -> datetime:
    """Answer when to look whether a refund on its way has arrived: banks take days (Stripe:
    "Refund and cancel payments"; Mollie: "Refunds")."""
    return now + timedelta(days=1)


def total(db: Session, payment: Payment) -> int:
    """Answer how much of a payment went back or is on its way back, in minor units."""
    asked = select(func.coalesce(func.sum(_REFUND.c.amount), 0)).where(
        _REFUND.c.payment_id == payment.id, _REFUND.c.status != "failed"
    )
    return int(db.scalar(asked) or 0)


def are_pending(db: Session, payments: Iterable[Payment]) -> bool:
    """Some of what was given back is still on its way."""
    ids = [payment.id for payment in payments if payment.refunded]
    if not ids:
        return False
    asked = select(_REFUND.c.id).where(_REFUND.c.payment_id.in_(ids), _REFUND.c.status == "pending")
    return db.scalars(asked.limit(1)).first() is not None


def _known(db: Session, account_id: int, payment_ids: list[str]) -> dict[str, int]:
    """What has arrived of each payment: what is on its way may still fail, and is asked for."""
    rows = db.execute(
        select(Payment.provider_id, func.sum(Refund.amount))
        .join(Refund, Refund.payment_id == Payment.id)
        .where(
            Payment.provider_account_id == account_id,
            Payment.provider_id.in_(payment_ids),
            Refund.status == "refunded",
        )
        .group_by(Payment.provider_id)
    )
    return {payment_id: int(amount) for payment_id, amount in rows}


def _row(db: Session, payment: Payment, state: RefundState, *, now: datetime) -> Refund:
    once.insert(
        db,
        Refund,
        {
            "payment_id": payment.id,
            "provider_account_id": payment.provider_account_id,
            "provider_id": state.provider_id,
            "status": "pending",
            "amount": state.amount.minor,
            "currency": state.amount.currency,
            "reason": _reason(db, state),
            "recorded_at": now,
        },
    )
    return db.scalars(
        select(Refund)
        .where(
            Refund.provider_account_id == payment.provider_account_id,
            Refund.provider_id == state.provider_id,
        )
        .execution_options(populate_existing=True)
    ).one()


def _reason(db: Session, state: RefundState) -> str:
    return acts.reason_of(db, state.uuid) or "provider"

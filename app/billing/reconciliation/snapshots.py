"""Snapshots: what we have on record of a purchase and its plans, to compare before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.billing.reconciliation import differences
from app.billing.reconciliation.differences import Difference, Kind
from app.db.base import Base
from app.models import (
    Act,
    CheckoutSession,
    Invoice,
    Payment,
    PaymentMethod,
    Refund,
    Subscription,
)
from app.money import Money

# What a provider's truth decides. What only says when we looked, or look next, is left out.
_COMPARED: Mapping[type[Base], tuple[Kind, tuple[str, ...]]] = {
    CheckoutSession: ("checkout", ("state", "provider_id", "paid_at", "review")),
    Subscription: (
        "subscription",
        (
            "status",
            "provider_id",
            "quantity",
            "total",
            "credit",
            "period_start",
            "period_end",
            "trial_end",
            "settling_until",
            "overdue_since",
            "canceled_at",
            "ended_at",
            "end_reason",
        ),
    ),
    Payment: (
        "payment",
        ("status", "amount", "refunded", "charged_back", "paid_at", "period_start", "period_end"),
    ),
    Refund: ("refund", ("status", "amount")),
    PaymentMethod: ("payment method", ("status", "is_default", "removed_at")),
    Invoice: ("invoice", ("status", "total", "net", "tax")),
    Act: ("act", ("state",)),
}
_AMOUNTS = ("total", "net", "tax", "amount", "refunded", "charged_back", "credit")


class Scope(NamedTuple):
    """Whose records: of a purchase with its plans, or of a plan nobody here bought."""

    checkout_id: int | None = None
    subscription_id: int | None = None


class Record(NamedTuple):
    """A row as it is compared."""

    kind: Kind
    uuid: str
    provider_id: str | None
    currency: str | None
    values: Mapping[str, object]


Snapshot = Mapping[tuple[str, str], Record]


def take(db: Session, scope: Scope) -> Snapshot:
    """Answer everything on record of a purchase or plan, by what names it at the provider."""
    return {(type(row).__tablename__, _name(row)): _record(row) for row in _rows(db, scope)}


def compare(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Answer what differs: `before` is ours, `after` is what the provider's truth makes of it."""
    found = []
    for name, record in after.items():
        ours = before.get(name)
        changed = [
            column
            for column, value in record.values.items()
            if ours is None or ours.values[column] != value
        ]
        if not changed:
            continue
        found.append(
            differences.of(
                record.kind,
                ours.uuid if ours else None,
                record.provider_id,
                ours=_words(ours, changed) if ours else "none",
                theirs=_words(record, changed),
            )
        )
    return found


def subscriptions_of(db: Session, scope: Scope) -> list[int]:
    """Answer the plans of a purchase, or the plan itself."""
    found = select(Subscription.id).order_by(Subscription.id)
    if scope.checkout_id is not None:
        found = found.where(Subscription.checkout_id == scope.checkout_id)
    else:
        found = found.where(Subscription.id == scope.subscription_id)
    return list(db.scalars(found))


def _rows(db: Session, scope: Scope) -> Iterable[Base]:
    plans = subscriptions_of(db, scope)
    payments = list(db.scalars(select(Payment.id).where(_about(Payment, scope, plans))))
    for model, wanted in (
        (CheckoutSession, CheckoutSession.id == scope.checkout_id),
        (Subscription, Subscription.id.in_(plans)),
        (Payment, Payment.id.in_(payments)),
        (Refund, Refund.payment_id.in_(payments)),
        (PaymentMethod, _methods(db, scope, plans)),
        (Invoice, or_(Invoice.payment_id.in_(payments), _about(Invoice, scope, plans))),
        (Act, _about(Act, scope, plans)),
    ):
        found = select(model).where(wanted).execution_options(populate_existing=True)
        yield from cast(Iterable[Base], db.scalars(found))


def _about(
    model: type[Payment] | type[Invoice] | type[Act], scope: Scope, plans: list[int]
) -> ColumnElement[bool]:
    of_plans = model.subscription_id.in_(plans)
    if scope.checkout_id is None:
        return of_plans
    return or_(model.checkout_id == scope.checkout_id, of_plans)


def _methods(db: Session, scope: Scope, plans: list[int]) -> ColumnElement[bool]:
    used = list(
        db.scalars(select(Subscription.payment_method_id).where(Subscription.id.in_(plans)))
    )
    by_plans = PaymentMethod.id.in_([method for method in used if method is not None])
    if scope.checkout_id is None:
        return by_plans
    return or_(PaymentMethod.checkout_id == scope.checkout_id, by_plans)


def _name(row: Any) -> str:
    if isinstance(row, Act):
        return row.effect
    if isinstance(row, (CheckoutSession, Subscription)):
        return f"row {row.id}"
    if isinstance(row, Invoice) and row.provider_id is None:
        return f"{row.kind} of {row.payment_id or row.checkout_id} {row.refund_id}"
    return str(row.provider_id)


def _record(row: Any) -> Record:
    kind, columns = _COMPARED[type(row)]
    provider_id = row.result_id or row.effect if isinstance(row, Act) else row.provider_id
    values = {column: getattr(row, column) for column in columns}
    return Record(kind, str(row.uuid), provider_id, getattr(row, "currency", None), values)


def _words(record: Record, columns: Iterable[str]) -> str:
    said = [f"{column}={_word(record, column)}" for column in columns]
    return ", ".join(said)


def _word(record: Record, column: str) -> str:
    value = record.values[column]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if column in _AMOUNTS and isinstance(value, int) and record.currency:
        money = Money(value, record.currency)
        return f"{money.decimal:f} {money.currency}"
    return "none" if value is None else str(value)

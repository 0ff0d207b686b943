"""Facts: what a provider says that a look does not take over, compared one by one.

A look only goes forward: what is paid stays paid, what has ended stays ended. A row that was
damaged can stand where no look moves it; such a difference is found here, with the values that
put it right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.plans import renewals
from app.billing.reconciliation import differences
from app.billing.reconciliation.differences import Difference, Kind
from app.db.base import Base
from app.models import Act, CheckoutSession, Payment, Subscription, SubscriptionChange
from app.models.subscription import RUNNING
from app.money import Money
from app.providers.base import CheckoutState, PaymentState, SubscriptionState


@dataclass(frozen=True, slots=True)
class Fact:
    """A difference no look takes away. `values` put the row right, and the look after them brings
    the rest; without any it takes a person, or what `restores` names."""

    difference: Difference
    model: type[Base] | None = None
    row_id: int = 0
    values: Mapping[str, object] = field(default_factory=dict)
    restores: int | None = None


def compare(db: Session, account_id: int, answers: Iterable[object]) -> list[Fact]:
    """Answer what differs between an account's answers and our rows, as they are in this
    transaction."""
    told = list(answers)
    found: list[Fact] = []
    for payment in _payments(told):
        found += _payment(db, account_id, payment)
    for subscription in _subscriptions(told):
        found += _subscription(db, account_id, subscription)
    return found


def without_plan(db: Session, checkout: CheckoutSession) -> list[Fact]:
    """Answer a purchase that is complete and of whose plan there is no row."""
    if checkout.mode != "subscription" or checkout.state != "complete":
        return []
    begun = select(Subscription.id).where(Subscription.checkout_id == checkout.id)
    if db.scalars(begun.limit(1)).first() is not None:
        return []
    difference = differences.of(
        "subscription",
        None,
        checkout.provider_id,
        ours="none",
        theirs=f"paid by checkout {checkout.uuid}",
        follows="the payer has no plan; repair begins it again from the purchase",
    )
    return [Fact(difference, restores=checkout.id)]


def _payments(answers: list[object]) -> Iterator[PaymentState]:
    seen: set[str] = set()
    for answer in answers:
        states: tuple[PaymentState, ...] = ()
        if isinstance(answer, PaymentState):
            states = (answer,)
        elif isinstance(answer, (CheckoutState, SubscriptionState)):
            states = answer.payments
        for state in states:
            if state.provider_id not in seen:
                seen.add(state.provider_id)
                yield state


def _subscriptions(answers: list[object]) -> Iterator[SubscriptionState]:
    whole = [answer for answer in answers if isinstance(answer, SubscriptionState)]
    seen = {state.provider_id for state in whole}
    yield from whole
    of_checkouts = [answer.subscription for answer in answers if isinstance(answer, CheckoutState)]
    yield from (state for state in of_checkouts if state and state.provider_id not in seen)


def _payment(db: Session, account_id: int, state: PaymentState) -> list[Fact]:
    row = db.scalars(
        select(Payment).where(
            Payment.provider_account_id == account_id, Payment.provider_id == state.provider_id
        )
    ).first()
    if row is None:
        return []
    theirs: dict[str, object] = {
        "status": state.status,
        "amount": state.amount.minor,
        "currency": state.amount.currency,
        "refunded": state.refunded.minor,
        "charged_back": state.charged_back.minor,
        "paid_at": state.paid_at,
    }
    return _fact("payment", row, theirs)


def _subscription(db: Session, account_id: int, state: SubscriptionState) -> list[Fact]:
    row = db.scalars(
        select(Subscription).where(
            Subscription.provider_account_id == account_id,
            Subscription.provider_id == state.provider_id,
        )
    ).first()
    if row is None:
        return []
    theirs: dict[str, Any] = {}
    if row.ended_at is not None and state.status in RUNNING and not _is_ending(db, row):
        theirs |= {"status": state.status, "ended_at": None, "end_reason": None}
        theirs |= {"canceled_at": state.canceled_at}
    elif _is_ahead(row, state):
        theirs |= {"period_end": state.period_end}
    if row.settling_until is not None and _is_paid(db, row):
        theirs |= {"settling_until": None}
    if _charges_other(db, row, state):
        assert state.total is not None
        theirs |= _figures(row, state.total)
    return _fact("subscription", row, theirs)


def _is_ending(db: Session, row: Subscription) -> bool:
    """We have asked the provider to end it, and it may not have happened yet."""
    asked = select(Act.id).where(
        Act.subscription_id == row.id,
        Act.kind == "cancel_subscription",
        Act.state == "waiting",
    )
    return db.scalars(asked.limit(1)).first() is not None


def _is_ahead(row: Subscription, state: SubscriptionState) -> bool:
    """A provider that charges on dates charges before the time we call paid is over."""
    if state.period_start is not None or state.period_end is None or row.period_end is None:
        return False
    if row.overdue_since is not None or row.canceled_at is not None:
        return False
    return row.period_end > state.period_end + renewals.EARLY


def _is_paid(db: Session, row: Subscription) -> bool:
    """Money has arrived for it, so nothing is on its way any more."""
    paid = select(Payment.id).where(Payment.subscription_id == row.id, Payment.status == "paid")
    return db.scalars(paid.limit(1)).first() is not None


def _charges_other(db: Session, row: Subscription, state: SubscriptionState) -> bool:
    if state.total is None or row.ended_at is not None:
        return False
    waiting = select(SubscriptionChange.id).where(
        SubscriptionChange.subscription_id == row.id,
        SubscriptionChange.state.in_(("confirmed", "scheduled")),
    )
    if db.scalars(waiting.limit(1)).first() is not None:
        return False
    return state.total != Money(row.total, row.currency)


def _figures(row: Subscription, total: Money) -> dict[str, object]:
    """The net and tax in what is charged: as they were where they still add up, else by the rate
    the plan was bought with."""
    if row.net + row.tax == total.minor:
        return {"total": total.minor}
    rate = row.tax_percentage or Decimal(0)
    tax = total.portion(100 * rate / (100 + rate)).minor
    return {"total": total.minor, "net": total.minor - tax, "tax": tax}


def _fact(kind: Kind, row: Payment | Subscription, theirs: Mapping[str, object]) -> list[Fact]:
    changed = {name: value for name, value in theirs.items() if getattr(row, name) != value}
    if not changed:
        return []
    difference = differences.of(
        kind,
        row.uuid,
        row.provider_id,
        ours=differences.words({name: getattr(row, name) for name in changed}),
        theirs=differences.words(changed),
    )
    return [Fact(difference, type(row), row.id, changed)]

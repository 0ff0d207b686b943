"""Revenues: what running plans bring each month, and what came, went, failed and was given back.

Figures are net, per month, and a month counts each plan at the price that was in force at its end,
a yearly one with a twelfth. A plan counts from the end of its trial, and only while it runs and is
paid for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.billing.operations import listings
from app.models import App, FormerFigure, Payment, Price, Refund, Subscription
from app.money import Money, round_half_up

MONTHS = 12
# Overdue and set to end, they run and are paid for still; on trial, paused or unpaid they are not.
PAYING = ("active", "past_due", "canceling")


# When it began to be paid for.
_BEGAN_AT = func.coalesce(
    Subscription.trial_end, Subscription.started_at, type_=Subscription.started_at.type
)


@dataclass(slots=True)
class Month:
    """A month of one currency. `recurring` is what ran at its end (or runs now) per month; amounts
    are in minor units."""

    begins: datetime
    recurring: Decimal = Decimal(0)
    running: int = 0
    new: int = 0
    new_amount: Decimal = Decimal(0)
    churned: int = 0
    churned_amount: Decimal = Decimal(0)
    failed: int = 0
    failed_amount: int = 0
    refunds: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Revenue:
    """A currency's months, the oldest first; the last is the present one."""

    currency: str
    months: Sequence[Month] = field(default_factory=list)

    @property
    def now(self) -> Month:
        """The present month so far."""
        return self.months[-1]

    @property
    def last(self) -> Month:
        """The month before."""
        return self.months[-2]

    def money(self, amount: Decimal | int) -> Money:
        """Answer an amount of this currency, rounded half up."""
        return Money(round_half_up(Decimal(amount)), self.currency)


@dataclass(frozen=True, slots=True)
class _Plans:
    """Plans that began and ended in the same months: place of the month, 0 where it was before all
    that are shown, None where they run."""

    currency: str
    began: int
    ended: int | None
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Formerly:
    """Plans that cost something else from the end of one month until that of another, in all so
    much more than they do now; `has_begun` says that they began at that price."""

    currency: str
    first: int
    until: int
    has_begun: bool
    more: Decimal


def of(db: Session, app: App, *, now: datetime) -> list[Revenue]:
    """Answer an app's figures of the last twelve months in its present mode, by currency."""
    accounts = [
        account.id
        for account in listings.accounts_of(db, app).values()
        if account.livemode == app.livemode
    ]
    begins = _months(now)
    plans = _plans(db, accounts, begins)
    formerly = _formerly(db, accounts, begins)
    failed = _failed(db, accounts, begins)
    refunded = _refunded(db, accounts, begins)
    known = {plan.currency for plan in plans} | {row[0] for row in (*failed, *refunded)}
    return [
        Revenue(currency, _written(currency, begins, (*plans, *formerly), failed, refunded))
        for currency in sorted(known)
    ]


def _written(
    currency: str,
    begins: Sequence[datetime],
    plans: Iterable[_Plans | _Formerly],
    failed: Iterable[Any],
    refunded: Iterable[Any],
) -> list[Month]:
    months = [Month(at) for at in begins]
    for some in plans:
        if some.currency == currency and isinstance(some, _Plans):
            _count(months, some)
        elif some.currency == currency and isinstance(some, _Formerly):
            _correct(months, some)
    for _, place, count, amount in (row for row in failed if row[0] == currency):
        months[place - 1].failed, months[place - 1].failed_amount = count, int(amount)
    for _, place, count, amount in (row for row in refunded if row[0] == currency):
        months[place - 1].refunds, months[place - 1].refunded = count, int(amount)
    return months


def _count(months: list[Month], some: _Plans) -> None:
    for place, month in enumerate(months, 1):
        if some.began <= place and (some.ended is None or some.ended > place):
            month.running += some.count
            month.recurring += some.amount
        if some.began == place:
            month.new += some.count
            month.new_amount += some.amount
        if some.ended == place:
            month.churned += some.count
            month.churned_amount += some.amount


def _correct(months: list[Month], some: _Formerly) -> None:
    """Count plans in earlier months at what they cost then, after they were counted at what they
    cost now."""
    for place, month in enumerate(months, 1):
        if some.first <= place < some.until:
            month.recurring += some.more
        if some.has_begun and some.first == place:
            month.new_amount += some.more


def _plans(db: Session, accounts: Sequence[int], begins: Sequence[datetime]) -> list[_Plans]:
    row, began_at = Subscription, _BEGAN_AT
    began, ended = _place(began_at, begins).label("began"), _ended(begins).label("ended")
    asked = (
        select(row.currency, began, ended, Price.interval, func.count(), func.sum(row.net))
        .join(Price, Price.id == row.price_id)
        .where(row.provider_account_id.in_(accounts), *_counts(begins))
        .group_by(row.currency, began, ended, Price.interval)
    )
    return [
        _Plans(currency, first, last, count, _monthly(net, each))
        for currency, first, last, each, count, net in db.execute(asked)
    ]


def _formerly(db: Session, accounts: Sequence[int], begins: Sequence[datetime]) -> list[_Formerly]:
    row, was = Subscription, FormerFigure
    has_begun = was.from_at <= _BEGAN_AT
    from_at = case((has_begun, _BEGAN_AT), else_=was.from_at)
    places = (_place(from_at, begins).label("first"), _place(was.until_at, begins).label("until"))
    kinds = (row.currency, *places, has_begun.label("has_begun"), was.interval, Price.interval)
    asked = (
        select(*kinds, func.sum(was.net), func.sum(row.net))
        .join(row, row.id == was.subscription_id)
        .join(Price, Price.id == row.price_id)
        .where(
            was.provider_account_id.in_(accounts),
            was.until_at >= begins[0],
            was.until_at > _BEGAN_AT,
            *_counts(begins),
        )
        .group_by(*kinds)
    )
    return [
        _Formerly(currency, first, until, begun, _monthly(then, each) - _monthly(now, each_now))
        for currency, first, until, begun, each, each_now, then, now in db.execute(asked)
    ]


def _monthly(net: Any, interval: str | None) -> Decimal:
    return Decimal(int(net)) / (12 if interval == "year" else 1)


def _counts(begins: Sequence[datetime]) -> tuple[ColumnElement[bool], ...]:
    """What makes a plan count, in some month."""
    row = Subscription
    return (
        row.is_duplicate.is_(False),
        or_(row.status.in_(PAYING), _was_paid_for(_BEGAN_AT)),
        or_(row.ended_at.is_(None), row.ended_at >= begins[0]),
        row.net > 0,
    )


def _was_paid_for(began_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """It has ended, and not before anything was charged for it."""
    row = Subscription
    return and_(row.ended_at.is_not(None), row.ended_at > began_at, row.period_start.is_not(None))


def _ended(begins: Sequence[datetime]) -> ColumnElement[int | None]:
    return case(
        (Subscription.ended_at.is_(None), None), else_=_place(Subscription.ended_at, begins)
    )


def _failed(db: Session, accounts: Sequence[int], begins: Sequence[datetime]) -> list[Any]:
    place = _place(Payment.attempted_at, begins).label("place")
    asked = (
        select(Payment.currency, place, func.count(), func.sum(Payment.amount))
        .where(
            Payment.provider_account_id.in_(accounts),
            Payment.status == "failed",
            Payment.attempted_at >= begins[0],
        )
        .group_by(Payment.currency, place)
    )
    return list(db.execute(asked))


def _refunded(db: Session, accounts: Sequence[int], begins: Sequence[datetime]) -> list[Any]:
    place = _place(Refund.recorded_at, begins).label("place")
    asked = (
        select(Refund.currency, place, func.count(), func.sum(Refund.amount))
        .where(
            Refund.provider_account_id.in_(accounts),
            Refund.status != "failed",
            Refund.recorded_at >= begins[0],
        )
        .group_by(Refund.currency, place)
    )
    return list(db.execute(asked))


def _place(
    at: InstrumentedAttribute[Any] | ColumnElement[Any], begins: Sequence[datetime]
) -> ColumnElement[int]:
    """The place of the month a moment lies in, from 1; 0 before the first."""
    later = [(at < begin, place) for place, begin in enumerate(begins)]
    return case(*later, else_=len(begins))


def _months(now: datetime) -> list[datetime]:
    last = now.year * 12 + now.month - 1
    return [
        datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        for number in range(last - MONTHS + 1, last + 1)
    ]

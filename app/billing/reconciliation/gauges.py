"""Gauges: how well what we have on record agrees with what was paid, read from the tables.

Each is one question that indexes answer, however many rows there are; nothing is counted in
memory, so every process gives the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from app.billing.truth import acts, deadlines
from app.models import (
    Act,
    CheckoutSession,
    Invoice,
    Mail,
    Payment,
    ProviderEvent,
    Subscription,
    WebhookDelivery,
    WebhookEvent,
)
from app.models.checkout_session import SETTLED

# Which period a payment is for is written by the look after the one that found it.
_PERIOD_KNOWN_WITHIN = timedelta(days=2)
_UNDONE = ("received", "processing")
_MONEY_ON_ITS_WAY = ("open", "action_needed", "processing")

Modes = Mapping[bool, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The four figures to watch: each is zero, or nearly, where all is well. Counts are by mode
    (live or test), ages in seconds of billing time."""

    paid_but_inactive: Modes
    active_without_payment: Modes
    oldest_unreconciled_seconds: float
    webhook_lag_seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """What waits to be done, by kind; `delivery_lag_seconds` is the age of the oldest delivery that
    could have been attempted."""

    due: Mapping[str, int]
    waiting: Mapping[str, int]
    failed: Mapping[str, int]
    delivery_lag_seconds: float


def agreement(db: Session, *, now: datetime) -> Agreement:
    """Answer the four figures."""
    return Agreement(
        paid_but_inactive=_sum(_by_mode(db, _paid_checkouts()), _by_mode(db, _paid_plans(now))),
        active_without_payment=_by_mode(db, _unpaid_plans(now)),
        oldest_unreconciled_seconds=_age(db, now, *_oldest_due(now), _oldest_event()),
        webhook_lag_seconds=_age(db, now, _oldest_event()),
    )


def load(db: Session, *, now: datetime) -> Load:
    """Answer what waits."""
    return Load(
        due={
            "checkout": _count(db, CheckoutSession.next_check_at <= now),
            "subscription": _count(db, Subscription.next_check_at <= now),
            "act": _count(db, Act.state == _word("waiting"), Act.next_try_at <= now),
            "event": _count(
                db, ProviderEvent.state.in_(_written(_UNDONE)), ProviderEvent.next_try_at <= now
            ),
        },
        waiting={
            "mail": _count(db, Mail.state == _word("waiting")),
            "delivery": _count(db, WebhookDelivery.state == _word("waiting")),
            "webhook": _count(db, WebhookEvent.is_handed_out == false()),
            "review": _count(db, CheckoutSession.state == _word("needs_review")),
        },
        failed={
            "act": _count(db, Act.state == _word("failed"), not_(acts.IS_REFUSED_CHANGE)),
            "event": _count(db, ProviderEvent.state == _word("failed")),
        },
        delivery_lag_seconds=_age(
            db,
            now,
            select(func.min(WebhookEvent.at)).where(WebhookEvent.is_handed_out == false()),
            select(func.min(WebhookDelivery.next_try_at)).where(
                WebhookDelivery.state == _word("waiting"), WebhookDelivery.next_try_at <= now
            ),
        ),
    )


def _paid_checkouts() -> Select[bool, int]:
    """Purchases of which we know that they are paid, and that gave nothing for it: not complete,
    and neither given back nor before a person."""
    return (
        select(CheckoutSession.livemode, func.count())
        .where(
            CheckoutSession.paid_at.is_not(None),
            CheckoutSession.state.not_in(_written(SETTLED)),
            CheckoutSession.mode != "setup",
        )
        .group_by(CheckoutSession.livemode)
    )


def _paid_plans(now: datetime) -> Select[bool, int]:
    """Plans whose running period is paid, and that do not run."""
    return (
        select(Subscription.livemode, func.count())
        .where(
            Subscription.status.in_(_written(("incomplete", "past_due", "unpaid"))),
            Subscription.is_duplicate == false(),
            exists().where(_is_kept(), Payment.period_end > now),
        )
        .group_by(Subscription.livemode)
    )


def _unpaid_plans(now: datetime) -> Select[bool, int]:
    """Plans that run, and whose running period nobody has paid: no payment that was kept, no paid
    invoice (a credit may have covered it), no money on its way, no trial, and not within the days
    in which a provider may still charge."""
    return (
        select(Subscription.livemode, func.count())
        .where(
            Subscription.status.in_(("active", "canceling")),
            Subscription.is_duplicate == false(),
            Subscription.settling_until.is_(None),
            or_(Subscription.trial_end.is_(None), Subscription.trial_end <= now),
            or_(
                Subscription.period_end > now,
                Subscription.period_end <= now - deadlines.MANDATE,
            ),
            ~exists().where(_is_paid(), _covers(now)),
            ~exists().where(
                Payment.subscription_id == Subscription.id, Payment.status.in_(_MONEY_ON_ITS_WAY)
            ),
            ~exists().where(
                Invoice.subscription_id == Subscription.id,
                Invoice.status == "paid",
                Invoice.period_end > now,
            ),
        )
        .group_by(Subscription.livemode)
    )


def _is_paid() -> ColumnElement[bool]:
    """A payment of the plan that arrived; what was given back by choice has been paid."""
    return and_(
        Payment.subscription_id == Subscription.id,
        Payment.status == "paid",
        Payment.charged_back == 0,
    )


def _is_kept() -> ColumnElement[bool]:
    """A payment of the plan that arrived and was not given back."""
    return and_(_is_paid(), Payment.refunded < Payment.amount)


def _covers(now: datetime) -> ColumnElement[bool]:
    is_new = and_(Payment.period_end.is_(None), Payment.paid_at >= now - _PERIOD_KNOWN_WITHIN)
    return or_(Payment.period_end > now, is_new)


def _oldest_due(now: datetime) -> tuple[Select[datetime | None], ...]:
    return (
        select(func.min(CheckoutSession.next_check_at)).where(CheckoutSession.next_check_at <= now),
        select(func.min(Subscription.next_check_at)).where(Subscription.next_check_at <= now),
        select(func.min(Act.next_try_at)).where(
            Act.state == _word("waiting"), Act.next_try_at <= now
        ),
    )


def _oldest_event() -> Select[datetime | None]:
    return select(func.min(ProviderEvent.received_at)).where(
        ProviderEvent.state.in_(_written(_UNDONE))
    )


def _age(db: Session, now: datetime, *questions: Select[datetime | None]) -> float:
    found = [moment for question in questions if (moment := db.scalar(question)) is not None]
    return max(0.0, (now - min(found)).total_seconds()) if found else 0.0


def _by_mode(db: Session, question: Select[bool, int]) -> Modes:
    counted = dict(db.execute(question).all())
    return {livemode: counted.get(livemode, 0) for livemode in (False, True)}


def _sum(*parts: Modes) -> Modes:
    return {livemode: sum(part[livemode] for part in parts) for livemode in (False, True)}


def _count(db: Session, *wanted: ColumnElement[bool]) -> int:
    return int(db.scalar(select(func.count()).where(*wanted)) or 0)


def _word(value: str) -> ColumnElement[str]:
    """A value that stands in the statement itself: only so does PostgreSQL see that an index over
    some of the rows holds all that are asked for (PostgreSQL: "Partial Indexes")."""
    return literal(value, literal_execute=True)


def _written(values: tuple[str, ...]) -> list[ColumnElement[str]]:
    return [_word(value) for value in values]

"""Renewals at a provider that charges on dates and knows no periods: worked out from payments.

Each charge pays one period, counted from the plan's anchor. The plan is paid up to the end of the
latest paid period; a charge that failed makes it overdue until another one of the same period is
paid. All of it follows from the payments alone, so that it does not matter when they are heard of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.plans import periods, plan_states
from app.billing.truth import deadlines
from app.models import Act, App, Payment, PaymentMethod, Price, Subscription
from app.providers.base import PaymentState

# A date's charge is made at 00:00 UTC, before the hour at which the period ends.
EARLY = timedelta(days=1)
_FAILED = ("failed", "canceled", "expired")


@dataclass(slots=True)
class Period:
    """A period and every attempt to pay it, oldest first."""

    start: datetime
    end: datetime
    attempts: list[Payment] = field(default_factory=list)

    @property
    def is_paid(self) -> bool:
        """The provider has the money, or has given it back because somebody wanted so."""
        return any(attempt.is_paid and not attempt.charged_back for attempt in self.attempts)

    @property
    def failed(self) -> list[Payment]:
        """The attempts of which nothing will come."""
        return [attempt for attempt in self.attempts if attempt.status in _FAILED]


def assign(db: Session, subscription: Subscription, payment: Payment, state: PaymentState) -> None:
    """Write which period a payment is for, once: the one its earlier attempt was for, else the one
    that begins on its date."""
    if payment.period_start is not None:
        return
    earlier = _made_good(db, state.checkout_uuid)
    if earlier is not None:
        payment.period_start, payment.period_end = earlier.period_start, earlier.period_end
        return
    interval = db.get_one(Price, subscription.price_id).interval
    assert interval is not None
    anchor = subscription.anchor_at
    count = periods.passed(anchor, interval, state.created_at + EARLY)
    payment.period_start = periods.after(anchor, interval, count)
    payment.period_end = periods.after(anchor, interval, count + 1)


def judge(db: Session, subscription: Subscription, *, now: datetime) -> None:
    """Write how far a plan is paid, whether it is overdue, and its status; ends one that was
    canceled and whose paid time is over. The caller holds its lock."""
    if subscription.ended_at is not None:
        return
    found = every(db, subscription)
    _extend(subscription, [period for period in found if period.is_paid])
    period = overdue(subscription, found)
    since = period.failed[0].attempted_at if period else _never_charged(subscription, found, now)
    _note_overdue(db, subscription, since, now=now)
    if subscription.canceled_at is not None:
        _end_with_period(subscription, now=now)
    elif since is not None:
        subscription.status = "past_due"
    elif _is_on_trial(subscription, found, now=now):
        subscription.status = "trialing"
    elif subscription.status != "incomplete":
        subscription.status = "active"


def every(db: Session, subscription: Subscription) -> list[Period]:
    """Answer the periods that anything was paid or tried for, oldest first."""
    rows = db.scalars(
        select(Payment)
        .where(Payment.subscription_id == subscription.id, Payment.period_start.is_not(None))
        .order_by(Payment.attempted_at, Payment.id)
    )
    found: dict[datetime, Period] = {}
    for payment in rows:
        assert payment.period_start is not None and payment.period_end is not None
        period = Period(payment.period_start, payment.period_end)
        found.setdefault(payment.period_start, period).attempts.append(payment)
    return sorted(found.values(), key=lambda period: period.start)


def overdue(subscription: Subscription, found: list[Period]) -> Period | None:
    """Answer the period that is to be made good: the first after the paid time that failed."""
    paid_until = subscription.period_end
    return next(
        (
            period
            for period in found
            if period.failed
            and not period.is_paid
            and (paid_until is None or period.start > paid_until - EARLY)
        ),
        None,
    )


def _extend(subscription: Subscription, paid: list[Period]) -> None:
    latest = max(paid, key=lambda period: period.end, default=None)
    if latest is None:
        return
    if subscription.period_end is None or latest.end >= subscription.period_end:
        subscription.period_start, subscription.period_end = latest.start, latest.end


def _never_charged(
    subscription: Subscription, found: list[Period], now: datetime
) -> datetime | None:
    """The paid time is over, and nobody has even tried to charge the next: a mandate may be pending
    for days, and access must not outlive that."""
    until = subscription.period_end
    if until is None or any(period.start > until - EARLY for period in found):
        return None
    return until if now > until + deadlines.MANDATE else None


def _note_overdue(
    db: Session, subscription: Subscription, since: datetime | None, *, now: datetime
) -> None:
    subscription.overdue_since = since
    if since is None or subscription.canceled_at is not None:
        subscription.next_retry_at = subscription.pay_by = None
        return
    moments = deadlines.retries(db.get_one(App, subscription.app_id), since)
    subscription.pay_by = moments[-1]
    subscription.next_retry_at = (
        next((moment for moment in moments if moment > now), None)
        if _may_be_charged(db, subscription)
        else None
    )


def _may_be_charged(db: Session, subscription: Subscription) -> bool:
    if subscription.payment_method_id is None:
        return False
    method = db.get_one(PaymentMethod, subscription.payment_method_id)
    return method.is_usable and method.removed_at is None


def _end_with_period(subscription: Subscription, *, now: datetime) -> None:
    until = subscription.period_end
    if until is None or now >= until:
        plan_states.finish(subscription, reason="canceled", at=until or now)
    else:
        subscription.status = "canceling"


def _is_on_trial(subscription: Subscription, found: list[Period], *, now: datetime) -> bool:
    if subscription.trial_end is None or any(period.is_paid for period in found):
        return False
    return now < subscription.trial_end + deadlines.MANDATE


def _made_good(db: Session, uuid: str | None) -> Payment | None:
    """Answer the failed payment that this one, charged by an act of ours, makes good."""
    if uuid is None:
        return None
    try:
        wanted = UUID(uuid)
    except ValueError:
        return None
    asked = select(Act.payment_id).where(Act.uuid == wanted, Act.kind == "charge")
    payment_id = db.scalars(asked).first()
    return None if payment_id is None else db.get_one(Payment, payment_id)

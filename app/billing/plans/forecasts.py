"""Forecasts: what will happen to a plan, and when, if nobody does anything."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import providers
from app.billing.plans import periods
from app.billing.truth import deadlines
from app.models import App, Payment, PaymentMethod, Subscription, SubscriptionChange
from app.money import Money

Kind = Literal["renewal", "trial_ends", "retry", "change", "ends", "not_paid", "card_expires"]

CHARGES = 3
# A provider counts from its own moment of the day on which the plan began.
_A_DAY = timedelta(days=1)
_CHARGED = ("active", "trialing", "incomplete")
# Of what falls on one day: how it comes to pass.
_ORDER: tuple[Kind, ...] = (
    "change",
    "retry",
    "trial_ends",
    "renewal",
    "ends",
    "not_paid",
    "card_expires",
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One thing that will happen. `amount` is what is charged: in full for a `renewal` and at the
    end of a trial, with what is to the payer's credit taken off; for a `retry` what is overdue.
    `plan` and `quantity` are what a `change` leads to. `not_paid` is the end of a plan of which no
    retry was paid."""

    at: datetime
    kind: Kind
    amount: Money | None = None
    plan: str | None = None
    quantity: int | None = None


def of(
    db: Session,
    subscription: Subscription | None,
    method: PaymentMethod | None,
    change: SubscriptionChange | None,
    *,
    now: datetime,
) -> list[Forecast]:
    """Answer what will happen, the next first: at least three charges of a plan that goes on.

    `method` is the one that is charged, `change` the one that waits for its moment, with its price
    and product; the plan's provider account must be loaded.
    """
    lines: list[Forecast] = []
    if subscription is not None and subscription.is_running:
        if subscription.status == "canceling":
            lines += _end(subscription)
        elif subscription.status == "past_due":
            lines += _retries(db, subscription, now=now)
        elif subscription.status in _CHARGED:
            lines += _charges(subscription, change)
    if method is not None:
        lines += _card(method)
    return sorted(lines, key=lambda line: (line.at, _ORDER.index(line.kind)))


def _end(subscription: Subscription) -> list[Forecast]:
    until = subscription.period_end
    return [Forecast(until, "ends")] if until else []


def _charges(subscription: Subscription, change: SubscriptionChange | None) -> list[Forecast]:
    if subscription.period_end is None:
        return []
    waits = change if change is not None and change.state == "scheduled" else None
    lines: list[Forecast] = []
    credit = subscription.credit
    for at in _dates(subscription, waits):
        if len(lines) == CHARGES:
            break
        is_changed = waits is not None and waits.takes_effect_at.date() <= at.date()
        price = waits.total if waits is not None and is_changed else subscription.total
        taken = min(credit, price)
        credit -= taken
        is_first = subscription.status == "trialing" and not lines
        amount = Money(price - taken, subscription.currency)
        lines.append(Forecast(at, "trial_ends" if is_first else "renewal", amount))
    if waits is not None:
        lines.append(
            Forecast(
                min(line.at for line in lines),
                "change",
                plan=waits.price.product.name,
                quantity=waits.quantity,
            )
        )
    return lines


def _dates(subscription: Subscription, change: SubscriptionChange | None) -> Iterator[datetime]:
    """The moments of the next charges: the end of what is paid, then period by period."""
    first = subscription.period_end
    assert first is not None
    interval = subscription.price.interval or "month"
    anchor = subscription.anchor_at
    if change is not None and change.price.interval != interval:
        # Another interval counts from the moment it takes effect.
        interval, anchor = change.price.interval or "month", first
    passed = periods.passed(anchor, interval, first + _A_DAY / 2)
    shift = first - periods.after(anchor, interval, passed)
    if abs(shift) > _A_DAY:
        # The provider counts from another day than we know of.
        anchor, passed, shift = first, 0, timedelta(0)
    for number in count(passed):
        yield _charged_at(subscription, periods.after(anchor, interval, number) + shift)


def _charged_at(subscription: Subscription, at: datetime) -> datetime:
    """A provider that only charges on dates does so when the day begins, in UTC."""
    if providers.capabilities(subscription.provider_account.provider).own_retries:
        return at
    return datetime.combine(at.date(), time.min, UTC)


def _retries(db: Session, subscription: Subscription, *, now: datetime) -> list[Forecast]:
    amount = _overdue(db, subscription)
    lines = [Forecast(at, "retry", amount) for at in _tries(db, subscription, now=now)]
    if subscription.pay_by is not None:
        lines.append(Forecast(subscription.pay_by, "not_paid"))
    return lines


def _tries(db: Session, subscription: Subscription, *, now: datetime) -> list[datetime]:
    following, since = subscription.next_retry_at, subscription.overdue_since
    if following is None:
        return []
    if providers.capabilities(subscription.provider_account.provider).own_retries or since is None:
        return [following]
    moments = deadlines.retries(db.get_one(App, subscription.app_id), since)
    return [moment for moment in moments if moment >= max(following, now)]


def _overdue(db: Session, subscription: Subscription) -> Money:
    """What was to be charged when it failed."""
    failed = db.execute(
        select(Payment.amount, Payment.currency)
        .where(Payment.subscription_id == subscription.id, Payment.status == "failed")
        .order_by(Payment.id.desc())
        .limit(1)
    ).first()
    return Money(failed.amount, failed.currency) if failed else subscription.renewal


def _card(method: PaymentMethod) -> list[Forecast]:
    year, month = method.exp_year, method.exp_month
    if not year or not month:
        return []
    last = calendar.monthrange(year, month)[1]
    return [Forecast(datetime(year, month, last, tzinfo=UTC), "card_expires")]

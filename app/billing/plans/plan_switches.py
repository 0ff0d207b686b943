"""Plan switches: what a change makes of a plan's row, at once or when its moment has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from app.billing import timeline
from app.billing.mail import mails
from app.billing.mail.mail_kinds import PlanChanged
from app.billing.plans import former_figures
from app.billing.webhooks import webhooks
from app.models import Price, Subscription, SubscriptionChange
from app.money import Money

ON_ITS_WAY = ("confirmed", "scheduled")

# Built once: every look at a plan asks it.
_ON_ITS_WAY = (
    select(SubscriptionChange)
    .options(joinedload(SubscriptionChange.price).joinedload(Price.product))
    .where(
        SubscriptionChange.subscription_id == bindparam("subscription_id"),
        SubscriptionChange.state.in_(ON_ITS_WAY),
    )
)


@dataclass(frozen=True, slots=True)
class _Seats:
    """What a plan is, or will be, as the timeline, the app and the payer are told."""

    price: Price
    quantity: int
    total: Money

    @property
    def words(self) -> str:
        """Team × 2"""
        return f"{self.price.product.name} × {self.quantity}"

    @property
    def facts(self) -> dict[str, Any]:
        """Answer it as JSON; amounts in minor units, per period, tax included."""
        return {
            "price_id": self.price.price_id,
            "plan": self.price.product.name,
            "interval": self.price.interval,
            "quantity": self.quantity,
            "total": self.total.minor,
            "currency": self.total.currency,
        }


def on_its_way(db: Session, subscription_id: int) -> SubscriptionChange | None:
    """Answer the change of a plan that is being made or waits for its moment."""
    return db.scalars(_ON_ITS_WAY, {"subscription_id": subscription_id}).first()


def take_effect(
    db: Session,
    subscription: Subscription,
    *,
    now: datetime,
    period_start: datetime | None = None,
    charged_at: datetime | None = None,
) -> bool:
    """Switch a locked plan to its scheduled change if the moment has come, and answer whether it
    did; `period_start` is when the present period began, where the provider says so; `charged_at`
    is when the charge was made that shows the moment has come, and the change is dated by it.
    Figures, price and quantity count from then on, and another interval counts from that moment."""
    change = on_its_way(db, subscription.id)
    if change is None or change.state != "scheduled":
        return False
    if max(now, period_start or now) < change.takes_effect_at:
        return False
    _switch(db, subscription, change, cause="clock", now=charged_at or now)
    return True


def make(
    db: Session,
    subscription: Subscription,
    change: SubscriptionChange,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Write that the provider has made a change: it is in force, or waits for its moment."""
    if change.state != "confirmed":
        return
    before = _now(subscription)
    if change.moment == "now":
        _switch(db, subscription, change, cause=cause, now=now)
    else:
        change.state = "scheduled"
        _note(
            db, subscription, "subscription.change_scheduled", before, change, cause=cause, now=now
        )
    _write_mail(db, subscription, before, change, now=now)


def mirror(
    db: Session,
    subscription: Subscription,
    price: Price,
    quantity: int,
    figures: tuple[int, int, int],
    *,
    cause: str,
    now: datetime,
) -> None:
    """Write what a locked plan has become by somebody at the provider itself; `figures` are net,
    tax and total each period, in minor units."""
    before = _now(subscription)
    former_figures.keep(db, subscription, now=now)
    subscription.price, subscription.quantity = price, quantity
    subscription.net, subscription.tax, subscription.total = figures
    after = _now(subscription)
    details = {"before": before.facts, "after": after.facts}
    timeline.note(
        db,
        subscription,
        "subscription.changed",
        cause=cause,
        now=now,
        before=before.words,
        after=after.words,
        details=details,
    )
    webhooks.publish(
        db,
        subscription,
        "subscription.changed",
        effect=f"subscription:{subscription.id}:mirror:{subscription.version}",
        payload=details,
        now=now,
    )


def fail(change: SubscriptionChange, *, decline: str | None, now: datetime) -> None:
    """Write that the provider refused a change; nothing about the plan is different."""
    if change.state == "confirmed":
        change.state = "failed"
        change.decline = decline
        change.ended_at = now


def drop(
    db: Session,
    subscription: Subscription,
    change: SubscriptionChange,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Write that a scheduled change will not come."""
    if change.state not in ON_ITS_WAY:
        return
    change.state = "canceled"
    change.ended_at = now
    timeline.note(
        db,
        subscription,
        "subscription.change_dropped",
        cause=cause,
        now=now,
        before=_after(change).words,
        after=_now(subscription).words,
        details={"before": _after(change).facts, "after": _now(subscription).facts},
    )


def forget(db: Session, subscription: Subscription, *, cause: str, now: datetime) -> None:
    """Write that what was to come with the next period will not: the plan has none."""
    change = on_its_way(db, subscription.id)
    if change is not None and change.state == "scheduled":
        drop(db, subscription, change, cause=cause, now=now)


def _switch(
    db: Session,
    subscription: Subscription,
    change: SubscriptionChange,
    *,
    cause: str,
    now: datetime,
) -> None:
    before = _now(subscription)
    former_figures.keep(db, subscription, now=now)
    if change.price.interval != subscription.price.interval:
        subscription.anchor_at = _anchor(subscription, change)
    # The id too: it is asked for before the next flush.
    subscription.price, subscription.price_id = change.price, change.price_id
    subscription.quantity = change.quantity
    subscription.net, subscription.tax, subscription.total = change.net, change.tax, change.total
    change.state = "done"
    change.ended_at = now
    _note(db, subscription, "subscription.changed", before, change, cause=cause, now=now)
    webhooks.publish(
        db,
        subscription,
        "subscription.changed",
        effect=f"subscription:{subscription.id}:change:{change.id}",
        payload={"before": before.facts, "after": _after(change).facts},
        now=now,
    )


def _anchor(subscription: Subscription, change: SubscriptionChange) -> datetime:
    """A charge made at midnight begins the period at the hour up to which was paid before."""
    until = subscription.period_end
    begins, a_day_later = change.takes_effect_at, change.takes_effect_at + timedelta(days=1)
    return until if until is not None and begins <= until < a_day_later else begins


def _note(
    db: Session,
    subscription: Subscription,
    kind: str,
    before: _Seats,
    change: SubscriptionChange,
    *,
    cause: str,
    now: datetime,
) -> None:
    after = _after(change)
    timeline.note(
        db,
        subscription,
        kind,
        cause=cause,
        now=now,
        before=before.words,
        after=after.words,
        details={
            "before": before.facts,
            "after": after.facts,
            "due_now": change.due_now,
            "takes_effect_at": change.takes_effect_at.isoformat(),
        },
    )


def _write_mail(
    db: Session,
    subscription: Subscription,
    before: _Seats,
    change: SubscriptionChange,
    *,
    now: datetime,
) -> None:
    due = Money(change.due_now, change.currency)
    mailable = PlanChanged(
        plan=change.price.product.name,
        quantity=change.quantity,
        before_plan=before.price.product.name,
        before_quantity=before.quantity,
        renewal=_after(change).total,
        interval=cast(Literal["month", "year"], change.price.interval),
        takes_effect_at=change.takes_effect_at,
        is_scheduled=change.state == "scheduled",
        next_charge_at=change.takes_effect_at if change.state == "scheduled" else None,
        charged=due if due.minor > 0 else None,
        credited=-due if due.minor < 0 else None,
    )
    mails.write(
        db,
        mailable,
        f"change:{change.id}",
        app_id=subscription.app_id,
        tenant_id=subscription.tenant_id,
        livemode=subscription.livemode,
        now=now,
    )


def _now(subscription: Subscription) -> _Seats:
    return _Seats(subscription.price, subscription.quantity, subscription.renewal)


def _after(change: SubscriptionChange) -> _Seats:
    return _Seats(change.price, change.quantity, Money(change.total, change.currency))

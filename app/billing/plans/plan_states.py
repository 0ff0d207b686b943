"""The state of a plan: how it ends, and who is told when it changes."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.mail import mail_kinds, mails
from app.billing.plans import plan_switches
from app.billing.truth import deadlines
from app.billing.webhooks import webhooks
from app.models import Price, Subscription
from app.models.subscription import END_REASONS as REASONS

__all__ = ["REASONS", "finish", "tell"]

# An end the tenant asked for was told when it was asked for.
_ENDS_UNASKED = ("provider", "not_paid", "charged_back")


def finish(subscription: Subscription, *, reason: str, at: datetime) -> None:
    """End a plan for good; `reason` is one of `models.subscription.END_REASONS`."""
    subscription.version += 1
    subscription.status = "canceled"
    subscription.end_reason = subscription.end_reason or reason
    subscription.canceled_at = subscription.canceled_at or at
    subscription.ended_at = at
    subscription.settling_until = None
    subscription.overdue_since = subscription.next_retry_at = subscription.pay_by = None
    subscription.next_check_at = deadlines.next_look_at_subscription(subscription, now=at)


def tell(
    db: Session, subscription: Subscription, before: str | None, *, cause: str, now: datetime
) -> None:
    """Write what became of a plan that was shown as `before`; nothing where it still is."""
    after = subscription.shown_status
    if after == before:
        return
    timeline.note(
        db,
        subscription,
        f"subscription.{after}",
        cause=cause,
        now=now,
        before=before,
        after=after,
        details={"reason": subscription.end_reason} if subscription.end_reason else None,
    )
    webhooks.publish(
        db,
        subscription,
        "subscription.activated" if after == "active" else f"subscription.{after}",
        effect=f"subscription:{subscription.id}:{subscription.version}:{after}",
        now=now,
    )
    if after == "canceled":
        plan_switches.forget(db, subscription, cause=cause, now=now)
        if not subscription.is_duplicate:
            _mail_end(db, subscription, now=now)


def _mail_end(db: Session, subscription: Subscription, *, now: datetime) -> None:
    if subscription.end_reason not in _ENDS_UNASKED:
        return
    product = db.get_one(Price, subscription.price_id).product
    mails.write(
        db,
        mail_kinds.Canceled(
            plan=product.name,
            ends_at=subscription.ended_at or now,
            is_over=True,
            reason=cast(mail_kinds.EndReason, subscription.end_reason),
        ),
        f"subscription:{subscription.id}:ended",
        app_id=subscription.app_id,
        tenant_id=subscription.tenant_id,
        livemode=subscription.livemode,
        now=now,
    )

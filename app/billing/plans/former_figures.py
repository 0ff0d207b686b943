"""Former figures: what a plan cost before it changed, so that the past is counted by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import FormerFigure, Subscription


def keep(db: Session, subscription: Subscription, *, now: datetime) -> None:
    """Keep what a locked plan costs until now; the caller changes it next."""
    before = select(func.max(FormerFigure.until_at)).where(
        FormerFigure.subscription_id == subscription.id
    )
    with db.no_autoflush:
        from_at = db.scalar(before) or subscription.started_at
    db.add(
        FormerFigure(
            subscription_id=subscription.id,
            provider_account_id=subscription.provider_account_id,
            interval=subscription.price.interval,
            net=subscription.net,
            from_at=from_at,
            until_at=now,
        )
    )

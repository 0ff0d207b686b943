"""The timeline: what changed, and who or what caused it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.base import table
from app.models import CheckoutSession, Subscription, TimelineEntry
from app.models.checkout_session import STATES
from app.models.subscription import STATUSES

# Every kind of entry there is, so that each can be put into words.
KINDS = (
    *(f"checkout.{state}" for state in STATES if state != "starting"),
    "checkout.superseded",
    *(f"subscription.{status}" for status in (*STATUSES, "processing")),
)


_INSERT = insert(table(TimelineEntry))


def note(
    db: Session,
    subject: CheckoutSession | Subscription,
    kind: str,
    *,
    cause: str,
    now: datetime,
    before: str | None = None,
    after: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one entry about a checkout or a subscription."""
    entry = {
        "app_id": subject.app_id,
        "tenant_id": subject.tenant_id,
        "livemode": subject.livemode,
        "checkout_id": subject.id if isinstance(subject, CheckoutSession) else subject.checkout_id,
        "subscription_id": subject.id if isinstance(subject, Subscription) else None,
        "kind": kind,
        "cause": cause,
        "before": before,
        "after": after,
        "details": details,
        "at": now,
    }
    db.connection().execute(_INSERT, entry)


def recent(db: Session, tenant_id: int, *, livemode: bool, limit: int = 5) -> list[TimelineEntry]:
    """Answer a tenant's latest entries, newest first."""
    return list(
        db.scalars(
            select(TimelineEntry)
            .where(TimelineEntry.tenant_id == tenant_id, TimelineEntry.livemode == livemode)
            .order_by(TimelineEntry.id.desc())
            .limit(limit)
        )
    )


def of_checkout(db: Session, checkout_id: int) -> list[TimelineEntry]:
    """Answer what happened to one checkout, oldest first."""
    return list(
        db.scalars(
            select(TimelineEntry)
            .where(TimelineEntry.checkout_id == checkout_id)
            .order_by(TimelineEntry.id)
        )
    )

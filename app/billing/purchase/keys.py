"""Our idempotency keys at a provider: stored before the first try, valid for its window only.

A key of None is spent: its window has passed, or the provider repeats an earlier fault for it. Then
what was asked for is looked up at the provider by our uuid first, and only if it is not there is it
asked for again, with a new stored key (Stripe: "Idempotent requests"; Mollie: "API idempotency").
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.billing.claims import Claimable
from app.db.base import table


def usable(
    key: str | None, first_tried_at: datetime | None, *, window: int, now: datetime
) -> str | None:
    """Answer the key if it may still be sent; `window` is in seconds."""
    if first_tried_at is not None and now - first_tried_at > timedelta(seconds=window):
        return None
    return key


def mark(db: Session, model: Claimable, row_id: int, *, now: datetime) -> None:
    """Store that the row's key is about to be sent for the first time, and commit."""
    _set(db, model, row_id, first_tried_at=now)


def renew(db: Session, model: Claimable, row_id: int, *, now: datetime) -> str:
    """Store a new key, about to be sent, and commit."""
    key = str(uuid4())
    _set(db, model, row_id, idempotency_key=key, first_tried_at=now)
    return key


def spend(db: Session, model: Claimable, row_id: int) -> None:
    """Store that the key may not be sent again, and commit."""
    _set(db, model, row_id, idempotency_key=None)


def _set(db: Session, model: Claimable, row_id: int, **values: object) -> None:
    rows = table(model)
    db.execute(update(rows).where(rows.c.id == row_id).values(**values))
    db.commit()

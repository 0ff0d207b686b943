"""Claims: one worker at a time goes to the provider for a row, and no lock is held meanwhile.

A claim is a time in the row, set by compare-and-set and forgotten when it passes, so that the work
of a process that died is taken over. Claims count wall time: they guard against processes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app import clock
from app.db.base import table
from app.models import Act, CheckoutSession, Customer, ProviderPrice, ProviderTaxRate

Claimable = (
    type[Act] | type[CheckoutSession] | type[Customer] | type[ProviderPrice] | type[ProviderTaxRate]
)
Answer = TypeVar("Answer")

HOLD = timedelta(seconds=30)
WAIT_SECONDS = 15.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5


def take(db: Session, model: Claimable, row_id: int) -> bool:
    """Claim a row for 30 s and commit; False where someone else holds it."""
    now = clock.wall()
    rows = table(model)
    taken = db.connection().execute(
        update(rows)
        .where(
            rows.c.id == row_id,
            or_(rows.c.claimed_until.is_(None), rows.c.claimed_until < now),
        )
        .values(claimed_until=now + HOLD)
    )
    db.commit()
    return taken.rowcount == 1


def release(db: Session, model: Claimable, row_id: int) -> None:
    """Give a claim back and commit."""
    rows = table(model)
    db.connection().execute(update(rows).where(rows.c.id == row_id).values(claimed_until=None))
    db.commit()


def wait(db: Session, answer: Callable[[], Answer | None]) -> Answer | None:
    """Ask until there is an answer, at most 15 s, holding no transaction and no connection between
    two askings."""
    deadline = time.monotonic() + WAIT_SECONDS
    pause = _FIRST_PAUSE
    while True:
        found = answer()
        db.commit()
        if found is not None or time.monotonic() > deadline:
            return found
        time.sleep(pause * random.uniform(0.7, 1.3))
        pause = min(pause * 1.5, _LONGEST_PAUSE)

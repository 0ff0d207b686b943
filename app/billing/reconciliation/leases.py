"""Leases: one process at a time does a recurring work, and the next knows when it was done."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import once
from app.db.base import table
from app.models import Lease

HOLD = timedelta(minutes=1)
_LEASE = table(Lease)


def take(db: Session, name: str) -> bool:
    """Take the lease of a piece of work for a minute and commit; False where another has it."""
    once.insert(db, Lease, {"name": name})
    now = clock.wall()
    taken = db.connection().execute(
        update(_LEASE)
        .where(
            _LEASE.c.name == name,
            or_(_LEASE.c.held_until.is_(None), _LEASE.c.held_until < now),
        )
        .values(held_until=now + HOLD)
    )
    db.commit()
    return taken.rowcount == 1


def renew(db: Session, name: str) -> None:
    """Hold a lease for one more minute, and commit."""
    held = update(_LEASE).where(_LEASE.c.name == name)
    db.connection().execute(held.values(held_until=clock.wall() + HOLD))
    db.commit()


def release(db: Session, name: str, *, done_at: datetime) -> None:
    """Give a lease back, noting when the work was done, and commit."""
    held = update(_LEASE).where(_LEASE.c.name == name)
    db.connection().execute(held.values(held_until=None, done_at=done_at))
    db.commit()


def is_due(db: Session, name: str, every: timedelta, *, now: datetime) -> bool:
    """Take note that a piece of work is done at `now`, and commit; False where it was done less
    than `every` ago. Of several who ask at once one is told so."""
    once.insert(db, Lease, {"name": name})
    noted = db.connection().execute(
        update(_LEASE)
        .where(
            _LEASE.c.name == name,
            or_(
                _LEASE.c.done_at.is_(None),
                _LEASE.c.done_at <= now - every,
                # The demo's clock was put back.
                _LEASE.c.done_at > now,
            ),
        )
        .values(done_at=now)
    )
    db.commit()
    return noted.rowcount == 1


def forget(db: Session, name: str) -> None:
    """Take note that a piece of work is not done after all, and commit."""
    held = update(_LEASE).where(_LEASE.c.name == name)
    db.connection().execute(held.values(done_at=None))
    db.commit()


def last_done(db: Session, name: str) -> datetime | None:
    """Answer when a piece of work was last done."""
    return db.scalar(select(func.max(Lease.done_at)).where(Lease.name == name))

"""User sessions: where a person is signed in by password, and ending that."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotFound
from app.db import lock
from app.models import User, UserSession

# How long a sign-in by password lasts.
LASTS = timedelta(hours=24)
# How often it is written down that one is in use.
SEEN_EVERY = timedelta(minutes=5)
_KEPT = timedelta(days=30)


def begin(db: Session, user_id: int, *, address: str | None, agent: str | None) -> UserSession:
    """Write down a sign-in and answer it; what is older than a month is forgotten."""
    now = clock.wall()
    db.execute(
        delete(UserSession).where(
            UserSession.user_id == user_id, UserSession.created_at < now - _KEPT
        )
    )
    begun = UserSession(user_id=user_id, address=address, agent=agent, seen_at=now)
    db.add(begun)
    db.flush()
    return begun


def listed(db: Session, user_id: int) -> list[UserSession]:
    """Answer where a person is signed in now, the newest first."""
    found = select(UserSession).where(*_open(user_id)).order_by(UserSession.id.desc())
    return list(db.scalars(found))


def saw(db: Session, uuid: UUID, *, address: str | None) -> None:
    """Write down that a session is in use, and from where; one that is gone stays so."""
    db.execute(
        update(UserSession)
        .where(UserSession.uuid == uuid)
        .values(seen_at=clock.wall(), address=address)
        .execution_options(synchronize_session=False)
    )


def end(db: Session, user_id: int, uuid: UUID) -> None:
    """End one session of a person at once; raises NotFound where it is not theirs or has ended."""
    user = lock.one(db, User, user_id)
    ended = db.execute(
        update(UserSession)
        .where(UserSession.uuid == uuid, *_open(user_id))
        .values(ended_at=clock.wall())
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    )
    if ended.first() is None:
        raise NotFound("This session has ended.")
    user.ended_sessions = _ended(db, user_id)
    db.flush()


def end_all(db: Session, user: User) -> None:
    """End every session of a person at once, those too that nobody wrote down."""
    db.execute(
        update(UserSession)
        .where(UserSession.user_id == user.id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.wall())
        .execution_options(synchronize_session=False)
    )
    db.flush()
    lock.one(db, User, user.id)
    user.session_epoch += 1
    user.ended_sessions = []
    db.flush()


def _ended(db: Session, user_id: int) -> list[str]:
    """Those a cookie could still name: an older one has ended by itself."""
    found = select(UserSession.uuid).where(
        UserSession.user_id == user_id,
        UserSession.ended_at.is_not(None),
        UserSession.created_at > _oldest(),
    )
    return [str(uuid) for uuid in db.scalars(found.order_by(UserSession.id))]


def _open(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        UserSession.user_id == user_id,
        UserSession.ended_at.is_(None),
        UserSession.created_at > _oldest(),
    )


def _oldest() -> datetime:
    return clock.wall() - LASTS

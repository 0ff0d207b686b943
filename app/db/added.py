"""Which kinds of rows a session adds: told after the commit, so that others can go on at once."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction, sessionmaker

from app.db.base import Base

_KINDS = "added"


def note(db: Session, kind: type[Base]) -> None:
    """Note that a row of a kind was added by a statement of its own."""
    db.info.setdefault(_KINDS, set()).add(kind)


def watch(sessions: sessionmaker[Session], tell: Callable[[frozenset[type[Base]]], None]) -> None:
    """Tell after each commit of these sessions what it added; what is rolled back is not told."""

    def flushed(db: Session, _: UOWTransaction) -> None:
        for row in db.new:
            note(db, type(row))

    def committed(db: Session) -> None:
        kinds = db.info.pop(_KINDS, None)
        if kinds:
            tell(frozenset(kinds))

    def rolled_back(db: Session) -> None:
        db.info.pop(_KINDS, None)

    event.listen(sessions, "after_flush", flushed)
    event.listen(sessions, "after_commit", committed)
    event.listen(sessions, "after_rollback", rolled_back)

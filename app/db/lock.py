"""Row locks, so that of two who would change a row one comes after the other."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import Session

from app.db.base import Base

Row = TypeVar("Row", bound=Base)


def one(db: Session, model: type[Row], row_id: int) -> Row:
    """Lock a row until the commit and answer it as it is now.

    Others may go on writing rows that point at it: with the stronger lock two transactions that
    each write something about the other's row would wait for each other (PostgreSQL: "Row-Level
    Locks"). SQLite has one writer at a time anyway.
    """
    return db.get_one(model, row_id, with_for_update={"key_share": True}, populate_existing=True)

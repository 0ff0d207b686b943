"""Row locks, so that of two who would change a row one comes after the other."""

from __future__ import annotations

from functools import cache
from typing import TypeVar, cast

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app.db.base import Base

Row = TypeVar("Row", bound=Base)


def one(db: Session, model: type[Row], row_id: int) -> Row:
    """Lock a row until the commit and answer it as it is now.

    Others may go on writing rows that point at it: with the stronger lock two transactions that
    each write something about the other's row would wait for each other (PostgreSQL: "Row-Level
    Locks"). SQLite has one writer at a time anyway.
    """
    return cast(Row, db.scalars(_statement(model), {"row_id": row_id}).one())


def hold(db: Session, model: type[Base], row_id: int) -> None:
    """Lock a row until the commit as `one` does, for who need not read it."""
    db.connection().execute(_holding(model), {"row_id": row_id})


@cache
def _statement(model: type[Base]) -> Select[Base]:
    # Built once per kind: building it costs more than running it.
    return (
        select(model)
        .where(model.id == bindparam("row_id"))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


@cache
def _holding(model: type[Base]) -> Select[int]:
    return select(model.id).where(model.id == bindparam("row_id")).with_for_update(key_share=True)

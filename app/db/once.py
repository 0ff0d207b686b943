"""Inserts that do nothing where the row is already there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Executable, Insert, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import added, alone
from app.db.base import Base, table

Row = TypeVar("Row", bound=Base)


def insert(
    db: Session, model: type[Base], values: Mapping[str, Any], *, is_all: bool = False
) -> int | None:
    """Insert a row and answer its id; None where a unique promise already holds one. `is_all` says
    that the transaction writes nothing else (`alone`)."""
    connection = db.connection()
    statement = _statement(model, connection.dialect.name, tuple(values), is_read_back=False)
    run = alone.execute if is_all else Connection.execute
    row_id: int | None = run(connection, statement, values).scalar_one_or_none()
    if row_id is not None:
        added.note(db, model)
    return row_id


def insert_row(db: Session, model: type[Row], values: Mapping[str, Any]) -> Row | None:
    """Insert a row and answer it, by one statement; None where a unique promise already holds
    one."""
    dialect = db.connection().dialect.name
    statement = _reading_back(model, dialect, tuple(values))
    with db.no_autoflush:
        row = db.execute(statement, dict(values)).scalar_one_or_none()
    if row is not None:
        added.note(db, model)
    return cast("Row | None", row)


@lru_cache(maxsize=256)
def _reading_back(model: type[Base], dialect: str, names: tuple[str, ...]) -> Executable:
    # The session's own insert of a row works out anew at each run how to read it: three times the
    # cost of reading it like any other answer.
    insert_ = _statement(model, dialect, names, is_read_back=True)
    return select(model).from_statement(insert_)


@lru_cache(maxsize=256)
def _statement(
    model: type[Base], dialect: str, names: tuple[str, ...], *, is_read_back: bool
) -> Insert:
    # Built once per shape: on the hot paths building costs more than running.
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    columns = table(model).c
    places = {name: bindparam(name, type_=columns[name].type) for name in names}
    target, answer = (model, model) if is_read_back else (table(model), columns.id)
    return build(target).values(places).on_conflict_do_nothing().returning(answer)

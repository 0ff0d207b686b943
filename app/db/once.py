"""Inserts that do nothing where the row is already there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import added
from app.db.base import Base, table


def insert(db: Session, model: type[Base], values: Mapping[str, Any]) -> int | None:
    """Insert a row and answer its id; None where a unique promise already holds one."""
    connection = db.connection()
    statement = _statement(table(model), connection.dialect.name, tuple(values))
    row_id: int | None = connection.execute(statement, values).scalar_one_or_none()
    if row_id is not None:
        added.note(db, model)
    return row_id


@lru_cache(maxsize=256)
def _statement(target: Table, dialect: str, names: tuple[str, ...]) -> Insert:
    # Built once per shape: on the hot paths building costs more than running.
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    places = {name: bindparam(name, type_=target.c[name].type) for name in names}
    return build(target).values(places).on_conflict_do_nothing().returning(target.c.id)

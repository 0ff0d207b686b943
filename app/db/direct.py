"""Questions that are asked on every page: put into words once, and asked of the driver itself.

What SQLAlchemy does around a statement costs a narrow one three times the driver's own work.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection


class Question:
    """A SELECT of columns that gives one row or none. What differs stands in it as `bindparam`,
    never as a list."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._worded: WeakKeyDictionary[Engine, Words] = WeakKeyDictionary()

    def ask(self, db: Session, values: Mapping[str, Any]) -> Any:
        """Answer the row, its columns by their names, or None. It sees what the session sees: in
        its transaction where it has begun one, else what is committed."""
        engine = db.get_bind().engine
        words = self._worded.get(engine)
        if words is None:
            words = self._worded[engine] = Words(self._statement, engine.dialect)
        if db.in_transaction():
            return _first(words.ask(engine, db.connection().connection, values))
        connection = engine.raw_connection()
        try:
            return _first(words.ask(engine, connection, values))
        except engine.dialect.loaded_dbapi.Error as error:
            # The connection may be broken, which SQLAlchemy finds out and says as always.
            connection.invalidate(error)
            return db.execute(self._statement, values).one_or_none()
        finally:
            connection.close()


class Words:
    """A statement as a database is asked it, and how its values are written and read."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._said = str(compiled)
        self._fixed = compiled.params
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        self._write = _needed(
            (name, place.type.dialect_impl(dialect).bind_processor(dialect))
            for name, place in compiled.binds.items()
        )
        columns = statement.selected_columns
        row = namedtuple("Row", columns.keys())  # type: ignore[misc]
        self._named = row._make
        self._read = _needed(
            (place, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for place, column in enumerate(columns)
        )

    def ask(
        self, engine: Engine, connection: PoolProxiedConnection, values: Mapping[str, Any]
    ) -> list[Any]:
        """Answer the rows."""
        given = self._written(values)
        cursor = connection.cursor()
        try:
            # Whoever listens to what a database is asked hears this too.
            for hear in engine.dispatch.before_cursor_execute:
                hear(None, cursor, self._said, given, None, False)
            cursor.execute(self._said, given)
            return [self._named(self._shown(row)) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def _written(self, values: Mapping[str, Any]) -> Any:
        given = {**self._fixed, **values}
        for name, write in self._write:
            given[name] = write(given[name])
        return given if self._order is None else [given[name] for name in self._order]

    def _shown(self, row: Any) -> list[Any]:
        shown = list(row)
        for place, read in self._read:
            shown[place] = read(shown[place])
        return shown


def _first(rows: list[Any]) -> Any:
    return rows[0] if rows else None


def _needed(
    conversions: Iterator[tuple[Any, Callable[[Any], Any] | None]],
) -> list[tuple[Any, Callable[[Any], Any]]]:
    return [(where, convert) for where, convert in conversions if convert is not None]

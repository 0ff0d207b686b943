"""Intake: rows that come one by one and often, stored together where they come at once.

A call that only stores a row pays for a statement, a round trip and a commit. Those that come while
rows are being stored share the next ones (in the literature: group commit).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql

from app.db import alone, once
from app.db.base import Base, first_value, table
from app.db.engine import Database

Row = dict[str, Any]


class _Slip:
    """A row that waits to be stored, and what came of it."""

    __slots__ = ("error", "is_settled", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.is_settled = False
        self.error: Exception | None = RuntimeError("the row was not stored")

    def settle(self, error: Exception | None = None) -> None:
        """Say what came of it."""
        self.is_settled, self.error = True, error


class Intake:
    """Stores rows of a model, each unless a unique promise holds one already.

    `order` names the columns that sort rows stored together: two processes that store the same rows
    in another order would wait for each other for ever. For PostgreSQL; SQLite has one writer at a
    time.
    """

    def __init__(self, database: Database, model: type[Base], *, order: Sequence[str]) -> None:
        self._database, self._model, self._order = database, model, order
        self._columns = [column for column in table(model).c if not column.primary_key]
        places = {
            column.name: bindparam(column.name, type_=column.type) for column in self._columns
        }
        insert = postgresql.insert(table(model)).values(places).on_conflict_do_nothing()
        self._sql = str(insert.compile(dialect=database.engine.dialect))
        self._waiting: deque[_Slip] = deque()
        self._turn = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many rows wait until those before them are stored."""
        return len(self._waiting)

    def put(self, row: Row) -> None:
        """Store a row; it is durable when this returns. Raises what the database says against it,
        which harms no other row."""
        slip = _Slip(row)
        self._waiting.append(slip)
        with self._turn:
            if not slip.is_settled:
                self._store([self._waiting.popleft() for _ in range(len(self._waiting))])
        if slip.error is not None:
            raise slip.error

    def _store(self, slips: list[_Slip]) -> None:
        try:
            self._write(sorted((self._whole(slip.row) for slip in slips), key=self._place))
        except Exception:
            # One of them is not as the database wants it, or the connection broke.
            for slip in slips:
                self._store_alone(slip)
        else:
            for slip in slips:
                slip.settle()

    def _store_alone(self, slip: _Slip) -> None:
        try:
            with self._database.single() as db:
                once.insert(db, self._model, slip.row)
                db.commit()
        except Exception as error:
            slip.settle(error)
        else:
            slip.settle()

    def _write(self, rows: list[Row]) -> None:
        """Store rows by a statement that was put into words once, in a transaction of its own."""
        with self._database.connection() as connection:
            driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
            with alone.committing(driver):
                connection.exec_driver_sql(self._sql, rows)
            connection.commit()

    def _whole(self, row: Row) -> Row:
        """A row with every column: what its model gives where nothing is said, else NULL."""
        return {column.name: first_value(column) for column in self._columns} | row

    def _place(self, row: Row) -> list[str]:
        return [str(row[name]) for name in self._order]

"""The engine and its two kinds of session: one that reads, one that may write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from app.db import added, alone
from app.db.base import Base

# Nobody waits for another's transaction for ever, nor lets others wait for one he does nothing in.
_BUSY_SECONDS = 15
_LOCK_SECONDS = 30
_IDLE_SECONDS = 300
# Nor for a server that is gone without a word.
_KEPT_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
Listener = Callable[[frozenset[type[Base]]], None]


class Database:
    """One database and the sessions on it.

    On SQLite a session that may write begins IMMEDIATE: a read that turns into a write would fail
    at once where another connection wrote meanwhile (SQLite: "Isolation In SQLite").
    """

    def __init__(self, url: str, *, pool: int = 16) -> None:
        self.engine = _engine(url, pool)
        self._read = sessionmaker(_reading(self.engine), expire_on_commit=False)
        self._writing = self.engine.execution_options(portico_writes=True)
        self._write = sessionmaker(self._writing, expire_on_commit=False)
        # Each is told after a commit which kinds of rows it added.
        self.listeners: list[Listener] = []
        added.watch(self._write, self._tell)

    @property
    def is_sqlite(self) -> bool:
        """The embedded database is in use."""
        return self.engine.dialect.name == "sqlite"

    def reader(self) -> Session:
        """Answer a session that only reads."""
        return self._read()

    def writer(self) -> Session:
        """Answer a session that may write."""
        return self._write()

    def single(self) -> Session:
        """Answer a session for one statement that writes, to be committed like any other. On
        PostgreSQL the statement commits by itself, which saves it two round trips."""
        return self._write() if self.is_sqlite else self._read()

    def connection(self) -> Connection:
        """Answer a connection that may write, for who ends its transactions himself."""
        return self._writing.connect()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that may write, commit it at the end, roll it back on an error."""
        with self._write() as db, db.begin():
            yield db

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _tell(self, kinds: frozenset[type[Base]]) -> None:
        for listener in self.listeners:
            listener(kinds)


def _engine(url: str, pool: int) -> Engine:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url, pool_size=pool, max_overflow=48, connect_args={"timeout": _BUSY_SECONDS}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # No connection is held around a provider call, so few serve many threads, and the processes of
    # one machine stay below the hundred that PostgreSQL allows by default.
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        connect_args={"cursor_factory": _Cursor, **_KEPT_ALIVE},
    )
    event.listen(engine, "connect", _prepare_postgres)
    return engine


class _Cursor(psycopg.Cursor[Any]):
    """A cursor for PostgreSQL that begins a transaction late and describes its columns plainly."""

    def execute(self, query: Any, *args: Any, **options: Any) -> Self:
        """Run a statement. What is only read before the first write or lock is read outside of the
        transaction: at READ COMMITTED each statement sees what is committed by then anyway, and
        many a transaction never writes, which saves its BEGIN and its end."""
        if _is_plain_read(query) and alone.is_possible(self.connection):
            with alone.committing(self.connection):
                return super().execute(query, *args, **options)
        return super().execute(query, *args, **options)

    @property
    def description(self) -> Any:
        """Name and type of each column in plain tuples, which is all that SQLAlchemy reads;
        psycopg's own objects cost a tenth of a query."""
        result = self.pgresult
        if result is None or result.status != ExecStatus.TUPLES_OK:
            return None
        return [
            ((result.fname(place) or b"").decode(), result.ftype(place))
            for place in range(result.nfields)
        ]


def _is_plain_read(query: Any) -> bool:
    return isinstance(query, str) and query.startswith("SELECT") and " FOR " not in query


def _reading(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine
    # At PostgreSQL's READ COMMITTED a transaction gives a reader nothing, and its end by ROLLBACK
    # makes psycopg forget every prepared statement of the connection ("Prepared statements").
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling is switched off; _begin_sqlite begins instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _prepare_postgres(connection: Any, _record: object) -> None:
    with alone.committing(connection), connection.cursor() as cursor:
        cursor.execute(
            f"SET lock_timeout = '{_LOCK_SECONDS}s';"
            f" SET idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'"
        )


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("portico_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

"""Statements that are a whole transaction on PostgreSQL: nothing is sent to begin or to end it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, CursorResult, Executable


def execute(
    connection: Connection, statement: Executable, values: Mapping[str, Any]
) -> CursorResult[Any]:
    """Run the only statement that the transaction at hand writes with; commit it like any other.

    On PostgreSQL it is durable when this returns, which saves two round trips, unless something was
    written or locked before: then, and on SQLite, the commit makes it so.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection) and is_possible(driver):
        with committing(driver):
            return connection.execute(statement, values)
    return connection.execute(statement, values)


def is_possible(driver: psycopg.Connection[Any]) -> bool:
    """Answer whether no transaction has begun at the server that a statement would have to join."""
    return not driver.autocommit and driver.pgconn.transaction_status == TransactionStatus.IDLE


@contextmanager
def committing(driver: psycopg.Connection[Any]) -> Iterator[None]:
    """Let each statement meanwhile commit by itself."""
    driver.autocommit = True
    try:
        yield
    finally:
        # A connection that broke meanwhile is thrown away; the error says why.
        if not driver.closed:
            driver.autocommit = False

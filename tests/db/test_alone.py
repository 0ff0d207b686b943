"""Transactions that begin late, or are one statement."""

from __future__ import annotations

import uuid

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import Insert, func, insert, select
from sqlalchemy.orm import Session

from app.db import alone
from app.db.base import table
from app.db.engine import Database
from app.models import User

USERS = table(User)


def somebody() -> Insert:
    """Answer a statement that adds a person."""
    return insert(USERS).values(email=f"{uuid.uuid4()}@globex.example")


def people(database: Database) -> int:
    """Answer how many there are for everybody else."""
    with database.reader() as db:
        return db.scalar(select(func.count()).select_from(User)) or 0


def status(db: Session) -> TransactionStatus:
    """Answer how far the server is with a session's transaction."""
    driver = db.connection().connection.driver_connection
    assert driver is not None
    return TransactionStatus(driver.info.transaction_status)


class TestAStatementAlone:
    def test_is_stored_with_the_commit_at_the_latest(self, database: Database) -> None:
        with database.writer() as db:
            alone.execute(db.connection(), somebody(), {})
            db.commit()

        assert people(database) == 1

    @pytest.mark.postgres
    def test_is_durable_at_once_on_postgresql(self, database: Database) -> None:
        with database.writer() as db:
            alone.execute(db.connection(), somebody(), {})

            assert people(database) == 1

    def test_joins_what_was_written_before_and_goes_with_it(self, database: Database) -> None:
        with database.writer() as db:
            db.connection().execute(somebody())
            alone.execute(db.connection(), somebody(), {})
            db.rollback()

        assert people(database) == 0

    @pytest.mark.postgres
    def test_leaves_those_that_follow_to_a_commit_of_theirs(self, database: Database) -> None:
        with database.writer() as db:
            alone.execute(db.connection(), somebody(), {})
            db.connection().execute(somebody())
            db.rollback()

        assert people(database) == 1


class TestAWriter:
    @pytest.mark.postgres
    def test_holds_no_transaction_while_it_only_reads(self, database: Database) -> None:
        with database.writer() as db:
            db.execute(select(User)).all()

            assert status(db) == TransactionStatus.IDLE

    @pytest.mark.postgres
    def test_begins_one_with_a_lock(self, database: Database) -> None:
        with database.writer() as db:
            db.execute(select(User)).all()
            db.execute(select(User).with_for_update()).all()

            assert status(db) == TransactionStatus.INTRANS

    def test_takes_back_all_it_has_written_since_it_read(self, database: Database) -> None:
        with database.writer() as db:
            db.execute(select(User)).all()
            db.add(User(email="new@globex.example"))
            db.flush()
            db.execute(select(User)).all()
            db.rollback()

        assert people(database) == 0

"""Readers hold no transaction on PostgreSQL; writers do, and leave nothing behind on an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, text

from app.db.engine import Database
from app.models import App


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def acme() -> App:
    return App(name="Acme Notes", seller_name="Acme Notes GmbH", seller_country="DE")


class TestReader:
    def test_sees_what_a_writer_committed(self, database: Database) -> None:
        with database.transaction() as db:
            db.add(acme())

        with database.reader() as db:
            assert db.scalars(select(App.name)).all() == ["Acme Notes"]

    def test_keeps_statements_prepared_when_it_is_closed(self, postgres_url: str) -> None:
        database = Database(postgres_url)
        for _ in range(10):
            with database.reader() as db:
                db.execute(text("SELECT 42 AS kept"))

        with database.reader() as db:
            kept = db.scalars(text("SELECT statement FROM pg_prepared_statements")).all()

        database.close()
        assert any("AS kept" in statement for statement in kept)


class TestSingle:
    def test_keeps_its_statement_once_it_is_committed(self, database: Database) -> None:
        with database.single() as db:
            db.execute(insert(App).values(name="Acme Notes", seller_name="A", seller_country="DE"))
            db.commit()

        with database.reader() as db:
            assert db.scalars(select(App.name)).all() == ["Acme Notes"]


class TestTransaction:
    def test_leaves_nothing_behind_on_an_error(self, database: Database) -> None:
        with pytest.raises(RuntimeError), database.transaction() as db:
            db.add(acme())
            db.flush()
            raise RuntimeError("the power fails")

        with database.reader() as db:
            assert db.scalars(select(App.name)).all() == []

"""Migrations: up, down, and equal to the models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from app.db import migrations
from app.db.base import Base
from app.db.engine import Database
from tests import databases


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a database without a table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server = request.getfixturevalue("postgres_server")
    with databases.postgres(server, template="template0") as url:
        yield url


class TestUpgrade:
    def test_makes_the_tables_of_the_models(self, empty_url: str) -> None:
        migrations.upgrade(empty_url)

        assert migrations.differences(empty_url) == []
        assert migrations.current(empty_url) == migrations.newest()

    def test_makes_constraints_and_indexes_word_for_word_as_the_models_do(
        self, empty_url: str
    ) -> None:
        migrations.upgrade(empty_url)
        migrated = _definitions(empty_url)
        migrations.downgrade(empty_url, "base")
        _create_all(empty_url)

        assert migrated == _definitions(empty_url)

    def test_twice_changes_nothing(self, empty_url: str) -> None:
        migrations.upgrade(empty_url)
        once = _definitions(empty_url)

        migrations.upgrade(empty_url)

        assert _definitions(empty_url) == once


class TestDowngrade:
    def test_leaves_no_table_of_ours(self, empty_url: str) -> None:
        migrations.upgrade(empty_url)

        migrations.downgrade(empty_url, "base")

        assert _tables(empty_url) <= {"alembic_version"}

    def test_can_go_up_again(self, empty_url: str) -> None:
        migrations.upgrade(empty_url)
        migrations.downgrade(empty_url, "base")

        migrations.upgrade(empty_url)

        assert migrations.differences(empty_url) == []


class TestDifferences:
    def test_names_what_a_database_lacks(self, empty_url: str) -> None:
        migrations.upgrade(empty_url)
        database = Database(empty_url)
        with database.engine.begin() as connection:
            connection.execute(text("DROP INDEX ix_audit_entry_app_id_id"))
        database.close()

        found = migrations.differences(empty_url)

        assert len(found) == 1
        assert "ix_audit_entry_app_id_id" in found[0]


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    return tables


def _create_all(url: str) -> None:
    database = Database(url)
    Base.metadata.create_all(database.engine)
    database.close()


def _definitions(url: str) -> dict[str, list[str]]:
    database = Database(url)
    with database.engine.connect() as connection:
        if database.is_sqlite:
            found = _sqlite_definitions(connection)
        else:
            found = _postgres_definitions(connection)
    database.close()
    return found


def _sqlite_definitions(connection: Connection) -> dict[str, list[str]]:
    rows = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE tbl_name != 'alembic_version'")
    )
    # The order of the parts of a table has no meaning, nor has their indentation.
    return {
        name: sorted(part.strip() for part in re.split(r",?\s*\n\s*", sql or ""))
        for name, sql in rows
    }


def _postgres_definitions(connection: Connection) -> dict[str, list[str]]:
    queries = {
        "columns": """
            SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable)
            FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name != 'alembic_version'""",
        "constraints": """
            SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
            FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
            AND conrelid::regclass::text != 'alembic_version'""",
        "indexes": """
            SELECT indexdef FROM pg_indexes
            WHERE schemaname = 'public' AND tablename != 'alembic_version'""",
    }
    return {name: sorted(connection.scalars(text(query))) for name, query in queries.items()}

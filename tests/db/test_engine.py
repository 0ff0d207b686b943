"""Sessions that read, and sessions that may write."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.models import Tenant, User
from tests import together
from tests.cast import World


class TestTransaction:
    def test_commits_at_the_end(self, database: Database) -> None:
        with database.transaction() as db:
            db.add(User(email="new@globex.example"))

        with database.reader() as db:
            assert db.scalar(select(func.count()).select_from(User)) == 1

    def test_takes_everything_back_on_an_error(self, database: Database) -> None:
        with pytest.raises(RuntimeError), database.transaction() as db:
            db.add(User(email="new@globex.example"))
            db.flush()
            raise RuntimeError

        with database.reader() as db:
            assert db.scalar(select(func.count()).select_from(User)) == 0


class TestWriter:
    def test_reads_and_then_writes_without_losing_anothers_change(
        self, world: World, database: Database
    ) -> None:
        tenant_id = world.globex.id

        def add_a_letter(db: Session) -> None:
            name = db.scalar(select(Tenant.city).where(Tenant.id == tenant_id).with_for_update())
            db.execute(update(Tenant).where(Tenant.id == tenant_id).values(city=f"{name}!"))

        def add_five(_: int) -> None:
            for _ in range(5):
                with database.transaction() as db:
                    add_a_letter(db)

        together.each(add_five, range(8))

        with database.reader() as db:
            city = db.scalar(select(Tenant.city).where(Tenant.id == world.globex.id))
        assert city == "Berlin" + "!" * 40

    def test_lets_readers_read_meanwhile(
        self, world: World, db: Session, database: Database
    ) -> None:
        world.globex.city = "Potsdam"
        db.flush()

        with database.reader() as other:
            city = other.scalar(select(Tenant.city).where(Tenant.id == world.globex.id))

        assert city == "Berlin"


class TestSqlite:
    @pytest.mark.parametrize(
        ("pragma", "value"),
        [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15000)],
    )
    def test_is_set_up_to_keep_what_it_was_given(
        self, tmp_path: Path, pragma: str, value: object
    ) -> None:
        database = Database(f"sqlite:///{tmp_path / 'new' / 'portico.sqlite3'}")

        with database.engine.connect() as connection:
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value
        database.close()


@pytest.mark.postgres
class TestPostgres:
    @pytest.mark.parametrize(
        ("setting", "value"),
        [("lock_timeout", "30s"), ("idle_in_transaction_session_timeout", "5min")],
    )
    @pytest.mark.parametrize("kind", ["reader", "writer"])
    def test_lets_nobody_wait_for_ever(
        self, database: Database, kind: str, setting: str, value: str
    ) -> None:
        with getattr(database, kind)() as db:
            db.rollback()

            assert db.scalar(text(f"SHOW {setting}")) == value

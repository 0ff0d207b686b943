"""Tables are changed while people and providers use them: no request fails, and a program beside
newer tables goes on."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import create_app
from app.billing.site import Site
from app.db import migrations
from app.db.engine import Database
from app.models import ProviderEvent
from config import Config
from tests import databases, together
from tests.bench import visitors
from tests.cast import World
from tests.waiting import until

pytestmark = pytest.mark.postgres

NEXT = "0999"
# As in migrations/env.py: programs of every version have to agree on it.
LOCK = 7305482011
# What the next minor version may do: it adds, and takes nothing away.
EXPANDING = '''
"""What a later version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenant", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column("provider_event", sa.Column("weight", sa.Integer(), nullable=True))
    op.create_table("later", sa.Column("id", sa.BigInteger(), primary_key=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_provider_event_weight", "provider_event", ["weight"], postgresql_concurrently=True
        )


def downgrade() -> None:
    op.drop_table("later")
    op.drop_column("provider_event", "weight")
    op.drop_column("tenant", "note")
'''


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """Give a database on PostgreSQL that nothing outlives."""
    with databases.postgres(postgres_server) as url:
        yield url


@pytest.fixture
def later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have `migrations` bring one revision more than this version has, and answer its name."""
    newest = migrations.newest()
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEXT}_later.py").write_text(
        EXPANDING.format(next=NEXT, newest=newest)
    )
    monkeypatch.setattr(migrations, "FOLDER", folder)
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 0.3)
    monkeypatch.setattr(migrations, "_PAUSE_SECONDS", 0.1)
    return NEXT


@dataclass
class Users:
    """People who open pages and a provider who knocks, again and again."""

    flask_app: Flask
    page: str
    hook: str
    cookie: str
    answers: list[int] = field(default_factory=list)
    slowest: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def open_pages(self) -> None:
        """Open the plans page until all is over."""
        client = self.flask_app.test_client(use_cookies=False)
        while not self.ended.is_set():
            self._note(partial(client.get, self.page, headers={"Cookie": self.cookie}))

    def knock(self) -> None:
        """Knock with new events until all is over."""
        client = self.flask_app.test_client(use_cookies=False)
        while not self.ended.is_set():
            at = f"tr_{len(self.answers)}x{threading.get_ident()}"
            self._note(partial(client.post, self.hook, data={"id": at}))

    def _note(self, answer: Callable[[], TestResponse]) -> None:
        begun = time.monotonic()
        self.answers.append(answer().status_code)
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def have_had(self, more: int) -> None:
        """Wait until that many more requests were answered."""
        wanted = len(self.answers) + more
        until(lambda: len(self.answers) >= wanted, "requests are answered")


@pytest.fixture
def users(config: Config, site: Site, world: World, database: Database) -> Iterator[Users]:
    """Give users who are at it."""
    flask_app = create_app(config, site=site, database=database)
    hook = site.hook_url(world.account("mollie"))
    assert hook is not None
    tenant, tara = world.globex.uuid, world.tara.id
    world.db.commit()
    users = Users(
        flask_app,
        f"/t/{tenant}/plans",
        hook.removeprefix(config.PUBLIC_URL),
        visitors.cookie(flask_app, tara),
    )
    working = [together.start(work) for work in (users.open_pages, users.knock) * 2]
    try:
        users.have_had(20)
        yield users
    finally:
        users.ended.set()
    for one in working:
        one.answer()


class TestUpgrade:
    def test_under_load_fails_no_request(
        self, users: Users, later_version: str, database_url: str, database: Database
    ) -> None:
        migrations.upgrade(database_url)
        users.have_had(40)
        ready = users.flask_app.test_client().get("/readyz").get_json()
        users.ended.set()

        assert migrations.current(database_url) == later_version
        assert set(users.answers) == {200}
        assert ready["tables"].startswith("newer than this program")
        with database.reader() as db:
            stored = db.scalars(select(ProviderEvent.id)).all()
        assert len(stored) > 20

    def test_lets_everybody_through_while_a_table_is_in_use(
        self, users: Users, later_version: str, database_url: str
    ) -> None:
        plain = database_url.replace("+psycopg", "")
        with psycopg.connect(plain) as report:
            # A long report reads tenants, so that the table cannot be altered yet.
            report.execute("SELECT count(*) FROM tenant")
            upgrading = together.start(partial(migrations.upgrade, database_url))
            until(lambda: users.slowest > 0.2, "somebody waits behind the change")
            # As long as a change waits for its table, and not as long as the report takes.
            users.have_had(40)
            assert upgrading.goes_on
            report.rollback()
            upgrading.answer()
        users.have_had(20)

        assert migrations.current(database_url) == later_version
        assert set(users.answers) == {200}

    def test_waits_while_another_upgrades(self, later_version: str, database_url: str) -> None:
        waits = (
            "SELECT 1 FROM pg_stat_activity"
            " WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
        )
        plain = database_url.replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as another:
            another.execute(f"SELECT pg_advisory_lock({LOCK})")
            upgrading = together.start(partial(migrations.upgrade, database_url))
            until(lambda: another.execute(waits).fetchone() is not None, "it asks for its turn")
            assert upgrading.goes_on
            another.execute(f"SELECT pg_advisory_unlock({LOCK})")
            upgrading.answer()

        assert migrations.current(database_url) == later_version

    def test_gives_up_where_a_table_stays_locked_and_changes_nothing(
        self,
        later_version: str,
        database_url: str,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(migrations, "_TRIES", 2)
        before = migrations.current(database_url)
        with (
            database.reader() as db,
            psycopg.connect(database_url.replace("+psycopg", "")) as report,
        ):
            report.execute("SELECT count(*) FROM provider_event")

            with pytest.raises(OperationalError, match="lock timeout"):
                migrations.upgrade(database_url)

            columns = db.scalars(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = 'tenant'"
                )
            ).all()
        assert migrations.current(database_url) == before
        assert "note" not in columns

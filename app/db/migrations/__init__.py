"""Brings a database to the tables this version of Portico needs, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from app.db.engine import Database

FOLDER = Path(__file__).parent
# While a step waits for a table, whoever comes after it waits too. So it gives up soon, lets them
# through, and asks again.
LOCK_SECONDS = 2.0
_TRIES = 60
_PAUSE_SECONDS = 1.0


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database up to a revision, by default the newest, while programs go on using it.

    On PostgreSQL each step is a transaction of its own, and of several that upgrade at once one
    does it. Raises OperationalError where a table stays locked for minutes; what was done till then
    stays, and the next call goes on from there.
    """
    for tries in range(1, _TRIES + 1):
        try:
            with _connected(url) as config:
                command.upgrade(config, revision)
            return
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable) or tries == _TRIES:
                raise
            time.sleep(_PAUSE_SECONDS)


def downgrade(url: str, revision: str) -> None:
    """Take a database back to a revision; `base` leaves no table of ours."""
    with _connected(url) as config:
        command.downgrade(config, revision)


def current(url: str) -> str | None:
    """Answer the revision a database is at; None for an empty one."""
    with _connected(url) as config:
        return MigrationContext.configure(_connection(config)).get_current_revision()


def newest() -> str | None:
    """Answer the revision this version of Portico needs."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def differences(url: str) -> list[str]:
    """Answer what a database lacks or has beyond the models, in words; empty if they agree."""
    from app.db.base import Base

    with _connected(url) as config:
        context = MigrationContext.configure(_connection(config), opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def write(url: str, subject: str, revision: str) -> Path:
    """Write a migration from a database at the newest revision to today's models."""
    with _connected(url) as config:
        script = command.revision(config, message=subject, autogenerate=True, rev_id=revision)
    assert script is not None and not isinstance(script, list)
    return Path(script.path)


@contextmanager
def _connected(url: str) -> Iterator[AlembicConfig]:
    # The models must be known before their tables can be compared.
    import app.models  # noqa: F401

    database = Database(url)
    config = AlembicConfig()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with database.connection() as connection:
            config.attributes["connection"] = connection
            config.attributes["lock_seconds"] = LOCK_SECONDS
            # Only PostgreSQL can build an index beside its readers, and not in a transaction.
            with connection.begin() if database.is_sqlite else nullcontext():
                yield config
    finally:
        database.close()


def _connection(config: AlembicConfig) -> Connection:
    connection: Any = config.attributes["connection"]
    assert isinstance(connection, Connection)
    return connection

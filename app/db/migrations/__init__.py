"""Brings a database to the tables this version of Portico needs, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.db.engine import Database

FOLDER = Path(__file__).parent


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database up to a revision, by default the newest."""
    with _connected(url) as config:
        command.upgrade(config, revision)


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
        writer = database.engine.execution_options(portico_writes=True)
        with writer.begin() as connection:
            config.attributes["connection"] = connection
            yield config
    finally:
        database.close()


def _connection(config: AlembicConfig) -> Connection:
    connection: Any = config.attributes["connection"]
    assert isinstance(connection, Connection)
    return connection

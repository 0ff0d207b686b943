"""What Alembic runs for each command: our connection, our models, one at a time."""

import time
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from app.db.base import Base, UtcDateTime

# Any constant number: two programs that upgrade at the same time do it one after the other.
_LOCK = 7305482011
_LOOK_SECONDS = 0.1


def _render(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    # A migration stays what it was, so it names no type of ours.
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "MOMENT"
    if isinstance(item, sa.JSON):
        return "JSON"
    return "INTEGER" if isinstance(item, sa.BigInteger) else False


def _take_turn(connection: sa.Connection, lock_seconds: float) -> None:
    """Wait until nobody else upgrades; the connection's end lets the next one go on.

    Asked again and again: who waited inside a statement would hold a snapshot, for whose end an
    index that is built meanwhile waits (PostgreSQL: "Building Indexes Concurrently").
    """
    while not connection.scalar(sa.text(f"SELECT pg_try_advisory_lock({_LOCK})")):
        connection.rollback()
        time.sleep(_LOOK_SECONDS)
    connection.execute(sa.text(f"SET lock_timeout = {int(lock_seconds * 1000)}"))
    connection.commit()


connection = context.config.attributes["connection"]
is_postgres = connection.dialect.name == "postgresql"
if is_postgres:
    _take_turn(connection, context.config.attributes["lock_seconds"])
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
    transaction_per_migration=is_postgres,
)
with context.begin_transaction():
    context.run_migrations()

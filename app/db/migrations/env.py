"""What Alembic runs for each command: our connection, our models, one transaction."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from app.db.base import Base, UtcDateTime

# Any constant number: two programs that upgrade at the same time do it one after the other.
_LOCK = 7305482011


def _render(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    # A migration stays what it was, so it names no type of ours.
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "MOMENT"
    if isinstance(item, sa.JSON):
        return "JSON"
    return "INTEGER" if isinstance(item, sa.BigInteger) else False


connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Rows that come at once are stored together, and none of them to the harm of another."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.billing.site import Site
from app.billing.truth import events
from app.db.engine import Database
from app.db.intake import Intake
from app.models import ProviderEvent
from app.providers import base
from tests import together
from tests.cast import World
from tests.statements import Statements
from tests.waiting import until

# SQLite has one writer at a time, and so no use for it.
pytestmark = pytest.mark.postgres
WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND NOT granted AND mode = 'RowExclusiveLock'
"""


@pytest.fixture
def intake(database: Database) -> Intake:
    """Answer an intake for events."""
    return Intake(database, ProviderEvent, order=events.ORDER)


@pytest.fixture
def account_id(world: World) -> int:
    """Answer the account that the events are of."""
    found = world.account("stripe").id
    world.db.commit()
    return found


def row(account_id: int, site: Site, name: str, *, payload: str = "{}") -> dict[str, Any]:
    """Answer an event named so."""
    event = base.ProviderEvent(type="a", object_id=f"cs_{name}", provider_event_id=f"evt_{name}")
    return events.row_of(account_id, event, payload=payload, now=site.clock.now())


def kept(database: Database) -> list[tuple[str, str]]:
    """Answer each stored event with its payload."""
    with database.reader() as db:
        rows = db.execute(select(ProviderEvent.object_id, ProviderEvent.payload))
        return sorted((object_id, payload) for object_id, payload in rows)


class TestRowsThatComeAtOnce:
    def test_are_stored_by_one_statement_while_the_one_before_is(
        self, intake: Intake, database: Database, account_id: int, site: Site
    ) -> None:
        rows = [row(account_id, site, str(number)) for number in range(9)]
        statements = Statements(database)

        assert put_while_locked(intake, database, rows) == [None] * 9

        assert [name for name, _ in kept(database)] == [f"cs_{number}" for number in range(9)]
        inserts = [said for said in statements.said if said.startswith("INSERT")]
        assert len(inserts) == 2

    def test_harm_no_other_where_one_cannot_be_stored(
        self, intake: Intake, database: Database, account_id: int, site: Site
    ) -> None:
        rows = [row(account_id, site, str(number)) for number in range(5)]
        rows[3]["payload"] = "no text of PostgreSQL's: \x00"

        errors = put_while_locked(intake, database, rows)

        assert [place for place, error in enumerate(errors) if error] == [3]
        assert isinstance(errors[3], DBAPIError)
        assert [name for name, _ in kept(database)] == ["cs_0", "cs_1", "cs_2", "cs_4"]

    def test_are_stored_once_however_many_bring_them(
        self, database: Database, intake: Intake, account_id: int, site: Site
    ) -> None:
        another = Intake(database, ProviderEvent, order=events.ORDER)
        rows = [row(account_id, site, str(number % 10)) for number in range(80)]

        def put_five(caller: int) -> None:
            for row in rows[caller::16]:
                (intake, another)[caller % 2].put(row)

        together.each(put_five, range(16))

        assert [name for name, _ in kept(database)] == [f"cs_{number}" for number in range(10)]


class TestARow:
    def test_is_stored_whole_where_the_connection_was_lost(
        self, intake: Intake, database: Database, account_id: int, site: Site
    ) -> None:
        intake.put(row(account_id, site, "1"))
        end_idle_connections(database)

        intake.put(row(account_id, site, "2", payload='{"id": "evt_2"}'))

        assert kept(database) == [("cs_1", "{}"), ("cs_2", '{"id": "evt_2"}')]
        with database.reader() as db:
            stored = db.scalars(select(ProviderEvent).order_by(ProviderEvent.id.desc())).first()
        assert stored is not None
        assert (stored.state, stored.tries, stored.error) == ("received", 0, None)
        assert stored.uuid and stored.created_at


def put_while_locked(
    intake: Intake, database: Database, rows: list[dict[str, Any]]
) -> list[Exception | None]:
    """Bring the first row, and all others while it cannot be stored yet; answer what each met."""

    def put(row: dict[str, Any]) -> Exception | None:
        try:
            intake.put(row)
        except Exception as error:
            return error
        return None

    with database.transaction() as db, database.reader() as watch:
        db.execute(text("LOCK TABLE provider_event IN SHARE MODE"))
        waits = [together.start(partial(put, rows[0]))]
        until(lambda: watch.scalar(text(WAITING)), "the first row waits for the lock")
        waits += [together.start(partial(put, row)) for row in rows[1:]]
        until(lambda: intake.waiting == len(rows) - 1, "the others wait for the first")
    return [wait.answer() for wait in waits]


def end_idle_connections(database: Database) -> None:
    """End connections that nobody uses at the moment, as a restart of the server does."""
    connections = [database.engine.connect() for _ in range(4)]
    pids = [connection.scalar(text("SELECT pg_backend_pid()")) for connection in connections]
    for connection in connections[1:]:
        connection.close()
    connections[0].execute(
        text("SELECT pg_terminate_backend(pid) FROM unnest(:pids) AS pid"), {"pids": pids[1:]}
    )
    connections[0].close()

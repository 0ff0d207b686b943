"""Questions that share round trips."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import Event
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Connection, Select, delete, event, select

from app.db.base import table
from app.db.engine import Database
from app.db.shared import SharedQuestion
from app.models import Membership, Tenant, User
from tests import together, waiting
from tests.cast import World

USERS, TENANTS, MEMBERS = (table(model) for model in (User, Tenant, Membership))


def member(keys: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    """Answer a member of a tenant."""
    return (
        select(USERS.c.email, USERS.c.ended_sessions)
        .join(MEMBERS, MEMBERS.c.user_id == USERS.c.id)
        .join(TENANTS, TENANTS.c.id == MEMBERS.c.tenant_id)
        .where(TENANTS.c.uuid == keys["tenant"], USERS.c.id == keys["person"])
    )


@pytest.fixture
def question() -> SharedQuestion:
    """Answer the question after a person in a tenant."""
    return SharedQuestion(member, {"tenant": TENANTS.c.uuid.type, "person": USERS.c.id.type})


def names_at_once(
    database: Database,
    question: SharedQuestion,
    asked: list[dict[str, object]],
    said: list[str] | None = None,
) -> list[str | None]:
    """Answer whom each finds, all but the first asking while the first is on its way; `said` gets
    the statements."""
    heard: list[str] = [] if said is None else said
    is_asked, may_go = Event(), Event()

    def hold(_connection: Connection, _cursor: object, words: str, *_rest: object) -> None:
        heard.append(words)
        if len(heard) == 1:
            is_asked.set()
            assert may_go.wait(waiting.PATIENCE_SECONDS)

    def name(values: dict[str, object]) -> str | None:
        with database.reader() as db:
            row = question.ask(db, values)
            return None if row is None else str(row.email)

    event.listen(database.engine, "before_cursor_execute", hold)
    try:
        first = together.start(partial(name, asked[0]))
        waiting.until(is_asked.is_set, "the first is asked")
        others = [together.start(partial(name, values)) for values in asked[1:]]
        waiting.until(lambda: question.waiting == len(others), "the others wait")
        may_go.set()
        return [one.answer() for one in (first, *others)]
    finally:
        may_go.set()
        event.remove(database.engine, "before_cursor_execute", hold)


class TestAQuestion:
    def test_is_answered_alone_where_nobody_else_asks(
        self, database: Database, world: World, question: SharedQuestion
    ) -> None:
        asked = {"tenant": world.globex.uuid, "person": world.milo.id}

        with database.reader() as db:
            assert question.ask(db, asked).email == "milo@globex.example"
            assert question.ask(db, asked | {"person": world.peter.id}) is None
            assert question.waiting == 0

    def test_sees_what_its_session_has_written(
        self, database: Database, world: World, question: SharedQuestion
    ) -> None:
        asked = {"tenant": world.globex.uuid, "person": world.milo.id}
        with database.writer() as db:
            db.execute(delete(MEMBERS).where(MEMBERS.c.user_id == asked["person"]))

            assert question.ask(db, asked) is None


@pytest.mark.postgres
class TestQuestionsAtOnce:
    def test_share_a_round_trip_and_each_gets_its_own_row(
        self, database: Database, world: World, question: SharedQuestion
    ) -> None:
        people = (world.tara, world.milo, world.peter)
        asked = [{"tenant": world.globex.uuid, "person": person.id} for person in people] * 4
        names = ["tara@globex.example", "milo@globex.example", None] * 4
        said: list[str] = []

        assert names_at_once(database, question, asked, said) == names
        assert len(said) == 2

    def test_are_asked_alone_where_they_cannot_be_asked_together(
        self, database: Database, world: World
    ) -> None:
        def only_alone(keys: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
            wanted = member(keys)
            is_one = not hasattr(keys["person"], "table")
            return wanted if is_one else wanted.where(USERS.c.id / 0 == 1)

        question = SharedQuestion(
            only_alone, {"tenant": TENANTS.c.uuid.type, "person": USERS.c.id.type}
        )
        asked = {"tenant": world.globex.uuid, "person": world.tara.id}

        assert names_at_once(database, question, [asked] * 3) == ["tara@globex.example"] * 3

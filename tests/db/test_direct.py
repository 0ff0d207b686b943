"""Questions asked of the driver itself: the same answers, for less."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.orm import Session

from app.db.base import table
from app.db.direct import Question
from app.db.engine import Database
from app.models import App, Membership, Tenant, User
from tests.cast import World
from tests.statements import Statements

USERS, APPS, TENANTS, MEMBERS = (table(model) for model in (User, App, Tenant, Membership))
PERSON: Select[tuple[object, ...]] = (
    select(*USERS.c, *(column.label(f"app_{column.name}") for column in APPS.c))
    .join(MEMBERS, MEMBERS.c.user_id == USERS.c.id)
    .join(TENANTS, TENANTS.c.id == MEMBERS.c.tenant_id)
    .join(APPS, APPS.c.id == TENANTS.c.app_id)
    .where(TENANTS.c.uuid == bindparam("tenant"), USERS.c.id == bindparam("person"))
)


@pytest.fixture
def question() -> Question:
    """Answer a question after a person and an app, which have columns of every type."""
    return Question(PERSON)


def of(world: World) -> dict[str, object]:
    return {"tenant": world.globex.uuid, "person": world.tara.id}


class TestAQuestion:
    def test_gives_what_the_session_does(
        self, database: Database, world: World, question: Question
    ) -> None:
        world.tara.ended_sessions = ["one", "two"]
        world.db.commit()

        with database.reader() as db:
            row = question.ask(db, of(world))
            assert not db.in_transaction()
            assert row._asdict() == db.execute(PERSON, of(world)).one()._asdict()

        assert row.ended_sessions == ["one", "two"]
        assert row.app_uuid == world.app.uuid
        assert row.app_livemode is False

    def test_gives_none_where_there_is_no_row(
        self, database: Database, world: World, question: Question
    ) -> None:
        with database.reader() as db:
            assert question.ask(db, of(world) | {"tenant": uuid.uuid4()}) is None

    def test_sees_what_its_session_has_written(
        self, database: Database, world: World, question: Question
    ) -> None:
        asked = of(world)
        with database.writer() as db, database.reader() as other:
            db.execute(delete(MEMBERS).where(MEMBERS.c.user_id == asked["person"]))

            assert question.ask(db, asked) is None
            assert question.ask(other, asked) is not None

    def test_is_heard_by_whoever_listens(
        self, database: Database, world: World, question: Question
    ) -> None:
        asked = of(world)
        statements = Statements(database)

        with database.reader() as db:
            question.ask(db, asked)

        assert len(statements.said) == 1
        assert statements.said[0].startswith("SELECT")

    def test_is_asked_again_where_a_connection_was_lost(
        self, database: Database, world: World, question: Question
    ) -> None:
        asked = of(world)
        # So that the one that is lost is the next one to be used, and in nobody's way afterwards.
        database.close()
        lost = database.engine.raw_connection()
        driver = lost.driver_connection
        lost.close()
        assert driver is not None
        driver.close()

        with database.reader() as db:
            assert _name(db, question, asked) == "tara@globex.example"


def _name(db: Session, question: Question, asked: dict[str, object]) -> str:
    name: str = question.ask(db, asked).email
    return name

"""Who may open what in the console, asked route by route: a new route is asked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter

from app.models import App, AppMember, User
from tests.cast import World
from tests.pages import Visitor

# What stands for a part of a path: nothing there has this name.
ABSENT = {
    "uuid": "7f1d6a52-3f0e-4b57-9a53-0d8a1c5e2b64",
    "int": "4711",
    "default": "absent",
}
# Pages of the person, not of an app.
OF_NO_APP = {"/console/", "/console/apps", "/console/apps/new", "/console/invitations/<token>"}

Call = tuple[str, str, bool]


def calls(flask_app: Flask, app: UUID) -> Iterator[Call]:
    """Answer (method, path, for owners only) of every route of an app's console."""
    for rule in flask_app.url_map.iter_rules():
        if not rule.rule.startswith("/console/") or rule.rule in OF_NO_APP:
            continue
        assert "app" in rule.arguments, f"{rule.rule} names no app"
        view = flask_app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield method, _path(rule, app), bool(getattr(view, "console_owner", False))


def _path(rule: Rule, app: UUID) -> str:
    words = {name: _word(rule, name) for name in rule.arguments if name != "app"}
    built = rule.build({"app": app, **words})
    assert built is not None, rule.rule
    return str(built[1])


def _word(rule: Rule, name: str) -> str:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    kinds = {UUIDConverter: "uuid", IntegerConverter: "int"}
    return ABSENT[kinds.get(type(converter), "default")]


def statuses(visitor: Visitor, asked: list[Call]) -> dict[str, int]:
    return {
        f"{method} {path}": visitor.client.open(path, method=method).status_code
        for method, path, _ in asked
    }


@pytest.fixture
def asked(flask_app: Flask, world: World) -> list[Call]:
    # The gates are asked, not the forms' own tokens, which have tests of their own.
    flask_app.config["WTF_CSRF_ENABLED"] = False
    found = list(calls(flask_app, world.app.uuid))
    world.db.commit()
    return found


def other_owner(db: Session) -> User:
    """Make somebody who owns another app."""
    person = User(email="otto@other.example")
    other = App(name="Other", seller_name="Other Ltd", seller_country="IE")
    db.add_all([person, other])
    db.flush()
    db.add(AppMember(app_id=other.id, user_id=person.id, role="owner"))
    db.commit()
    return person


def support(db: Session, world: World) -> User:
    person = User(email="sam@acme.example")
    db.add(person)
    db.flush()
    db.add(AppMember(app_id=world.app.id, user_id=person.id, role="support"))
    db.commit()
    return person


class TestEveryRouteOfTheConsole:
    def test_is_many(self, asked: list[Call]) -> None:
        assert len(asked) > 60
        assert any(for_owners for *_, for_owners in asked)

    def test_asks_who_is_not_signed_in_to_do_so(self, nobody: Visitor, asked: list[Call]) -> None:
        wrong = {k: v for k, v in statuses(nobody, asked).items() if v != 303}

        assert wrong == {}

    def test_does_not_exist_for_a_tenants_people(
        self, tara: Visitor, milo: Visitor, asked: list[Call]
    ) -> None:
        for visitor in (tara, milo):
            wrong = {k: v for k, v in statuses(visitor, asked).items() if v != 404}

            assert wrong == {}

    def test_does_not_exist_for_the_owner_of_another_app(
        self, flask_app: Flask, db: Session, asked: list[Call]
    ) -> None:
        otto = Visitor(flask_app, other_owner(db))

        wrong = {k: v for k, v in statuses(otto, asked).items() if v != 404}

        assert wrong == {}

    def test_refuses_support_where_only_an_owner_may(
        self, flask_app: Flask, world: World, db: Session, asked: list[Call]
    ) -> None:
        sam = Visitor(flask_app, support(db, world))

        answered = statuses(sam, asked)

        refused = {f"{method} {path}" for method, path, owners in asked if owners}
        assert {k for k, v in answered.items() if v == 403} == refused
        assert {k: v for k, v in answered.items() if v >= 500} == {}

    def test_never_breaks_for_the_owner(
        self, flask_app: Flask, world: World, asked: list[Call]
    ) -> None:
        alice = Visitor(flask_app, world.alice)
        world.db.commit()

        answered = statuses(alice, asked)

        assert {k: v for k, v in answered.items() if v >= 500 or v in (401, 403)} == {}

"""Seeing a tenant's portal from the console: everything is shown, nothing can be done."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app import clock
from app.db.base import Base
from app.models import App, AppMember, AuditEntry, TimelineEntry
from app.web import viewings
from tests.cast import World
from tests.pages import Visitor

# What a person may still post: the console's own pages, their account, and leaving.
ALLOWED = ("/console/", "/account")


@pytest.fixture
def globex(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/customers/{world.globex.uuid}"


@pytest.fixture
def viewer(alice: Visitor, globex: str) -> Visitor:
    """Answer Alice while she looks at the portal of Globex."""
    alice.posts(f"{globex}/view")
    return alice


def portal_of(world: World) -> str:
    return f"/t/{world.globex.uuid}"


def forms_of(flask_app: Flask) -> Iterator[Rule]:
    """Answer every address a browser can send a form to, the console's own left out."""
    owners = flask_app.extensions["refusals"]
    for rule in flask_app.url_map.iter_rules():
        changes = set(rule.methods or ()) & {"POST", "PUT", "PATCH", "DELETE"}
        if changes and not owners(rule.rule) and not rule.rule.startswith(ALLOWED):
            yield rule


def address_of(rule: Rule, world: World) -> str:
    """Answer an address of a rule, the viewed tenant's where it names one."""
    places = {name: world.globex.uuid if name == "tenant" else uuid4() for name in rule.arguments}
    return str(rule.build(places, append_unknown=False)[1])  # type: ignore[index]


def rows(db: Session) -> dict[str, int]:
    """Answer how often each table was changed: its rows and their versions."""
    db.rollback()
    return {
        table.name: hash(tuple(map(str, db.execute(select(table).order_by(table.c.id)))))
        for table in Base.metadata.sorted_tables
    }


class TestAViewing:
    def test_shows_what_the_tenant_sees(self, viewer: Visitor, world: World) -> None:
        for path in (
            *("/", "/activity", "/plans", "/subscription", "/payment-methods", "/invoices"),
            *("/people", "/details", "/payment-methods/new", "/subscription/cancel"),
        ):
            page = viewer.opens(portal_of(world) + path)

            assert page.status == 200, path
            assert "You see what Globex sees; nothing can be changed." in page.words()
            assert "alice@acme.example" in page.words()

    def test_shows_no_button_but_the_way_back(self, viewer: Visitor, world: World) -> None:
        world.begin_plan(world.globex)
        end = f"/console/apps/{world.app.uuid}/customers/{world.globex.uuid}/view/end"

        for path in ("/", "/plans", "/subscription", "/payment-methods", "/people", "/details"):
            page = viewer.opens(portal_of(world) + path)
            sends = [f.get("action") for f in page.all("form") if f.get("method") == "post"]
            buttons = [b for b in page.all("button") if b.get("type") != "button"]

            assert set(sends) <= {end, f"{portal_of(world)}/plans"}, path
            assert len(buttons) == 1, path

    def test_is_told_to_the_tenant_and_to_the_app(
        self, viewer: Visitor, tara: Visitor, world: World, db: Session
    ) -> None:
        entry = db.scalars(select(TimelineEntry)).one()
        line = db.scalars(select(AuditEntry)).one()
        db.rollback()

        assert entry.kind == "portal.viewed"
        assert entry.cause == f"user {world.alice.uuid}"
        assert (line.action, line.subject) == ("portal.viewed", str(world.globex.uuid))
        assert "seen by the people of the app" in tara.opens(f"{portal_of(world)}/activity").words()

    def test_lets_no_form_of_any_page_through(
        self, flask_app: Flask, viewer: Visitor, world: World, db: Session
    ) -> None:
        rules = list(forms_of(flask_app))
        before = rows(db)

        answers = {
            rule.rule: viewer.posts(address_of(rule, world)).status
            for rule in rules
            if rule.endpoint != "entrance.leave"
        }

        assert {path for path in answers if path.startswith("/t/<uuid:tenant>/")}
        assert {path: status for path, status in answers.items() if status != 403} == {}
        assert rows(db) == before

    def test_lets_no_form_through_for_an_admin_of_the_tenant_either(
        self, flask_app: Flask, tara: Visitor, world: World, globex: str, db: Session
    ) -> None:
        db.add(AppMember(app_id=world.app.id, user_id=world.tara.id, role="support"))
        db.commit()
        tara.posts(f"{globex}/view")

        page = tara.posts(f"{portal_of(world)}/people", {"email": "x@y.example", "role": "admin"})

        assert page.status == 403
        assert tara.opens(f"{portal_of(world)}/people").has("invite-submit") is False

    def test_opens_no_other_tenant(self, viewer: Visitor, world: World) -> None:
        assert viewer.opens(f"/t/{world.initech.uuid}/").status == 404

    def test_leaves_the_console_open(self, viewer: Visitor, globex: str) -> None:
        assert viewer.opens(globex).heading == "Globex"
        assert viewer.posts(f"{globex}/links").status == 200

    def test_ends_with_a_press(self, viewer: Visitor, world: World, globex: str) -> None:
        back = viewer.posts(f"{globex}/view/end")

        assert back.location == globex
        assert viewer.opens(globex).heading == "Globex"
        assert viewer.opens(f"{portal_of(world)}/").status == 404

    def test_ends_after_half_an_hour(
        self, viewer: Visitor, world: World, globex: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        over = clock.wall() + viewings.LASTS
        monkeypatch.setattr(clock, "wall", lambda: over)

        late = viewer.opens(f"{portal_of(world)}/")

        assert late.location == globex
        assert "has ended" in viewer.opens(globex).words()
        assert viewer.opens(f"{portal_of(world)}/").status == 404

    def test_ends_with_the_role_that_allowed_it(
        self, viewer: Visitor, world: World, db: Session
    ) -> None:
        db.execute(update(AppMember).values(deleted_at=clock.wall()))
        db.commit()

        assert viewer.opens(f"{portal_of(world)}/").status == 404

    def test_ends_when_somebody_signs_in_or_follows_a_link(
        self, viewer: Visitor, world: World
    ) -> None:
        viewer.posts("/sign-out")

        assert viewer.opens(f"{portal_of(world)}/").location.startswith("/sign-in")

    def test_is_for_who_runs_the_app(
        self,
        flask_app: Flask,
        tara: Visitor,
        peter: Visitor,
        world: World,
        globex: str,
        db: Session,
    ) -> None:
        other = App(name="Acme Maps", seller_name="Acme", seller_country="DE")
        db.add(other)
        db.flush()
        db.add(AppMember(app_id=other.id, user_id=world.charlie.id, role="owner"))
        db.commit()
        charlie = Visitor(flask_app, world.charlie)

        asked = [visitor.posts(f"{globex}/view").status for visitor in (tara, peter, charlie)]

        assert asked == [404, 404, 404]
        assert charlie.opens(f"{portal_of(world)}/").status == 404

"""The customers area: found, made, helped with a link, and looked after."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import App, AppMember, AuditEntry, Invitation, Mail, Membership, PortalLink, Tenant
from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def alice(flask_app: Flask, world: World) -> Visitor:
    return Visitor(flask_app, world.alice)


@pytest.fixture
def support(flask_app: Flask, world: World, db: Session) -> Visitor:
    """Answer Charlie, who helps the customers of the app."""
    db.add(AppMember(app_id=world.app.id, user_id=world.charlie.id, role="support"))
    db.commit()
    return Visitor(flask_app, world.charlie)


@pytest.fixture
def area(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/customers"


@pytest.fixture
def globex(world: World, area: str) -> str:
    return f"{area}/{world.globex.uuid}"


def audited(db: Session) -> list[str]:
    db.rollback()
    return list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


class TestTheList:
    def test_shows_each_tenant_with_its_plan(
        self, alice: Visitor, world: World, area: str
    ) -> None:
        world.begin_plan(world.globex, status="past_due")

        page = alice.opens(area)

        assert "Globex" in page.words() and "Initech" in page.words()
        assert "Team, monthly Payment overdue" in page.words()

    @pytest.mark.parametrize(
        ("text", "found", "left_out"),
        [
            ("gLo", "Globex", "Initech"),
            ("peter@", "Initech", "Globex"),
            ("globex", "Globex", "Initech"),
        ],
    )
    def test_finds_by_what_a_name_or_an_address_begins_with(
        self, alice: Visitor, area: str, text: str, found: str, left_out: str
    ) -> None:
        page = alice.opens(f"{area}?q={text}")

        assert found in page.words()
        assert left_out not in page.words()

    def test_leads_on_where_nothing_is_found(self, alice: Visitor, area: str, world: World) -> None:
        page = alice.opens(f"{area}?q=%25")

        assert "begins like this" in page.words()
        assert any(a.get("href", "").endswith("/search?q=%25") for a in page.all("a"))

    def test_goes_on_page_by_page(
        self, alice: Visitor, world: World, area: str, db: Session
    ) -> None:
        db.add_all(Tenant(app_id=world.app.id, name=f"Acme {n:02}") for n in range(60))
        db.commit()

        seen, address = [], f"{area}?q=acme"
        for _ in range(3):
            page = alice.opens(address)
            seen += [a.text for a in page.all("a") if (a.text or "").startswith("Acme ")]
            address = area + page.at("console-customers-next").get("href", "").removeprefix(
                area
            ) if page.has("console-customers-next") else ""

        assert [name for name in seen if name != "Acme Notes"] == [
            f"Acme {n:02}" for n in range(60)
        ]
        assert address == ""

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
def area(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/customers"


@pytest.fixture
def globex(world: World, area: str) -> str:
    return f"{area}/{world.globex.uuid}"


def audited(db: Session) -> list[str]:
    db.rollback()
    return list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


class TestTheList:
    def test_shows_each_tenant_with_its_plan(self, alice: Visitor, world: World, area: str) -> None:
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

        seen: list[str] = []
        address = f"{area}?q=acme"
        while address:
            page = alice.opens(address)
            links = [a for a in page.all("a") if "/customers/" in a.get("href", "")]
            seen += [a.text or "" for a in links if (a.text or "").startswith("Acme ")]
            is_last = not page.has("console-customers-next")
            address = "" if is_last else page.at("console-customers-next").get("href", "")

        assert seen == [f"Acme {number:02}" for number in range(60)]


class TestATenantsPage:
    def test_leads_to_pages_that_are_there(self, alice: Visitor, world: World, globex: str) -> None:
        world.begin_plan(world.globex)
        page = alice.opens(globex)
        own = f"/console/apps/{world.app.uuid}/"
        links = {a.get("href", "") for a in page.all("a") if own in a.get("href", "")}

        answers = {link: alice.opens(link).status for link in links}

        assert f"{own}operations/tenants/{world.globex.uuid}" in answers
        assert {link: status for link, status in answers.items() if status not in (200, 303)} == {}


class TestANewTenant:
    def test_gets_its_details_and_its_first_admin_a_mail(
        self, support: Visitor, area: str, db: Session
    ) -> None:
        shown = support.opens(f"{area}/new")
        fields = shown.fields(f"{area}/new") | {"name": "Umbrella", "email": "una@umbrella.example"}

        made = support.posts(f"{area}/new", fields)
        page = support.opens(made.location)

        assert page.heading == "Umbrella"
        assert "una@umbrella.example" in page.words()
        mail = db.scalars(select(Mail).where(Mail.recipient == "una@umbrella.example")).one()
        assert mail.kind == "invitation"
        assert audited(db) == ["tenant.created", "tenant.person_invited"]

    def test_is_made_once_of_a_form_sent_twice(
        self, alice: Visitor, area: str, db: Session
    ) -> None:
        fields = alice.opens(f"{area}/new").fields(f"{area}/new")
        fields |= {"name": "Umbrella", "email": "una@umbrella.example"}

        first, second = (alice.posts(f"{area}/new", fields) for _ in range(2))

        assert first.location == second.location
        assert len(list(db.scalars(select(Tenant).where(Tenant.name == "Umbrella")))) == 1
        assert len(list(db.scalars(select(Mail)))) == 1

    def test_is_not_made_by_halves(self, alice: Visitor, area: str, db: Session) -> None:
        fields = alice.opens(f"{area}/new").fields(f"{area}/new")
        fields |= {"name": "Umbrella", "email": "una@umbrella.example", "city": "Racoon City"}

        page = alice.posts(f"{area}/new", fields)

        assert page.status == 422
        assert page.problems == ["Enter the legal name of your company."]
        assert db.scalar(select(Tenant.id).where(Tenant.name == "Umbrella")) is None
        assert audited(db) == []

    def test_asks_for_an_address_before_anything_is_made(
        self, alice: Visitor, area: str, db: Session
    ) -> None:
        fields = alice.opens(f"{area}/new").fields(f"{area}/new")

        page = alice.posts(f"{area}/new", fields | {"name": "Umbrella", "email": "una"})

        assert page.problems == ["Enter an e-mail address, such as name@example.com."]
        assert db.scalar(select(Tenant.id).where(Tenant.name == "Umbrella")) is None


class TestATenantsPeople:
    def test_are_invited_asked_again_and_left_alone(
        self, support: Visitor, globex: str, db: Session
    ) -> None:
        support.posts(f"{globex}/people", {"email": "ina@globex.example", "role": "member"})
        uuid = db.scalars(select(Invitation.uuid)).one()
        db.rollback()

        again = support.posts(f"{globex}/people/invitations/{uuid}/resend")
        support.posts(f"{globex}/people/invitations/{uuid}/revoke")

        assert again.status == 303
        asked = db.scalars(select(Invitation)).one()
        assert asked.revoked_at is not None
        assert asked.invited_by is not None and asked.invited_by.email.startswith("charlie")
        assert audited(db) == [
            "tenant.person_invited",
            "tenant.invitation_resent",
            "tenant.invitation_revoked",
        ]

    def test_change_their_roles_and_leave(
        self, support: Visitor, world: World, globex: str, db: Session
    ) -> None:
        support.posts(f"{globex}/people/{world.milo.uuid}/role", {"role": "admin"})
        asked = support.opens(f"{globex}/people/{world.tara.uuid}/remove")
        support.posts(f"{globex}/people/{world.tara.uuid}/remove")

        db.rollback()
        present = select(Membership).where(
            Membership.tenant_id == world.globex.id, Membership.deleted_at.is_(None)
        )
        left = db.scalars(present).one()
        assert asked.heading == "Remove Tara Tenant?"
        assert (left.user_id, left.role) == (world.milo.id, "admin")

    def test_keep_an_admin(self, support: Visitor, world: World, globex: str, db: Session) -> None:
        page = support.posts(f"{globex}/people/{world.tara.uuid}/role", {"role": "member"})

        assert page.status == 409
        assert "is the only admin" in page.words()
        assert audited(db) == []

    def test_say_what_is_wrong_with_an_invitation(self, alice: Visitor, globex: str) -> None:
        page = alice.posts(f"{globex}/people", {"email": "tara@globex.example", "role": "member"})

        assert page.problems == ["tara@globex.example already belongs to Globex."]
        assert page.status == 422


class TestAPortalLink:
    def test_is_shown_once_and_signs_in(
        self, flask_app: Flask, support: Visitor, world: World, globex: str, db: Session
    ) -> None:
        form = support.opens(globex).fields(f"{globex}/links")

        shown = support.posts(f"{globex}/links", form)
        address = shown.at("console-customers-link-address").get("value", "")
        payer = Visitor(flask_app)
        payer.posts(address)

        assert payer.opens(f"/t/{world.globex.uuid}/").heading == "Billing for Globex"
        assert address not in support.opens(globex).text
        assert "used" in support.opens(globex).words()
        assert audited(db) == ["portal_link.created"]

    def test_is_for_who_and_what_was_chosen(
        self, alice: Visitor, world: World, globex: str, db: Session
    ) -> None:
        asked = {"scope": "invoices", "person": str(world.milo.uuid)}

        alice.posts(f"{globex}/links", asked)

        link = db.scalars(select(PortalLink)).one()
        assert (link.scope, link.user_id) == ("invoices", world.milo.id)

    def test_is_for_people_of_the_tenant_only(
        self, alice: Visitor, world: World, globex: str, db: Session
    ) -> None:
        page = alice.posts(f"{globex}/links", {"person": str(world.peter.uuid)})

        assert page.status == 404
        assert db.scalar(select(PortalLink.id)) is None

    def test_is_withdrawn(self, flask_app: Flask, alice: Visitor, globex: str, db: Session) -> None:
        shown = alice.posts(f"{globex}/links")
        address = shown.at("console-customers-link-address").get("value", "")
        uuid = db.scalars(select(PortalLink.uuid)).one()
        db.rollback()

        alice.posts(f"{globex}/links/{uuid}/revoke")

        assert Visitor(flask_app).opens(address).status == 404
        assert "withdrawn" in alice.opens(globex).words()


class TestAnotherAppsOwner:
    def test_finds_no_tenant_of_this_app(self, flask_app: Flask, world: World, db: Session) -> None:
        other = App(name="Acme Maps", seller_name="Acme", seller_country="DE")
        db.add(other)
        db.flush()
        db.add(AppMember(app_id=other.id, user_id=world.charlie.id, role="owner"))
        db.commit()
        charlie = Visitor(flask_app, world.charlie)
        theirs = f"/console/apps/{other.uuid}/customers"

        assert "Globex" not in charlie.opens(f"{theirs}?q=globex").words()
        for path in ("", "/delete", "/kept", f"/people/{world.tara.uuid}/remove"):
            assert charlie.opens(f"{theirs}/{world.globex.uuid}{path}").status == 404
        for path in ("/view", "/links", "/export", "/delete", "/people"):
            assert charlie.posts(f"{theirs}/{world.globex.uuid}{path}").status == 404

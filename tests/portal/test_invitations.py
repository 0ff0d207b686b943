"""Accepting an invitation."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.mail import mail_kinds
from app.billing.people import invitations
from app.billing.site import Site
from app.models import Mail, User
from tests.cast import PASSWORDS, World
from tests.pages import Page, Visitor

NEW = "nora@globex.example"
FORM = {"name": "Nora New", "password": "four words in a row"}


@pytest.fixture
def link(db: Session, site: Site, world: World) -> str:
    """Answer the path of the link Nora got."""
    return _link(db, site, world, NEW)


@pytest.fixture
def peters(db: Session, site: Site, world: World) -> str:
    """Answer the path of the link Peter got, who has an account."""
    return _link(db, site, world, world.peter.email)


def _link(db: Session, site: Site, world: World, email: str) -> str:
    tara = world.membership(world.tara)
    db.commit()
    invitations.invite(db, site, membership=tara, email=email, role="member")
    mail = db.query(Mail).one()
    told = mail_kinds.load(mail.kind, mail.values)
    db.commit()
    assert isinstance(told, mail_kinds.Invited)
    return site.vault.open(told.sealed_url).removeprefix(site.url(""))


def home(world: World) -> str:
    return f"/t/{world.globex.uuid}/"


class TestANewPerson:
    def test_sees_who_invites_to_what_and_nothing_happens(self, nobody: Visitor, link: str) -> None:
        nobody.opens(link, Purpose="prefetch")
        page = nobody.opens(link)

        assert page.heading == "Join the billing of Globex"
        assert f"invites {NEW}" in page.words()
        assert "As a member" in page.words()

    def test_joins_with_a_name_and_a_password(
        self, nobody: Visitor, link: str, world: World
    ) -> None:
        page = nobody.posts(link, FORM)

        assert page.location == home(world)
        shown = nobody.opens(page.location)
        assert "You belong to Globex now." in shown.words()
        assert nobody.posts(f"{home(world)}payment-methods/new").status == 403

    @pytest.mark.parametrize(("asked", "locale"), [("de-AT", "de"), ("en-US", None)])
    def test_is_written_to_in_the_language_they_joined_in(
        self, nobody: Visitor, link: str, db: Session, asked: str, locale: str | None
    ) -> None:
        nobody.posts(link, FORM, **{"Accept-Language": asked})

        assert db.scalars(select(User.locale).where(User.email == NEW)).one() == locale

    @pytest.mark.parametrize(
        ("given", "problem"),
        [({"name": ""}, "Enter your name."), ({"password": "short"}, "at least 12 characters")],
    )
    def test_is_told_what_is_missing(
        self, nobody: Visitor, link: str, given: dict[str, str], problem: str
    ) -> None:
        page = nobody.posts(link, {**FORM, **given})

        assert page.status == 422
        assert problem in page.problems[0]
        assert nobody.posts(link, FORM).status == 303

    def test_is_let_in_once(self, nobody: Visitor, link: str, flask_app: Flask) -> None:
        nobody.posts(link, FORM)

        page = Visitor(flask_app).posts(link, FORM)

        assert (page.status, page.heading) == (404, "This invitation does not work")
        assert Visitor(flask_app).opens(link).status == 404

    def test_needs_the_form(self, nobody: Visitor, link: str) -> None:
        assert nobody.posts(link, {**FORM, "csrf_token": "forged"}).status == 400
        assert nobody.opens(link).status == 200

    def test_takes_the_place_of_who_is_signed_in_here(
        self, milo: Visitor, link: str, world: World
    ) -> None:
        assert "Somebody else is signed in" in milo.opens(link).words()

        milo.posts(link, FORM)

        assert NEW in milo.opens(home(world)).words()

    @pytest.mark.parametrize("token", ["x", "a" * 43])
    def test_does_not_come_in_by_guessing(self, nobody: Visitor, token: str) -> None:
        assert nobody.opens(f"/invitations/{token}").status == 404
        assert nobody.posts(f"/invitations/{token}", FORM).status == 404


class TestAKnownPerson:
    def test_joins_signed_in(self, peter: Visitor, peters: str, world: World) -> None:
        assert not peter.opens(peters).has("new-password")

        page = peter.posts(peters)

        assert page.location == home(world)
        assert "Globex" in peter.opens("/").words()
        assert "Initech" in peter.opens("/").words()

    def test_is_asked_to_sign_in_first(self, nobody: Visitor, peters: str, world: World) -> None:
        asked = nobody.posts(peters)
        sign_in = nobody.opens(asked.location).fields("/sign-in")["next"]

        page = nobody.posts(
            "/sign-in",
            {
                "email": world.peter.email,
                "password": PASSWORDS[world.peter.email],
                "next": sign_in,
            },
        )

        assert page.location == peters
        assert nobody.posts(peters).location == home(world)

    def test_is_not_somebody_else(self, milo: Visitor, peters: str) -> None:
        assert "You are signed in as milo@globex.example" in milo.opens(peters).words()

        assert milo.posts(peters).status == 403
        assert milo.posts(peters, FORM).status == 403

    def test_does_not_join_by_a_portal_link(
        self, flask_app: Flask, peters: str, world: World, db: Session, site: Site
    ) -> None:
        _, url = portal_links.issue(db, site, tenant=world.initech)
        db.commit()
        guest = Visitor(flask_app)
        guest.posts(url)

        page: Page = guest.posts(peters)

        assert page.location.startswith("/sign-in")
        assert guest.opens(peters).status == 200

"""A forgotten password: the way from the sign-in page back in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.mail import mail_kinds
from app.billing.site import Site
from app.models import Mail
from tests.cast import World
from tests.pages import Page, Visitor
from tests.web.signing_in import assert_says_when

TARA = "tara@globex.example"
NEW = "four words in a row"
Follow = Callable[[], str]


@pytest.fixture
def link(db: Session, site: Site) -> Follow:
    """Answer a way to read the path of the link in the latest mail."""

    def link() -> str:
        values = db.scalars(select(Mail.values).order_by(Mail.id.desc())).first()
        db.commit()
        assert values is not None
        told = mail_kinds.load("password_reset", values)
        assert isinstance(told, mail_kinds.PasswordReset)
        return site.vault.open(told.sealed_url).removeprefix(site.url(""))

    return link


def asks(visitor: Visitor, email: str = TARA) -> Page:
    return visitor.posts("/reset", {"email": email})


class TestAsk:
    def test_is_found_from_the_sign_in_page(self, nobody: Visitor) -> None:
        assert "/reset" in [a.get("href") for a in nobody.opens("/sign-in").all("a")]
        assert nobody.opens("/reset").has("reset-email")

    def test_says_the_same_whether_somebody_has_the_address(self, nobody: Visitor) -> None:
        known, unknown = asks(nobody), asks(nobody, "nobody@globex.example")

        assert (known.status, known.heading) == (unknown.status, unknown.heading)
        assert known.words().replace(TARA, "*") == unknown.words().replace(
            "nobody@globex.example", "*"
        )

    def test_asks_for_an_address(self, nobody: Visitor) -> None:
        page = asks(nobody, " ")

        assert (page.status, page.problems) == (422, ["Enter your e-mail address."])

    def test_says_when_it_was_too_often(self, nobody: Visitor) -> None:
        for _ in range(3):
            asks(nobody)

        page = asks(nobody)

        assert_says_when(page, "There were too many requests for a new password.")

    def test_needs_the_form(self, nobody: Visitor) -> None:
        assert nobody.posts("/reset", {"email": TARA, "csrf_token": "forged"}).status == 400


class TestChoose:
    def test_opening_the_link_changes_nothing(self, nobody: Visitor, link: Follow) -> None:
        asks(nobody)
        for _ in range(3):
            nobody.opens(link(), Purpose="prefetch")
        page = nobody.opens(link())

        assert page.has("new-password")
        assert TARA in page.words()
        assert nobody.posts(link(), {"password": NEW}).status == 303

    def test_signs_in_and_leads_to_the_billing(
        self, nobody: Visitor, link: Follow, world: World
    ) -> None:
        asks(nobody)

        page = nobody.posts(link(), {"password": NEW})

        assert nobody.opens(page.location).location == f"/t/{world.globex.uuid}/"

    def test_leads_the_owner_to_the_console(
        self, nobody: Visitor, link: Follow, world: World
    ) -> None:
        asks(nobody, world.alice.email)

        page = nobody.posts(link(), {"password": NEW})

        assert nobody.opens(page.location).location == "/console/"
        assert "/sign-in" not in nobody.opens("/console/").location

    @pytest.mark.parametrize(
        ("password", "problem"),
        [("", "Enter a new"), ("short", "at least 12"), (TARA, "than your")],
    )
    def test_asks_again_for_what_is_too_easy(
        self, nobody: Visitor, link: Follow, password: str, problem: str
    ) -> None:
        asks(nobody)

        page = nobody.posts(link(), {"password": password})

        assert page.status == 422
        assert problem in page.problems[0]

    def test_works_once(self, nobody: Visitor, link: Follow) -> None:
        asks(nobody)
        nobody.posts(link(), {"password": NEW})

        assert nobody.posts(link(), {"password": NEW}).status == 404
        page = nobody.opens(link())
        assert (page.status, page.heading) == (404, "This link does not work")

    @pytest.mark.parametrize("token", ["x", "a" * 43, "..%2f", "%00"])
    def test_does_not_exist_for_a_guess(self, nobody: Visitor, token: str) -> None:
        assert nobody.opens(f"/reset/{token}").status in (400, 404)
        assert nobody.posts(f"/reset/{token}", {"password": NEW}).status in (400, 404)

    def test_needs_the_form(self, nobody: Visitor, link: Follow) -> None:
        asks(nobody)

        assert nobody.posts(link(), {"password": NEW, "csrf_token": "forged"}).status == 400
        assert nobody.opens(link()).status == 200


class TestOtherSignIns:
    def test_end_with_a_new_password(
        self, tara: Visitor, milo: Visitor, nobody: Visitor, link: Follow, world: World
    ) -> None:
        asks(nobody)

        nobody.posts(link(), {"password": NEW})

        for place in ("", "plans", "payment-methods"):
            page = tara.opens(f"/t/{world.globex.uuid}/{place}")
            assert page.location.startswith("/sign-in"), place
        assert nobody.opens(f"/t/{world.globex.uuid}/").status == 200
        assert milo.opens(f"/t/{world.globex.uuid}/").status == 200

    def test_lead_from_the_start_page_to_sign_in(
        self, tara: Visitor, nobody: Visitor, link: Follow
    ) -> None:
        asks(nobody)
        nobody.posts(link(), {"password": NEW})

        page = tara.opens(tara.opens("/sign-in").location)

        assert page.location.startswith("/sign-in")
        assert tara.opens(page.location).has("sign-in-email")

    def test_of_the_owner_end_too(
        self, flask_app: Flask, nobody: Visitor, link: Follow, world: World
    ) -> None:
        alice = Visitor(flask_app, world.alice)
        asks(nobody, world.alice.email)
        nobody.posts(link(), {"password": NEW})

        assert alice.opens("/console/").location.startswith("/sign-in")

    def test_by_portal_link_end_too(
        self,
        flask_app: Flask,
        nobody: Visitor,
        link: Follow,
        world: World,
        db: Session,
        site: Site,
    ) -> None:
        _, url = portal_links.issue(db, site, tenant=world.globex)
        db.commit()
        guest = Visitor(flask_app)
        guest.posts(url)
        assert guest.opens(f"/t/{world.globex.uuid}/").status == 200

        asks(nobody)
        nobody.posts(link(), {"password": NEW})

        assert guest.opens(f"/t/{world.globex.uuid}/").status == 303

    def test_that_were_ended_send_no_form_either(
        self, tara: Visitor, nobody: Visitor, link: Follow, world: World
    ) -> None:
        token = tara.token()
        asks(nobody)
        nobody.posts(link(), {"password": NEW})

        page = Page(
            tara.client.post(
                f"/t/{world.globex.uuid}/payment-methods/new",
                data={"csrf_token": token, "method": "stripe-card"},
            )
        )

        assert page.location.startswith("/sign-in")

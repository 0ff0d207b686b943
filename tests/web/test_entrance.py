"""Signing in and out, and where the start page leads."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.models import Membership
from app.web import entrance
from tests.cast import PASSWORDS, World
from tests.pages import Page, Visitor
from tests.web.signing_in import assert_says_when

TARA = "tara@globex.example"


def sign_in(visitor: Visitor, email: str = TARA, password: str | None = None, **more: str) -> Page:
    secret = PASSWORDS[email] if password is None else password
    return visitor.posts("/sign-in", {"email": email, "password": secret, **more})


class TestSignIn:
    def test_leads_to_the_only_tenant(self, nobody: Visitor, world: World) -> None:
        page = sign_in(nobody)

        assert page.status == 303
        assert nobody.opens(page.location).location == f"/t/{world.globex.uuid}/"

    @pytest.mark.parametrize(
        "page", ["plans?plan=team", "invoices?year=2026&kind=credit_note&x=%26"]
    )
    def test_goes_on_to_the_page_that_was_asked_for(
        self, nobody: Visitor, world: World, page: str
    ) -> None:
        wanted = f"/t/{world.globex.uuid}/{page}"
        asked = nobody.opens(nobody.opens(wanted).location)

        signed_in = sign_in(nobody, next=asked.fields("/sign-in")["next"])

        assert signed_in.location == wanted

    def test_leaves_out_what_is_too_long_to_be_carried(self, nobody: Visitor, world: World) -> None:
        path = f"/t/{world.globex.uuid}/invoices"
        asked = nobody.opens(nobody.opens(f"{path}?x={'x' * 3000}").location)

        assert asked.fields("/sign-in")["next"] == path

    @pytest.mark.parametrize(
        "elsewhere",
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "x"],
    )
    def test_goes_nowhere_else(self, nobody: Visitor, elsewhere: str) -> None:
        assert sign_in(nobody, next=elsewhere).location == "/"

    def test_forgives_blanks_and_capitals_in_the_address(self, nobody: Visitor) -> None:
        page = sign_in(nobody, " Tara@Globex.example ", PASSWORDS[TARA])

        assert page.status == 303

    @pytest.mark.parametrize(
        ("email", "password"), [(TARA, "wrong"), ("unknown@globex.example", "wrong")]
    )
    def test_does_not_say_which_of_the_two_is_wrong(
        self, nobody: Visitor, email: str, password: str
    ) -> None:
        page = sign_in(nobody, email, password)

        assert page.status == 422
        assert page.problems == ["This e-mail and password do not belong together. Try again."]
        assert page.fields("/sign-in")["email"] == email
        assert page.fields("/sign-in")["password"] == ""

    def test_asks_for_both(self, nobody: Visitor) -> None:
        page = sign_in(nobody, " ", "")

        assert page.problems == ["Enter your e-mail address.", "Enter your password."]

    def test_slows_down_who_guesses(
        self, nobody: Visitor, flask_app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = flask_app.extensions["site"].config
        for _ in range(config.SIGN_IN_TRIES):
            sign_in(nobody, TARA, "wrong")

        page = sign_in(nobody)

        assert_says_when(page, "There were too many attempts to sign in.")

    def test_begins_a_new_session(self, nobody: Visitor, world: World) -> None:
        before = nobody.token()

        sign_in(nobody)

        with nobody.client.session_transaction() as session:
            assert session["_user_id"] == str(world.tara.id)
        after = nobody.opens(f"/t/{world.globex.uuid}/").fields("/sign-out")["csrf_token"]
        assert before != after

    def test_sends_on_who_is_signed_in(self, tara: Visitor) -> None:
        assert tara.opens("/sign-in").location == "/"


class TestSignOut:
    def test_ends_the_session(self, tara: Visitor, world: World) -> None:
        page = tara.posts("/sign-out")

        assert page.location == "/sign-in"
        assert tara.opens(f"/t/{world.globex.uuid}/").status == 303

    def test_that_comes_twice_leads_to_a_page_that_opens(self, nobody: Visitor) -> None:
        page = Page(nobody.client.post("/sign-out"))

        assert page.location == "/sign-in"

    def test_needs_a_form(self, tara: Visitor, world: World) -> None:
        assert tara.opens("/sign-out").status == 405
        assert tara.posts("/sign-out", {"csrf_token": "forged"}).status == 400
        assert tara.opens(f"/t/{world.globex.uuid}/").status == 200


class TestStart:
    def test_sends_nobody_to_sign_in(self, nobody: Visitor) -> None:
        assert nobody.opens("/").location == "/sign-in"

    def test_lets_choose_among_several_tenants(
        self, tara: Visitor, world: World, db: Session
    ) -> None:
        db.add(Membership(tenant=world.initech, user=world.tara, role="member"))
        db.commit()

        page = tara.opens("/")

        assert "Globex" in page.words()
        assert "Initech" in page.words()
        assert "switch to another company" in tara.opens(f"/t/{world.initech.uuid}/").words()

    def test_tells_who_belongs_to_nobody_what_to_do(self, flask_app: Flask, world: World) -> None:
        page = Visitor(flask_app, world.charlie).opens("/")

        assert "Ask the person who invited you" in page.words()


class TestGone:
    def test_user_of_a_session_is_nobody(self, tara: Visitor, world: World, db: Session) -> None:
        world.tara.deleted_at = world.tara.created_at
        db.commit()

        assert tara.opens(f"/t/{world.globex.uuid}/").status == 404

    def test_session_of_another_key_is_none(self, tara: Visitor, world: World) -> None:
        tara.client.set_cookie("portico", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb")

        assert tara.opens(f"/t/{world.globex.uuid}/").status == 303


def test_every_field_says_what_it_is_for() -> None:
    assert {field.name for field in entrance.SignInForm()} == {"email", "password", "next"}

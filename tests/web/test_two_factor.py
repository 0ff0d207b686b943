"""Two-factor sign-in: setting it up, coming in with it, and getting rid of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.people import two_factors
from app.billing.site import Site
from app.models import AuditEntry, Mail, RecoveryCode, User
from tests.cast import PASSWORDS, World
from tests.pages import Visitor
from tests.web.signing_in import (
    TARA,
    assert_says_when,
    code_of,
    enable,
    fresh_code,
    secret_on,
    sign_in,
)

SVG = "{http://www.w3.org/2000/svg}svg"
OFF = "/account/two-factor/off"


@pytest.fixture
def owner(nobody: Visitor) -> Visitor:
    """Answer Alice, who has signed in by password."""
    sign_in(nobody, "alice@acme.example")
    return nobody


@pytest.fixture
def elsewhere(flask_app: Flask) -> Visitor:
    """Answer a second browser."""
    return Visitor(flask_app)


class TestSettingUp:
    def test_shows_a_picture_and_the_secret_and_keeps_them_until_a_code_fits(
        self, nobody: Visitor
    ) -> None:
        sign_in(nobody)
        first = nobody.opens("/account/two-factor")

        wrong = nobody.posts("/account/two-factor", {"code": "000000"})

        assert any(element.get("viewBox") for element in first.all(SVG))
        assert wrong.status == 422
        assert wrong.problems == [
            "This code does not fit. Each code works once: wait for the next one."
        ]
        assert secret_on(wrong) == secret_on(first)

    def test_tells_ten_recovery_codes_once(self, nobody: Visitor, db: Session) -> None:
        sign_in(nobody)

        _, codes = enable(nobody)

        assert len(set(codes)) == 10
        assert all(re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", code) for code in codes)
        assert nobody.opens("/account/two-factor/codes").location == "/account/two-factor"
        stored = db.scalars(select(RecoveryCode.digest)).all()
        assert len(stored) == 10 and not set(stored) & set(codes)

    def test_ends_every_other_session_and_keeps_this_one(
        self, nobody: Visitor, elsewhere: Visitor
    ) -> None:
        sign_in(elsewhere)
        sign_in(nobody)

        enable(nobody)

        assert nobody.opens("/account").status == 200
        assert elsewhere.opens("/account").location == "/sign-in?next=/account"

    def test_keeps_no_secret_that_can_be_read(
        self, nobody: Visitor, db: Session, site: Site
    ) -> None:
        sign_in(nobody)

        secret, _ = enable(nobody)

        sealed = db.scalars(select(User.sealed_totp_secret).where(User.email == TARA)).one()
        assert sealed is not None and secret not in sealed
        assert site.vault.open(sealed) == secret

    def test_is_in_the_audit_log_of_the_app_that_a_person_runs(
        self, owner: Visitor, db: Session
    ) -> None:
        enable(owner)

        assert db.scalars(select(AuditEntry.action)).all() == ["two_factor.enabled"]


class TestSigningIn:
    def test_asks_for_the_code_and_leads_on_to_the_page_that_was_wanted(
        self, nobody: Visitor, elsewhere: Visitor, world: World
    ) -> None:
        sign_in(nobody)
        secret, _ = enable(nobody)
        wanted = f"/t/{world.globex.uuid}/plans"
        asked = elsewhere.posts(
            "/sign-in", {"email": TARA, "password": PASSWORDS[TARA], "next": wanted}
        )

        page = elsewhere.opens(asked.location)
        answer = elsewhere.posts(
            "/sign-in/code", {**page.fields("/sign-in/code"), "code": fresh_code(secret)}
        )

        assert page.heading == "Enter your code"
        assert answer.location == wanted
        assert elsewhere.opens(wanted).status == 200

    def test_opens_nothing_before_the_code(
        self, nobody: Visitor, elsewhere: Visitor, world: World
    ) -> None:
        sign_in(nobody)
        enable(nobody)

        sign_in(elsewhere)

        assert elsewhere.opens("/").location == "/sign-in/code"
        for path in (f"/t/{world.globex.uuid}/", "/account", "/console/"):
            assert elsewhere.opens(path).location.startswith("/sign-in?next="), path

    def test_takes_no_code_twice(self, nobody: Visitor, elsewhere: Visitor) -> None:
        sign_in(nobody)
        secret, _ = enable(nobody)
        code = fresh_code(secret)
        sign_in(elsewhere)
        assert elsewhere.posts("/sign-in/code", {"code": code}).status == 303
        elsewhere.posts("/sign-out")
        sign_in(elsewhere)

        again = elsewhere.posts("/sign-in/code", {"code": code})
        earlier = elsewhere.posts("/sign-in/code", {"code": code_of(secret)})

        assert [again.status, earlier.status] == [422, 422]

    def test_takes_each_recovery_code_once_however_it_is_typed(
        self, nobody: Visitor, elsewhere: Visitor
    ) -> None:
        sign_in(nobody)
        _, codes = enable(nobody)
        typed = codes[3].replace("-", " ").upper()
        sign_in(elsewhere)

        first = elsewhere.posts("/sign-in/code", {"code": typed})
        elsewhere.posts("/sign-out")
        sign_in(elsewhere)
        second = elsewhere.posts("/sign-in/code", {"code": codes[3]})

        assert [first.status, second.status] == [303, 422]
        assert "9 recovery codes" in nobody.opens("/account/two-factor").words()

    def test_slows_guessing_down_as_it_does_for_passwords(
        self, nobody: Visitor, elsewhere: Visitor, site: Site
    ) -> None:
        sign_in(nobody)
        secret, _ = enable(nobody)
        sign_in(elsewhere)

        guesses = [
            elsewhere.posts("/sign-in/code", {"code": "000000"}).status
            for _ in range(site.config.SIGN_IN_TRIES)
        ]
        refused = elsewhere.posts("/sign-in/code", {"code": fresh_code(secret)})

        assert set(guesses) == {422}
        assert_says_when(refused, "There were too many wrong codes.")

    def test_begins_again_where_all_sessions_were_ended_meanwhile(
        self, nobody: Visitor, elsewhere: Visitor
    ) -> None:
        sign_in(nobody)
        secret, _ = enable(nobody)
        sign_in(elsewhere)
        nobody.posts("/account/sessions/end")

        answer = elsewhere.posts("/sign-in/code", {"code": fresh_code(secret)})

        assert answer.location == "/sign-in"
        assert elsewhere.opens("/account").location == "/sign-in?next=/account"

    def test_has_a_way_back_for_somebody_else(self, nobody: Visitor, elsewhere: Visitor) -> None:
        sign_in(nobody)
        enable(nobody)
        sign_in(elsewhere)

        left = elsewhere.posts("/sign-out")

        assert left.location == "/sign-in"
        assert elsewhere.opens("/sign-in/code").location == "/sign-in"


class TestANewPassword:
    def test_does_not_go_round_the_code(
        self, nobody: Visitor, elsewhere: Visitor, db: Session, site: Site
    ) -> None:
        sign_in(nobody)
        secret, _ = enable(nobody)
        elsewhere.posts("/reset", {"email": TARA})
        sealed = db.scalars(select(Mail.values).order_by(Mail.id.desc())).first() or {}
        db.commit()
        link = site.vault.open(sealed["sealed_url"])

        chosen = elsewhere.posts(link, {"password": "four words in a row"})

        assert elsewhere.opens(chosen.location).location == "/sign-in/code"
        assert elsewhere.opens("/account").location == "/sign-in?next=/account"
        elsewhere.posts("/sign-in/code", {"code": fresh_code(secret)})
        assert elsewhere.opens("/account").status == 200


class TestSwitchingOff:
    def test_asks_for_password_and_code(self, owner: Visitor, db: Session) -> None:
        secret, _ = enable(owner)
        password = PASSWORDS["alice@acme.example"]

        no_password = owner.posts(OFF, {"password": "wrong", "code": fresh_code(secret)})
        no_code = owner.posts(OFF, {"password": password, "code": "000000"})
        done = owner.posts(OFF, {"password": password, "code": fresh_code(secret)})

        assert no_password.problems == ["This is not your password."]
        assert [no_password.status, no_code.status, done.status] == [422, 422, 303]
        assert db.scalars(select(RecoveryCode)).all() == []
        assert db.scalars(select(AuditEntry.action)).all()[-1] == "two_factor.disabled"
        db.commit()
        owner.posts("/sign-out")
        assert sign_in(owner, "alice@acme.example").location == "/"

    def test_renews_recovery_codes(self, nobody: Visitor, elsewhere: Visitor) -> None:
        sign_in(nobody)
        secret, codes = enable(nobody)

        told = nobody.posts(
            "/account/two-factor/codes/renew",
            {"password": PASSWORDS[TARA], "code": fresh_code(secret)},
        )
        fresh = nobody.opens(told.location).words("recovery-codes").split()
        sign_in(elsewhere)

        assert not set(fresh) & set(codes)
        assert elsewhere.posts("/sign-in/code", {"code": codes[0]}).status == 422
        assert elsewhere.posts("/sign-in/code", {"code": fresh[0]}).status == 303

    def test_is_done_for_who_lost_both(
        self, nobody: Visitor, elsewhere: Visitor, db: Session
    ) -> None:
        sign_in(nobody)
        enable(nobody)

        db.expire_all()
        two_factors.remove(db, db.scalars(select(User).where(User.email == TARA)).one())
        db.commit()

        assert nobody.opens("/account").location == "/sign-in?next=/account"
        assert sign_in(elsewhere).location == "/"


class TestTheAccount:
    def test_is_never_open_to_a_portal_link(
        self, nobody: Visitor, world: World, db: Session, site: Site
    ) -> None:
        _, address = portal_links.issue(db, site, tenant=world.globex)
        db.commit()
        nobody.posts(address.removeprefix(site.url("")))

        pages = ("/account", "/account/password", "/account/two-factor", OFF)

        assert {nobody.opens(path).status for path in pages} == {404}


class TestAnAppThatRequiresIt:
    def test_leads_to_the_set_up_first(self, owner: Visitor, world: World, db: Session) -> None:
        db.execute(update(type(world.app)).values(require_two_factor=True))
        db.commit()
        console = f"/console/apps/{world.app.uuid}/"

        assert owner.opens(console).location == "/account/two-factor"
        assert "Acme Notes asks everybody" in owner.opens("/account/two-factor").words()
        enable(owner)
        assert owner.opens(console).status == 200

    def test_is_asked_of_everybody_by_an_owner_who_has_it(
        self, owner: Visitor, world: World, db: Session
    ) -> None:
        path = f"/console/apps/{world.app.uuid}/settings/two-factor"
        early = owner.posts(path, {"required": "1"})
        enable(owner)

        done = owner.posts(path, {"required": "1"})

        assert [early.status, done.status] == [409, 303]
        assert "Everybody who runs Acme Notes needs it" in owner.opens(path).words()
        owner.posts(path, {"required": "0"})
        assert "It is up to each person." in owner.opens(path).words()

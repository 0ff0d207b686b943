"""A person's own account: name, password, and where they are signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.db.engine import Database
from app.models import AuditEntry, User, UserSession
from tests.cast import PASSWORDS, World
from tests.pages import Page, Visitor
from tests.statements import Statements
from tests.web.signing_in import TARA, sign_in

NEW = "four words in a row"
SIGN_IN = "/sign-in?next=/account"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def elsewhere(flask_app: Flask) -> Visitor:
    """Answer a second browser."""
    return Visitor(flask_app)


def ends_of(page: Page) -> list[str]:
    """Answer where the buttons lead that end a session each."""
    actions = (form.get("action", "") for form in page.all("form"))
    return [action for action in actions if action.startswith("/account/sessions/")]


class TestTheName:
    def test_is_saved_and_may_be_left_empty(self, nobody: Visitor, db: Session) -> None:
        sign_in(nobody)

        nobody.posts("/account", {"name": "  Tara   Tennant "})
        named = nobody.opens("/account").fields("/account")["name"]
        nobody.posts("/account", {"name": " "})

        assert named == "Tara Tennant"
        assert db.scalars(select(User.name).where(User.email == TARA)).one() is None


class TestTheLanguage:
    def test_is_the_one_that_was_chosen_from_then_on(self, nobody: Visitor, db: Session) -> None:
        sign_in(nobody)

        nobody.posts("/account", {"name": "Tara", "locale": "de"})
        german = nobody.opens("/account", **{"Accept-Language": "en"})
        nobody.posts("/account", {"name": "Tara", "locale": ""})
        browsers = nobody.opens("/account", **{"Accept-Language": "en"})

        assert next(german.all("html")).get("lang") == "de"
        assert "Ihr Konto ist gespeichert." in german.words()
        assert german.fields("/account")["locale"] == "de"
        assert next(browsers.all("html")).get("lang") == "en"
        assert db.scalars(select(User.locale).where(User.email == TARA)).one() is None

    def test_keeps_the_region_an_app_told_us(
        self, nobody: Visitor, world: World, db: Session
    ) -> None:
        world.tara.locale = "de_AT"
        world.db.commit()
        sign_in(nobody)
        fields = nobody.opens("/account").fields("/account")

        nobody.posts("/account", {"name": "Tara", "locale": fields["locale"]})

        assert fields["locale"] == "de"
        assert db.scalars(select(User.locale).where(User.email == TARA)).one() == "de_AT"

    def test_is_one_there_are_words_for(self, nobody: Visitor) -> None:
        sign_in(nobody)

        answer = nobody.posts("/account", {"name": "Tara", "locale": "tlh"})

        assert answer.status == 422
        assert "Choose a language from the list." in answer.words()


class TestThePassword:
    def test_is_changed_and_every_other_browser_signed_out(
        self, nobody: Visitor, elsewhere: Visitor
    ) -> None:
        sign_in(elsewhere)
        sign_in(nobody)

        answer = nobody.posts("/account/password", {"password": PASSWORDS[TARA], "new": NEW})

        assert answer.location == "/account"
        assert "Your password is changed." in nobody.opens("/account").words()
        assert elsewhere.opens("/account").location == SIGN_IN
        assert elsewhere.posts("/sign-in", {"email": TARA, "password": NEW}).status == 303

    @pytest.mark.parametrize(
        ("password", "new", "problem"),
        [
            ("wrong", NEW, "This is not your password."),
            ("", NEW, "Enter your present password."),
            (
                PASSWORDS[TARA],
                "short",
                "Use at least 12 characters. Four words in a row do well.",
            ),
        ],
    )
    def test_is_not_changed_where_something_is_wrong(
        self, nobody: Visitor, elsewhere: Visitor, password: str, new: str, problem: str
    ) -> None:
        sign_in(nobody)

        answer = nobody.posts("/account/password", {"password": password, "new": new})

        assert answer.status == 422
        assert answer.problems == [problem]
        assert sign_in(elsewhere).status == 303

    def test_is_in_the_audit_log_of_an_app_its_owner_runs(
        self, nobody: Visitor, db: Session
    ) -> None:
        email = "alice@acme.example"
        sign_in(nobody, email)

        nobody.posts("/account/password", {"password": PASSWORDS[email], "new": NEW})

        line = db.scalars(select(AuditEntry)).one()
        assert (line.action, line.subject) == ("password.changed", email)


class TestSessions:
    def test_are_listed_with_browser_and_address(self, nobody: Visitor, elsewhere: Visitor) -> None:
        elsewhere.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
        sign_in(elsewhere)
        sign_in(nobody)

        page = nobody.opens("/account")

        assert "Firefox, Linux" in page.words()
        assert page.words().count("127.0.0.1") == 2
        assert page.words().count("This browser") == 1

    def test_are_ended_one_by_one(self, nobody: Visitor, elsewhere: Visitor) -> None:
        sign_in(elsewhere)
        sign_in(nobody)
        mine, theirs = ends_of(nobody.opens("/account"))

        nobody.posts(theirs)

        assert elsewhere.opens("/account").location == SIGN_IN
        assert ends_of(nobody.opens("/account")) == [mine]

    def test_are_ended_in_the_portal_too(
        self, nobody: Visitor, elsewhere: Visitor, world: World
    ) -> None:
        pages = [f"/t/{world.globex.uuid}/", f"/t/{world.globex.uuid}/plans"]
        sign_in(elsewhere)
        sign_in(nobody)
        assert {elsewhere.opens(path).status for path in pages} == {200}

        nobody.posts(ends_of(nobody.opens("/account"))[1])

        for path in pages:
            copy = elsewhere.client.get_cookie("portico")
            assert elsewhere.opens(path).location.startswith("/sign-in"), path
            assert copy is not None
            elsewhere.client.set_cookie("portico", copy.value)

    def test_of_somebody_else_are_not_found(self, nobody: Visitor, elsewhere: Visitor) -> None:
        sign_in(nobody)
        sign_in(elsewhere, "peter@initech.example")
        (theirs,) = ends_of(elsewhere.opens("/account"))

        answer = nobody.posts(theirs)

        assert answer.status == 404
        assert elsewhere.opens("/account").status == 200

    def test_are_over_for_a_copy_of_the_cookie_once_signed_out(self, nobody: Visitor) -> None:
        sign_in(nobody)
        copy = nobody.client.get_cookie("portico")
        assert copy is not None

        nobody.posts("/sign-out")
        nobody.client.set_cookie("portico", copy.value)

        assert nobody.opens("/account").location == SIGN_IN

    def test_end_everywhere_at_once(self, nobody: Visitor, elsewhere: Visitor) -> None:
        sign_in(elsewhere)
        sign_in(nobody)

        left = nobody.posts("/account/sessions/end")

        assert left.location == "/sign-in"
        assert "You are signed out everywhere." in nobody.opens("/sign-in").words()
        assert [v.opens("/account").location for v in (nobody, elsewhere)] == [SIGN_IN, SIGN_IN]

    def test_last_a_day(self, nobody: Visitor) -> None:
        sign_in(nobody)

        with nobody.client.session_transaction() as kept:
            kept["ends"] = int(clock.wall().timestamp()) - 1

        assert nobody.opens("/account").location == SIGN_IN

    def test_are_noted_in_use_every_few_minutes_and_not_more_often(
        self, nobody: Visitor, world: World, db: Session, database: Database
    ) -> None:
        sign_in(nobody)
        overview = f"/t/{world.globex.uuid}/plans"
        nobody.opens(overview)
        statements = Statements(database)
        long_ago = clock.wall() - timedelta(minutes=6)
        with nobody.client.session_transaction() as kept:
            kept["seen"] = int(long_ago.timestamp())
        db.execute(update(UserSession).values(seen_at=long_ago))
        db.commit()
        statements.said.clear()

        nobody.opens(overview)
        nobody.opens(overview)

        writes = [said for said in statements.said if said.startswith("UPDATE user_session")]
        assert len(writes) == 1
        assert db.scalars(select(UserSession.seen_at)).one() > long_ago

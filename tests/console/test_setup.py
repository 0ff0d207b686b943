"""The first run: an empty installation is set up once."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import create_app
from app.billing.people import accounts
from app.billing.site import Site
from app.db.engine import Database
from app.models import App, AppMember, AuditEntry, User
from tests import together
from tests.cast import World
from tests.pages import Visitor

FORM = {
    "owner_name": "Olga Owner",
    "email": "Olga@Example.com",
    "password": "four words in a row",
    "name": "Rocket Notes",
    "seller_name": "Rocket Notes GmbH",
    "seller_address": "Raketenweg 1\n10115 Berlin",
    "seller_country": "DE",
    "seller_vat_number": "DE 136 695 976",
}


@pytest.fixture
def olga(flask_app: Flask) -> Visitor:
    return Visitor(flask_app)


def count(db: Session, kind: type) -> int:
    return db.scalar(select(func.count()).select_from(kind)) or 0


class TestAnEmptyInstallation:
    @pytest.mark.parametrize("address", ["/", "/sign-in", "/sign-in?next=/console/"])
    def test_leads_to_the_set_up(self, olga: Visitor, address: str) -> None:
        assert olga.opens(address).location == "/setup"

    def test_tells_which_keys_the_sandbox_takes(self, olga: Visitor) -> None:
        page = olga.opens("/setup")

        assert page.heading == "Set up Portico"
        assert "sk_test_sandbox_mine" in page.words("setup-sandbox")
        assert "test_sandboxmine" in page.words("setup-sandbox")

    def test_is_set_up_and_leads_to_the_checklist(self, olga: Visitor, db: Session) -> None:
        answer = olga.posts("/setup", FORM)

        app, owner = db.scalars(select(App)).one(), db.scalars(select(User)).one()
        assert answer.location == f"/console/apps/{app.uuid}/"
        assert (owner.email, owner.name) == ("olga@example.com", "Olga Owner")
        assert (app.seller_vat_number, app.invoice_prefix) == ("DE136695976", "ROCKET")
        assert app.seller_address == "Raketenweg 1\n10115 Berlin"
        assert app.livemode is False
        assert db.scalars(select(AppMember.role)).one() == "owner"
        assert db.scalars(select(AuditEntry.action)).all() == ["app.created"]
        home = olga.opens(answer.location)
        assert "0 of 6 are done." in home.words("console-checklist")
        hrefs = {a.get("href", "").removeprefix(answer.location) for a in home.all("a")}
        assert hrefs >= {
            *("providers", "catalogue", "catalogue/tax"),
            *("integration/origins", "integration/keys", "customers"),
        }

    def test_is_set_up_once(self, flask_app: Flask, olga: Visitor, db: Session) -> None:
        olga.posts("/setup", FORM)
        late = Visitor(flask_app)

        assert late.opens("/setup").status == 404
        assert late.posts("/setup", {**FORM, "email": "late@example.com"}).status == 404
        assert late.opens("/").location == "/sign-in"
        assert count(db, App) == count(db, User) == 1

    @pytest.mark.parametrize(
        ("field", "typed", "sentence"),
        [
            ("owner_name", " ", "Enter your name."),
            ("email", "olga", "Enter an e-mail address, such as name@example.com."),
            ("password", "short", "Use at least 12 characters. Four words in a row do well."),
            ("password", "olga@example.com", "Use something else than your e-mail address."),
            ("name", "", "Enter the name of your app."),
            ("seller_name", "", "Enter the legal name of the seller."),
            ("seller_address", " \n ", "Enter the seller's address."),
            ("seller_country", "XX", "Choose a country from the list."),
            (
                "seller_vat_number",
                "DE123",
                "This cannot be a VAT number of the seller's country. It looks like DE123456789.",
            ),
        ],
    )
    def test_names_the_field_that_is_wrong_and_stores_nothing(
        self, olga: Visitor, db: Session, field: str, typed: str, sentence: str
    ) -> None:
        page = olga.posts("/setup", {**FORM, field: typed})

        assert page.status == 422
        assert page.problems == [sentence]
        kept = page.fields("/setup")
        assert kept["password"] == ""
        assert kept["seller_vat_number"] == (
            typed if field == "seller_vat_number" else "DE 136 695 976"
        )
        assert count(db, App) == count(db, User) == 0


class TestTwoAtOnce:
    def test_one_becomes_the_owner_and_the_other_is_told(
        self, flask_app: Flask, db: Session
    ) -> None:
        visitors = [Visitor(flask_app), Visitor(flask_app)]
        tokens = [visitor.token() for visitor in visitors]

        def send(number: int) -> tuple[int, str]:
            data = {**FORM, "email": f"owner{number}@example.com", "csrf_token": tokens[number]}
            answer = visitors[number].client.post("/setup", data=data)
            return answer.status_code, answer.headers.get("Location", "")

        answers = together.each(send, range(2))

        app = db.scalars(select(App)).one()
        won = (303, f"/console/apps/{app.uuid}/")
        assert count(db, AppMember) == count(db, User) == 1
        assert answers.count(won) == 1
        # Who came a moment later finds no such page any more.
        assert set(answers) - {won} <= {(303, "/sign-in"), (404, "")}

    def test_that_overlap_are_told_apart_at_the_last_step(
        self, flask_app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = Visitor(flask_app), Visitor(flask_app)
        token = second.token()
        hash_password = accounts.digest_of_new

        def slowly(password: str, *, email: str) -> str:
            if email == "olga@example.com":
                monkeypatch.setattr(accounts, "digest_of_new", hash_password)
                assert first.posts("/setup", {**FORM, "email": "first@example.com"}).status == 303
            return hash_password(password, email=email)

        monkeypatch.setattr(accounts, "digest_of_new", slowly)

        answer = second.client.post("/setup", data={**FORM, "csrf_token": token})

        assert answer.headers["Location"] == "/sign-in"
        assert "Somebody else has just set this installation up" in second.opens("/sign-in").words()


class TestAPublicInstallation:
    @pytest.fixture
    def public(self, site: Site, database: Database) -> Flask:
        config = site.config.model_copy(update={"PUBLIC_URL": "https://billing.example.com"})
        return create_app(config, site=Site(config=config, clock=site.clock), database=database)

    def test_asks_for_the_code_that_the_command_prints(self, public: Flask, db: Session) -> None:
        stranger, olga = Visitor(public), Visitor(public)
        for visitor in (stranger, olga):
            visitor.client.environ_base["wsgi.url_scheme"] = "https"
        printed = public.test_cli_runner().invoke(args=["setup"]).output

        refused = stranger.posts("/setup", {**FORM, "code": "0" * 32})
        address = printed.split()[-1]
        shown = olga.opens(address.removeprefix("https://billing.example.com"))

        assert refused.problems[0].startswith("This is not the code of this installation.")
        assert address.startswith("https://billing.example.com/setup?code=")
        assert shown.fields("/setup")["code"] == address.partition("code=")[2]
        assert olga.posts("/setup", {**FORM, "code": shown.fields("/setup")["code"]}).status == 303
        assert db.scalars(select(App.name)).all() == ["Rocket Notes"]

    def test_needs_none_on_the_own_machine(self, olga: Visitor) -> None:
        assert not olga.opens("/setup").has("setup-code")


class TestAnInstallationWithAnApp:
    def test_has_no_set_up(self, nobody: Visitor, tara: Visitor, world: World) -> None:
        assert nobody.opens("/setup").status == 404
        assert tara.posts("/setup", FORM).status == 404

"""The commands of `flask`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, create_app
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.billing.tenants import tenant_currencies
from app.db import migrations
from app.db.engine import Database
from app.models import App, User
from app.providers import errors
from config import Config
from tests import payer
from tests.billing.purchases import Buyer, knock, raising
from tests.cast import World
from tests.sandbox_server import SandboxServer


@pytest.fixture
def flask_app(config: Config, site: Site, database: Database) -> Iterator[Flask]:
    yield create_app(config, site=site, database=database)


@pytest.fixture
def run(flask_app: Flask) -> FlaskCliRunner:
    return flask_app.test_cli_runner()


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


class TestAccounts:
    def test_lose_a_second_factor_that_was_lost(
        self, world: World, run: FlaskCliRunner, db: Session
    ) -> None:
        world.tara.two_factor_at = clock.wall()
        world.db.commit()
        command = ["accounts", "two-factor-off", world.tara.email]

        done = said(run.invoke(args=command))
        again = run.invoke(args=command)
        unknown = run.invoke(args=[*command[:-1], "nobody@nowhere.example"])

        assert done == (
            "tara@globex.example signs in by password alone now, and is signed out everywhere.\n"
        )
        kept = select(User.two_factor_at, User.session_epoch).where(User.id == world.tara.id)
        assert tuple(db.execute(kept).one()) == (None, 1)
        assert "is off for tara@globex.example" in again.output
        assert "Nobody signs in as nobody@nowhere.example." in unknown.output
        assert [again.exit_code, unknown.exit_code] == [1, 1]


class TestOrigins:
    def test_are_registered_changed_and_removed(self, world: World, run: FlaskCliRunner) -> None:
        app, origin = str(world.app.uuid), "http://localhost:8000"
        world.db.commit()

        plain = said(run.invoke(args=["origins", "add", app, origin]))
        embeds = said(run.invoke(args=["origins", "add", app, origin, "--may-embed"]))
        listed = said(run.invoke(args=["origins", "list", app]))
        said(run.invoke(args=["origins", "remove", app, origin]))

        assert plain == "http://localhost:8000 is registered.\n"
        assert embeds == "http://localhost:8000 is registered and may embed the portal.\n"
        assert listed.splitlines()[-1] == "http://localhost:8000 (may embed)"
        assert origin not in said(run.invoke(args=["origins", "list", app]))

    @pytest.mark.parametrize(
        "origin",
        [
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://*.example.com",
            "https://App.example.com",
            "app.example.com",
            "javascript:alert(1)",
            "https://a.example; script-src *",
            "https://me@app.example.com",
            "https://app.example.com:99999",
        ],
    )
    def test_are_nothing_else(self, world: World, run: FlaskCliRunner, origin: str) -> None:
        app = str(world.app.uuid)
        world.db.commit()

        result = run.invoke(args=["origins", "add", app, origin])

        assert result.exit_code == 1
        assert "An origin is scheme, host and port alone" in result.output

    def test_are_of_an_app_that_is_there(self, world: World, run: FlaskCliRunner) -> None:
        nobody = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"
        world.db.commit()

        add = run.invoke(args=["origins", "add", nobody, "https://a.example"])
        remove = run.invoke(args=["origins", "remove", str(world.app.uuid), "https://a.example"])

        assert "There is no app with this uuid." in add.output
        assert "This origin is not registered." in remove.output


class TestDemo:
    def test_makes_and_shows_the_world(self, run: FlaskCliRunner, db: Session) -> None:
        assert said(run.invoke(args=["demo", "ensure"])) == "The demo world is there.\n"

        shown = json.loads(said(run.invoke(args=["demo", "show"])))

        assert [tenant["name"] for tenant in shown["tenants"]] == ["Globex", "Initech"]
        assert db.scalars(select(App.name)).one() == "Acme Notes"

    def test_says_in_one_sentence_what_is_missing(self, run: FlaskCliRunner) -> None:
        result = run.invoke(args=["demo", "show"])

        assert result.exit_code == 1
        assert result.output == ("Error: There is no demo world yet: flask demo ensure makes it.\n")

    @pytest.mark.parametrize(
        "words", [["demo", "show"], ["demo", "reset"], ["sweep"], ["verify"], ["events", "list"]]
    )
    def test_without_tables_says_so_in_one_sentence(
        self, run: FlaskCliRunner, config: Config, words: list[str]
    ) -> None:
        migrations.downgrade(config.DATABASE_URL, "base")

        result = run.invoke(args=words)

        assert result.exit_code == 1
        assert result.output == (
            "Error: The tables are not those this version needs: run flask --app wsgi db upgrade.\n"
        )

    def test_puts_the_world_back(self, world: World, run: FlaskCliRunner, db: Session) -> None:
        tenant_currencies.choose(db, world.globex, "USD")
        db.commit()

        assert said(run.invoke(args=["demo", "reset"])) == "The demo world is as new.\n"

        db.refresh(world.globex)
        assert world.globex.currency is None

    def test_makes_the_tables_of_an_empty_database(
        self, run: FlaskCliRunner, config: Config
    ) -> None:
        migrations.downgrade(config.DATABASE_URL, "base")

        said(run.invoke(args=["demo", "ensure"]))

        assert migrations.current(config.DATABASE_URL) == migrations.newest()


class TestSetup:
    def test_says_where_to_begin(self, run: FlaskCliRunner) -> None:
        assert said(run.invoke(args=["setup"])) == (
            "Nothing is set up yet. Begin at http://127.0.0.1:9/setup\n"
        )

    def test_says_that_it_is_done(self, world: World, run: FlaskCliRunner) -> None:
        world.db.commit()

        assert said(run.invoke(args=["setup"])) == (
            "This installation is set up. Sign in at http://127.0.0.1:9/sign-in\n"
        )


class TestKeys:
    def test_are_checked_and_followed(
        self, world: World, config: Config, site: Site, database: Database
    ) -> None:
        keys = f"{'a7' * 32},{config.ENCRYPTION_KEYS}"
        rotated = config.model_copy(update={"ENCRYPTION_KEYS": keys})
        flask_app = create_app(
            rotated, site=Site(config=rotated, clock=site.clock), database=database
        )
        run = flask_app.test_cli_runner()

        before = run.invoke(args=["keys", "check"])
        done = said(run.invoke(args=["keys", "reseal"]))
        after = said(run.invoke(args=["keys", "check"]))

        assert before.exit_code == 1
        assert "provider_account.sealed_credentials: 2 with an earlier one" in before.output
        assert "run flask keys reseal" in before.output
        assert "2 sealed with the newest key, 2 sealed anew" in done
        assert after.endswith("only the newest has to stay in ENCRYPTION_KEYS.\n")


class TestDb:
    def test_says_that_the_tables_are_up_to_date(self, run: FlaskCliRunner) -> None:
        assert said(run.invoke(args=["db", "check"])) == "The tables are up to date.\n"

    def test_takes_the_tables_down_and_up(self, run: FlaskCliRunner, config: Config) -> None:
        said(run.invoke(args=["db", "downgrade", "base"]))
        refused = run.invoke(args=["db", "check"])
        said(run.invoke(args=["db", "upgrade"]))

        assert refused.exit_code == 1
        assert refused.output == ("Error: The tables are not up to date: run flask db upgrade.\n")
        assert migrations.differences(config.DATABASE_URL) == []


class TestSweep:
    def test_says_what_it_did(self, world: World, run: FlaskCliRunner) -> None:
        world.db.commit()

        assert said(run.invoke(args=["sweep"])) == (
            "Looked at 0 events, 0 purchases, 0 acts and 0 plans;"
            " sent 0 mails, made 0 deliveries.\n"
        )


class TestVerify:
    def test_of_a_world_without_differences_exits_0(
        self, world: World, run: FlaskCliRunner
    ) -> None:
        assert said(run.invoke(args=["verify"])) == "Compared 0: 0 differences.\n"
        assert json.loads(said(run.invoke(args=["verify", "--json"])))["differences"] == []

    def test_names_each_difference_and_exits_1_until_it_is_repaired(
        self, world: World, site: Site, sandbox: SandboxServer, run: FlaskCliRunner
    ) -> None:
        buyer = Buyer(world, site, sandbox, world.tara)
        placed = buyer.buys("onboarding", None)
        assert placed.url is not None
        payer.pays(placed.url)

        found = run.invoke(args=["verify", "--app", str(world.app.uuid)])
        mended = run.invoke(args=["verify", "--repair"])

        assert found.exit_code == 1
        assert f"checkout {placed.checkout_uuid}" in found.output
        assert mended.exit_code == 0
        assert f"  repaired: checkout {placed.checkout_uuid}" in mended.output
        assert said(run.invoke(args=["verify"])) == "Compared 2: 0 differences.\n"

    def test_of_an_app_that_is_not_there_says_so(self, world: World, run: FlaskCliRunner) -> None:
        world.db.commit()

        result = run.invoke(args=["verify", "--app", "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"])

        assert result.exit_code == 1
        assert "no such app" in result.output.lower() or "There is no" in result.output


class TestEvents:
    def test_are_listed_and_looked_at_again(
        self, world: World, site: Site, sandbox: SandboxServer, run: FlaskCliRunner
    ) -> None:
        buyer = Buyer(world, site, sandbox, world.tara)
        placed = buyer.buys("onboarding", None)
        assert placed.url is not None
        provider_id = buyer.checkout(placed).provider_id or ""
        knock(buyer, provider_id, event_id="evt_1")
        sweep.process_events(buyer.db, site)
        payer.pays(placed.url)

        listed = said(run.invoke(args=["events", "list", "--state", "done"]))
        looked = said(run.invoke(args=["events", "replay", "--id", "evt_1"]))

        assert "evt_1" in listed and provider_id in listed
        assert looked == "Looked again at what 1 event was about.\n"
        assert buyer.checkout(placed).state == "complete"

    def test_given_up_are_looked_at_again(
        self, world: World, site: Site, sandbox: SandboxServer, run: FlaskCliRunner
    ) -> None:
        buyer = Buyer(world, site, sandbox, world.tara)
        placed = buyer.buys("onboarding", None)
        assert placed.url is not None
        payer.pays(placed.url)
        knock(buyer, buyer.checkout(placed).provider_id or "", event_id="evt_1")
        dumb = buyer.where(fetch_checkout=raising(errors.BadCredentials("no")))
        sweep.process_events(buyer.db, dumb.site)

        assert " failed " in said(run.invoke(args=["events", "list"]))
        said(run.invoke(args=["events", "replay", "--failed"]))

        assert buyer.checkout(placed).state == "complete"

    def test_that_are_none_are_said_to_be_none(self, world: World, run: FlaskCliRunner) -> None:
        world.db.commit()

        nothing = run.invoke(args=["events", "replay", "--since", "2020-01-01"])
        unsaid = run.invoke(args=["events", "replay"])

        assert (nothing.exit_code, unsaid.exit_code) == (1, 2)
        assert "No stored event" in nothing.output

"""The demo world: the same everywhere, made once, shown, put back as new."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.access import api_keys, portal_links, tokens
from app.billing.demo import demo
from app.billing.errors import NotAllowed, NotFound, ProviderUnavailable
from app.billing.people import accounts
from app.billing.site import Site
from app.billing.tenants import tenant_currencies
from app.db import migrations
from app.db.base import Base
from app.db.engine import Database
from app.models import App, FailedSignIn, Origin, PortalLink, Tenant, TimelineEntry, User
from tests import ports
from tests.cast import World
from tests.sandbox_server import SandboxServer

MINTED = ("bearer", "portal_link")


def rows(db: Session) -> dict[str, int]:
    """Count what is in every table."""
    counted = {
        table.name: db.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }
    db.commit()
    return counted


def unminted(shown: Any) -> Any:
    """Answer what is shown without what is made anew for each look."""
    if isinstance(shown, dict):
        return {key: unminted(value) for key, value in shown.items() if key not in MINTED}
    return [unminted(value) for value in shown] if isinstance(shown, list) else shown


class TestEnsure:
    def test_finds_the_same_world_the_second_time(self, db: Session, site: Site) -> None:
        demo.ensure(db, site)
        made, shown = rows(db), unminted(demo.show(db, site))

        demo.ensure(db, site)

        assert {**rows(db), "portal_link": 0} == {**made, "portal_link": 0}
        assert unminted(demo.show(db, site)) == shown

    def test_makes_the_same_world_in_another_database(
        self, db: Session, site: Site, tmp_path: Path
    ) -> None:
        demo.ensure(db, site)
        url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
        migrations.upgrade(url)
        other = Database(url)

        with other.writer() as elsewhere:
            demo.ensure(elsewhere, site)
            shown = unminted(demo.show(elsewhere, site))
        other.close()

        assert shown == unminted(demo.show(db, site))

    def test_keeps_what_was_changed_since(self, world: World, db: Session, site: Site) -> None:
        tenant_currencies.choose(db, world.globex, "USD")
        db.commit()

        demo.ensure(db, site)

        db.refresh(world.globex)
        assert world.globex.currency == "USD"

    def test_follows_the_portal_to_another_address(
        self, world: World, db: Session, site: Site
    ) -> None:
        moved = Site(
            config=site.config.model_copy(update={"PUBLIC_URL": "http://127.0.0.1:19"}),
            clock=site.clock,
        )

        demo.ensure(db, moved)

        origins = set(db.scalars(select(Origin.origin)))
        stripe = world.account("stripe")
        db.commit()
        checks = moved.provider(stripe).check(webhook_url=moved.hook_url(stripe))
        token = tokens.issue(db, moved, world.app, world.tara)
        assert origins == {"https://app.example.com", "http://127.0.0.1:19"}
        assert all(check.is_fine for check in checks), checks
        assert tokens.read(db, moved, world.app, token).issuer == "http://127.0.0.1:19"

    def test_says_so_where_the_sandbox_does_not_answer(self, db: Session, site: Site) -> None:
        port = ports.free()
        alone = Site(
            config=site.config.model_copy(
                update={"STRIPE_API_URL": f"http://127.0.0.1:{port}/stripe"}
            ),
            clock=site.clock,
        )

        with pytest.raises(ProviderUnavailable, match=f"sandbox does not answer at.*{port}"):
            demo.ensure(db, alone, wait=0)

    def test_is_refused_where_the_demo_is_off(self, db: Session, site: Site) -> None:
        off = Site(config=site.config.model_copy(update={"DEMO": False}), clock=site.clock)

        with pytest.raises(NotAllowed):
            demo.ensure(db, off)

        assert db.scalars(select(App)).all() == []


class TestShow:
    def test_has_exactly_these_keys(self, world: World, db: Session, site: Site) -> None:
        shown = demo.show(db, site)

        assert list(shown) == [
            "portal_url",
            "sandbox_url",
            "app_uuid",
            "owner",
            "api_keys",
            "tenants",
            "products",
            "tax_rates",
            "portal_link",
        ]
        assert set(shown["owner"]) == {"email", "password"}
        assert set(shown["api_keys"]) == {"read", "write"}
        assert set(shown["tenants"][0]) == {"uuid", "name", "users"}
        assert set(shown["tenants"][0]["users"][0]) == {
            "uuid",
            "email",
            "password",
            "role",
            "bearer",
        }
        assert set(shown["products"][0]) == {
            "uuid",
            "slug",
            "name",
            "article_id",
            "article_type_id",
            "prices",
        }
        assert set(shown["products"][0]["prices"][0]) == {
            "uuid",
            "price_id",
            "currency",
            "unit_amount",
            "interval",
            "providers",
        }
        assert set(shown["tax_rates"][0]) == {"uuid", "tax_rate_id", "country", "percentage"}

    def test_tells_the_world_in_its_order(
        self, world: World, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        shown = demo.show(db, site)

        assert shown["portal_url"] == site.config.PUBLIC_URL
        assert shown["sandbox_url"] == sandbox.url
        assert [tenant["name"] for tenant in shown["tenants"]] == ["Globex", "Initech"]
        assert [
            (user["email"], user["role"]) for tenant in shown["tenants"] for user in tenant["users"]
        ] == [
            ("tara@globex.example", "admin"),
            ("milo@globex.example", "member"),
            ("peter@initech.example", "admin"),
        ]
        assert [product["slug"] for product in shown["products"]] == [
            "starter",
            "team",
            "business",
            "onboarding",
        ]
        assert [(rate["country"], rate["percentage"]) for rate in shown["tax_rates"]] == [
            ("DE", 19),
            ("NL", 21),
            ("FR", 20),
            ("SE", 25),
            ("AT", 20),
            (None, 0),
        ]

    def test_sells_every_price_in_both_currencies_at_both_providers(
        self, world: World, db: Session, site: Site
    ) -> None:
        prices = {
            product["slug"]: {
                (price["currency"], price["interval"]): price["unit_amount"]
                for price in product["prices"]
                if price["providers"] == ["stripe", "mollie"]
            }
            for product in demo.show(db, site)["products"]
        }

        assert prices["team"] == {
            ("EUR", "month"): 1900,
            ("EUR", "year"): 19000,
            ("USD", "month"): 1900,
            ("USD", "year"): 19000,
        }
        assert prices["starter"]["EUR", "year"] == 9000
        assert prices["business"]["USD", "month"] == 3900
        assert prices["onboarding"] == {("EUR", None): 49000, ("USD", None): 49000}

    def test_gives_an_article_number_to_onboarding_only(
        self, world: World, db: Session, site: Site
    ) -> None:
        articles = {
            product["slug"]: (product["article_id"], product["article_type_id"])
            for product in demo.show(db, site)["products"]
        }

        assert articles.pop("onboarding") == (1, 1)
        assert set(articles.values()) == {(None, None)}

    def test_shows_uuids_of_version_4(self, world: World, db: Session, site: Site) -> None:
        shown = demo.show(db, site)

        found = [shown["app_uuid"], shown["tenants"][0]["uuid"], shown["tax_rates"][0]["uuid"]]
        assert {UUID(text).version for text in found} == {4}

    def test_shows_passwords_keys_bearers_and_a_link_that_work(
        self, world: World, db: Session, site: Site
    ) -> None:
        shown = demo.show(db, site)

        tara = shown["tenants"][0]["users"][0]
        user = accounts.sign_in(
            db, site, email=tara["email"], password=tara["password"], address=None
        )
        write_key = api_keys.find(db, shown["api_keys"]["write"])
        link = portal_links.redeem(db, shown["portal_link"].rpartition("/")[2])
        claims = tokens.read(db, site, world.app, tara["bearer"])
        assert str(user.uuid) == tara["uuid"] == claims.subject
        assert write_key is not None
        assert write_key.type == "write"
        assert (link.user_id, link.scope) == (user.id, "portal")

    def test_says_what_to_do_before_there_is_a_world(self, db: Session, site: Site) -> None:
        with pytest.raises(NotFound, match="flask demo ensure"):
            demo.show(db, site)


class TestReset:
    def test_puts_everything_back(self, world: World, db: Session, site: Site) -> None:
        before = {**rows(db), "user": 4}
        tenant_currencies.choose(db, world.globex, "USD")
        world.globex.legal_name = "Somebody else"
        db.add(FailedSignIn(subject="email:x", at=site.clock.now()))
        db.add(
            TimelineEntry(
                app_id=world.app.id,
                tenant_id=world.globex.id,
                kind="checkout.completed",
                livemode=False,
                cause="a test",
                at=site.clock.now(),
            )
        )
        db.add(Tenant(app_id=world.app.id, name="Hooli"))
        portal_links.issue(db, site, tenant=world.globex)
        db.commit()

        demo.reset(db, site)

        globex = db.scalars(select(Tenant).where(Tenant.name == "Globex")).one()
        assert rows(db) == before
        assert (globex.currency, globex.legal_name) == (None, "Globex GmbH")
        assert globex.uuid == world.globex.uuid

    def test_puts_settings_and_invoice_numbers_back(
        self, world: World, db: Session, site: Site
    ) -> None:
        world.app.last_invoice_test, world.app.dunning_days = 3, [1]
        world.tara.session_epoch = 2
        origin = db.scalars(select(Origin).limit(1)).one()
        origin.may_embed = True
        db.commit()

        demo.reset(db, site)

        db.refresh(origin)
        assert (world.app.last_invoice_test, world.app.dunning_days) == (0, [2, 5, 7, 7])
        assert not origin.may_embed
        assert world.tara.session_epoch == 2

    def test_lets_bearers_and_keys_go_on(self, world: World, db: Session, site: Site) -> None:
        shown = demo.show(db, site)

        demo.reset(db, site)

        bearer = shown["tenants"][0]["users"][0]["bearer"]
        assert tokens.read(db, site, world.app, bearer).subject == str(world.tara.uuid)
        assert api_keys.find(db, shown["api_keys"]["read"]) is not None
        assert unminted(demo.show(db, site)) == unminted(shown)

    def test_resets_the_sandbox_too(
        self, world: World, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        before = sandbox.now()
        sandbox.advance("1 year")

        demo.reset(db, site)

        assert sandbox.now()[:10] == before[:10]

    def test_does_nothing_where_the_sandbox_does_not_answer(
        self, world: World, db: Session, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(demo, "_WAIT_SECONDS", 0)
        alone = Site(
            config=site.config.model_copy(update={"STRIPE_API_URL": "http://127.0.0.1:9/stripe"}),
            clock=site.clock,
        )
        portal_links.issue(db, site, tenant=world.globex)
        db.commit()

        with pytest.raises(ProviderUnavailable):
            demo.reset(db, alone)

        assert db.scalars(select(PortalLink)).all() != []
        assert db.scalars(select(User).where(User.uuid == world.charlie.uuid)).one()

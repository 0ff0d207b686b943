"""Accounts at payment providers, as an app's owner connects them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import provider_accounts
from app.billing.demo import demo_accounts
from app.billing.errors import Invalid, ProviderUnavailable
from app.billing.site import Site
from app.billing.vault import Vault
from app.db.engine import Database
from app.models import ProviderAccount
from config import Unsound
from tests import ports
from tests.cast import World

STRIPE_KEY = "sk_test_sandbox_other"

Change = Callable[..., Site]


@pytest.fixture
def changed(site: Site) -> Change:
    """Answer the installation with other settings."""

    def change(**settings: object) -> Site:
        return Site(config=site.config.model_copy(update=settings), clock=site.clock)

    return change


def live_account(world: World, site: Site) -> ProviderAccount:
    account = ProviderAccount(
        app_id=world.app.id,
        provider="stripe",
        livemode=True,
        sealed_credentials=world.account("stripe").sealed_credentials,
    )
    world.db.add(account)
    world.db.flush()
    return account


class TestOf:
    def test_answers_the_accounts_of_the_apps_mode_the_default_first(
        self, world: World, db: Session, site: Site
    ) -> None:
        live = live_account(world, site)

        in_test = provider_accounts.of(db, world.app)
        world.app.livemode = True
        db.flush()

        assert [(a.provider, a.is_default) for a in in_test] == [
            ("stripe", True),
            ("mollie", False),
        ]
        assert provider_accounts.of(db, world.app) == [live]

    def test_leaves_out_what_was_disconnected(self, world: World, db: Session) -> None:
        world.account("stripe").disconnected_at = clock.wall()
        db.flush()

        assert [a.provider for a in provider_accounts.of(db, world.app)] == ["mollie"]


class TestConnect:
    def test_seals_the_key_and_the_secret_its_events_are_signed_with(
        self, world: World, db: Session, site: Site
    ) -> None:
        account = world.account("stripe")

        secrets = site.credentials(account.sealed_credentials)
        assert secrets.secret_key == "sk_test_sandbox_acme"
        assert secrets.webhook_secret is not None
        assert secrets.webhook_secret.startswith("whsec_")
        assert "sandbox" not in account.sealed_credentials

    def test_gives_mollie_an_address_nobody_can_guess(self, world: World, site: Site) -> None:
        account = world.account("mollie")

        url = site.hook_url(account)
        assert url is not None
        assert len(url.rpartition("/")[2]) >= 32

    def test_gives_an_account_its_new_key_and_keeps_the_row(
        self, world: World, db: Session, site: Site
    ) -> None:
        before = world.account("stripe")

        again = demo_accounts.connect(
            db, site, app=world.app, provider="stripe", secret_key=STRIPE_KEY, is_default=True
        )

        assert again.id == before.id
        assert site.credentials(again.sealed_credentials).secret_key == STRIPE_KEY
        assert provider_accounts.is_ready(site, again)

    def test_keeps_mollies_address_when_the_key_changes(
        self, world: World, db: Session, site: Site
    ) -> None:
        before = site.hook_url(world.account("mollie"))

        again = demo_accounts.connect(
            db, site, app=world.app, provider="mollie", secret_key="test_sandboxother"
        )

        assert site.hook_url(again) == before

    def test_has_one_default(self, world: World, db: Session, site: Site) -> None:
        demo_accounts.connect(
            db,
            site,
            app=world.app,
            provider="mollie",
            secret_key="test_sandboxacme",
            is_default=True,
        )

        db.expire_all()
        accounts = provider_accounts.of(db, world.app)
        assert [(a.provider, a.is_default) for a in accounts] == [
            ("mollie", True),
            ("stripe", False),
        ]

    def test_opens_an_account_anew_whose_credentials_can_no_longer_be_read(
        self, world: World, db: Session, site: Site
    ) -> None:
        account = world.account("stripe")
        account.sealed_credentials = Vault(["4d" * 32]).seal("{}")
        db.commit()

        assert not provider_accounts.is_ready(site, account)
        demo_accounts.connect(
            db, site, app=world.app, provider="stripe", secret_key="sk_test_sandbox_acme"
        )

        assert provider_accounts.is_ready(site, account)

    @pytest.mark.parametrize(
        ("provider", "secret_key", "livemode", "field"),
        [
            ("stripe", "sk_live_sandbox_acme", False, "secret_key"),
            ("stripe", "pk_test_sandbox_acme", False, "secret_key"),
            ("stripe", "", False, "secret_key"),
            ("mollie", "live_sandboxacme", False, "secret_key"),
            ("stripe", "sk_live_sandbox_acme", True, "secret_key"),
            ("paypal", "sk_test_sandbox_acme", False, "provider"),
        ],
    )
    def test_refuses_a_key_that_does_not_fit(
        self,
        world: World,
        db: Session,
        site: Site,
        provider: str,
        secret_key: str,
        livemode: bool,
        field: str,
    ) -> None:
        before = world.account("stripe").sealed_credentials

        with pytest.raises(Invalid) as refusal:
            demo_accounts.connect(
                db,
                site,
                app=world.app,
                provider=provider,
                secret_key=secret_key,
                livemode=livemode,
            )

        db.expire_all()
        assert refusal.value.field == field
        assert world.account("stripe").sealed_credentials == before
        assert len(db.scalars(select(ProviderAccount)).all()) == 2

    def test_stores_nothing_where_the_provider_does_not_know_the_key(
        self, world: World, db: Session, site: Site
    ) -> None:
        before = world.account("stripe").sealed_credentials

        with pytest.raises(Invalid, match="Stripe does not accept this key"):
            demo_accounts.connect(
                db, site, app=world.app, provider="stripe", secret_key="sk_test_sandbox___nobodys"
            )

        db.expire_all()
        assert world.account("stripe").sealed_credentials == before

    def test_stores_nothing_while_the_provider_does_not_answer(
        self, world: World, db: Session, changed: Change
    ) -> None:
        before = world.account("stripe").sealed_credentials
        port = ports.free()

        with pytest.raises(ProviderUnavailable, match="Stripe does not answer"):
            demo_accounts.connect(
                db,
                changed(STRIPE_API_URL=f"http://127.0.0.1:{port}"),
                app=world.app,
                provider="stripe",
                secret_key=STRIPE_KEY,
            )

        db.expire_all()
        assert world.account("stripe").sealed_credentials == before


class TestRefuseLiveInDemo:
    def test_lets_the_demo_start_with_test_accounts(
        self, world: World, db: Session, site: Site
    ) -> None:
        provider_accounts.refuse_live_in_demo(db, site)

    def test_has_nothing_to_say_of_an_empty_database(self, tmp_path: Path, site: Site) -> None:
        empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")

        with empty.reader() as db:
            provider_accounts.refuse_live_in_demo(db, site)

        empty.close()

    @pytest.mark.parametrize(
        "risky",
        [
            {"DEMO": True},
            {"CLOCK_URL": "http://127.0.0.1:9/control/clock"},
            {"STRIPE_API_URL": "http://127.0.0.1:9/stripe"},
        ],
        ids=lambda risky: next(iter(risky)),
    )
    def test_stops_what_could_play_with_real_money(
        self, world: World, db: Session, site: Site, changed: Change, risky: dict[str, object]
    ) -> None:
        live_account(world, site)
        sound = {
            "DEMO": False,
            "CLOCK_URL": "",
            "STRIPE_API_URL": "https://api.stripe.com",
            "MOLLIE_API_URL": "https://api.mollie.com",
        }

        provider_accounts.refuse_live_in_demo(db, changed(**sound))
        with pytest.raises(Unsound, match="A live provider account is connected"):
            provider_accounts.refuse_live_in_demo(db, changed(**{**sound, **risky}))

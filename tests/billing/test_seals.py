"""Stored secrets follow the newest key, while programs go on using them."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app import clock
from app.billing import seals
from app.billing.access import repeated_tokens, signing_keys
from app.billing.access.repeated_links import Call
from app.billing.mail import mail_kinds, mails
from app.billing.seals import Tally
from app.billing.site import Credentials, Site
from app.billing.vault import Vault
from app.db.base import Base
from app.db.engine import Database
from app.models import CheckoutSession, Mail, ProviderAccount, User, WebhookEndpoint
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.sandbox_server import SandboxServer

NEW = "a7" * 32


@pytest.fixture
def rotated(site: Site) -> Site:
    """Answer the installation after a newer key was put in front."""
    keys = f"{NEW},{site.config.ENCRYPTION_KEYS}"
    return Site(config=site.config.model_copy(update={"ENCRYPTION_KEYS": keys}), clock=site.clock)


@pytest.fixture
def newest(site: Site) -> Site:
    """Answer the installation when only the newest key is left."""
    return Site(config=site.config.model_copy(update={"ENCRYPTION_KEYS": NEW}), clock=site.clock)


@pytest.fixture
def filled(world: World, site: Site, sandbox: SandboxServer) -> World:
    """Answer a world that has something in every place."""
    db = world.db
    placed = Buyer(world, site, sandbox, world.tara).buys()
    db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.uuid == placed.checkout_uuid)
        .values(sealed_client_secret=site.vault.seal("pi_1_secret_2"))
    )
    signing_keys.ensure(db, site, world.app)
    db.add(
        WebhookEndpoint(
            app=world.app,
            url="https://acme.example/hook",
            types=["*"],
            sealed_secret=site.vault.seal("whsec_1"),
            sealed_old_secret=site.vault.seal("whsec_0"),
        )
    )
    db.execute(
        update(User)
        .where(User.id == world.alice.id)
        .values(sealed_totp_secret=site.vault.seal("JBSWY3DPEHPK3PXP"))
    )
    call = Call(scope="key:1 POST /tokens", key="one", body=None)
    repeated_tokens.issue(db, site, call, app=world.app, user=world.tara)
    reset = mail_kinds.PasswordReset(
        sealed_url=site.vault.seal("https://x.example/reset/1"), expires_at=clock.wall()
    )
    mails.write(
        db,
        reset,
        "reset:1",
        app_id=world.app.id,
        now=site.clock.now(),
        recipient="tara@globex.example",
    )
    db.commit()
    return world


def total(found: dict[str, Tally]) -> Tally:
    return seals._sum(found.values())


class TestPlaces:
    def test_are_all_there_are(self, filled: World, database: Database, site: Site) -> None:
        found = seals.check(database, site)

        assert [name for name, tally in found.items() if tally.newest == 0] == []
        assert total(found).unreadable == 0

    def test_hold_every_text_that_looks_sealed(self, filled: World) -> None:
        known = {(place.table.name, place.column) for place in seals.places()}
        looking_sealed = {
            (part.name, column)
            for part in Base.metadata.sorted_tables
            for row in filled.db.execute(select(part))
            for column, value in row._mapping.items()
            if "gAAAAA" in str(value)
        }
        filled.db.rollback()

        assert looking_sealed == known


class TestReseal:
    def test_leaves_nothing_that_needs_an_earlier_key(
        self, filled: World, database: Database, rotated: Site, newest: Site
    ) -> None:
        before = seals.check(database, rotated)

        done = seals.reseal(database, rotated)

        count = total(before).earlier
        assert count >= len(seals.places())
        assert total(done) == Tally(newest=count, resealed=count)
        assert total(seals.check(database, newest)) == Tally(newest=count)

    def test_keeps_what_was_sealed(
        self, filled: World, database: Database, rotated: Site, newest: Site, site: Site
    ) -> None:
        db = filled.db
        seen = {account.provider: account for account in db.scalars(select(ProviderAccount))}
        before = {name: site.credentials(row.sealed_credentials) for name, row in seen.items()}
        mail = db.scalars(select(Mail).where(Mail.kind == "password_reset")).one()
        stamps = [row.updated_at for row in seen.values()]
        db.commit()

        seals.reseal(database, rotated)

        db.expire_all()
        after = {
            account.provider: newest.credentials(account.sealed_credentials)
            for account in db.scalars(select(ProviderAccount))
        }
        assert after == before
        assert newest.vault.open(mail.values["sealed_url"]) == "https://x.example/reset/1"
        assert mail.values.keys() > {"sealed_url"}
        assert [row.updated_at for row in seen.values()] == stamps
        db.rollback()

    def test_done_again_changes_nothing(
        self, filled: World, database: Database, rotated: Site
    ) -> None:
        once = seals.reseal(database, rotated)

        again = seals.reseal(database, rotated)

        assert total(once).resealed > 0
        assert total(again).resealed == 0

    def test_goes_on_where_it_was_stopped(
        self,
        filled: World,
        database: Database,
        rotated: Site,
        newest: Site,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(seals, "_BATCH", 1)
        real, calls = Vault.reseal, 0

        def stop_at_the_third(vault: Vault, sealed: str) -> str:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise KeyboardInterrupt
            return real(vault, sealed)

        with monkeypatch.context() as patch:
            patch.setattr(Vault, "reseal", stop_at_the_third)
            with pytest.raises(KeyboardInterrupt):
                seals.reseal(database, rotated)
        kept = total(seals.check(database, rotated))
        done = total(seals.reseal(database, rotated))

        assert kept.newest == 2
        assert done.resealed == kept.earlier > 0
        assert total(seals.check(database, newest)).unreadable == 0

    def test_leaves_what_no_key_opens(
        self, world: World, database: Database, rotated: Site, site: Site
    ) -> None:
        lost = Site(
            config=site.config.model_copy(update={"ENCRYPTION_KEYS": "0c" * 32}), clock=site.clock
        ).seal(Credentials("sk_test_lost"))
        account = world.account("stripe")
        account.sealed_credentials = lost
        world.db.commit()

        done = seals.reseal(database, rotated)

        world.db.refresh(account)
        assert done["provider_account.sealed_credentials"].unreadable == 1
        assert account.sealed_credentials == lost
        world.db.rollback()

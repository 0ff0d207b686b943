"""Payment providers in the console: connecting, checking, replacing keys, disconnecting."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.models import AppMember, AuditEntry, ProviderAccount, ProviderEvent
from tests import together
from tests.cast import World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer

DEMO_KEY = "sk_test_sandbox_acme"
# Not the demo's: what is done at an account of the sandbox stays for the tests that follow.
KEY = "sk_test_sandbox_maps"
OTHER = "sk_test_sandbox_other"


@pytest.fixture
def base(world: World) -> str:
    path = f"/console/apps/{world.app.uuid}/providers"
    world.db.commit()
    return path


@pytest.fixture
def bare(world: World, db: Session, base: str, sandbox: SandboxServer) -> str:
    """Answer the pages of an app to which nothing is connected yet."""
    db.execute(
        update(ProviderAccount).values(
            disconnected_at=world.app.created_at, connected_at=None, sealed_credentials=""
        )
    )
    db.commit()
    return base


@pytest.fixture
def own(alice: Visitor, bare: str) -> str:
    """Answer the pages of an app with two accounts that only these tests use."""
    assert alice.posts(f"{bare}/test/stripe", {"secret_key": KEY}).status == 303
    assert alice.posts(f"{bare}/test/mollie", {"secret_key": "test_sandboxmaps"}).status == 303
    return bare


def account_of(db: Session, provider: str = "stripe") -> ProviderAccount:
    """Answer the connected account as it is now; no transaction stays open."""
    db.rollback()
    account = db.scalars(
        select(ProviderAccount)
        .where(ProviderAccount.provider == provider, ProviderAccount.disconnected_at.is_(None))
        .execution_options(populate_existing=True)
    ).one()
    db.commit()
    return account


def webhooks_of(sandbox: SandboxServer, url: str, key: str = KEY) -> list[str]:
    account = sandbox.app.world.account("stripe", key)
    return [e["id"] for e in account.find("webhook_endpoints", lambda e: e["url"] == url)]


def findings(page: object) -> set[str]:
    return {e.get("data-finding", "") for e in page.all("li")} - {""}  # type: ignore[attr-defined]


class TestTheOverview:
    def test_shows_test_and_live_side_by_side(self, alice: Visitor, base: str) -> None:
        page = alice.opens(base)

        assert page.heading == "Payment providers"
        assert [h for h in ("Test accounts", "Live accounts") if h in page.words()] != []
        assert "ends in acme" in page.words()
        assert DEMO_KEY not in page.text and "whsec_" not in page.text
        assert page.has("console-providers-test-stripe")
        assert "no live account can be connected" in page.words()

    def test_may_be_seen_but_not_changed_by_support(
        self, alice: Visitor, base: str, world: World, db: Session
    ) -> None:
        db.execute(update(AppMember).values(role="support"))
        db.commit()
        account = account_of(db).uuid

        assert alice.opens(base).status == 200
        assert not alice.opens(f"{base}/{account}").has("console-providers-check")
        for path in (f"{base}/{account}/key", f"{base}/{account}/webhook", f"{base}/going-live"):
            assert alice.opens(path).status == 403
        for path in ("check", "default", "key", "webhook", "webhook/register", "disconnect"):
            assert alice.posts(f"{base}/{account}/{path}").status == 403

    def test_does_not_exist_for_tenants(self, tara: Visitor, base: str, db: Session) -> None:
        account = account_of(db).uuid

        assert tara.opens(base).status == 404
        assert tara.posts(f"{base}/{account}/disconnect").status == 404


class TestConnecting:
    def test_checks_the_key_registers_the_webhook_and_tells(
        self, alice: Visitor, bare: str, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        form = alice.opens(f"{bare}/test/stripe")
        assert form.has("console-providers-key")

        sent = alice.posts(f"{bare}/test/stripe", {"secret_key": f"  {KEY}\n"})

        account = account_of(db)
        page = alice.opens(sent.location)
        assert page.heading == "Stripe, test account"
        assert "The account is connected." in page.words()
        assert "Acme Notes" in page.words() and "ends in maps" in page.words()
        assert KEY not in page.text
        assert account.is_default
        assert len(webhooks_of(sandbox, str(site.hook_url(account)))) == 1
        secrets = site.credentials(account.sealed_credentials)
        assert (secrets.secret_key, account.webhook) == (KEY, "registered")
        assert alice.opens(f"{bare}/test/stripe").location == sent.location

    @pytest.mark.parametrize(
        ("mode", "provider", "key", "sentence"),
        [
            ("test", "stripe", "", "Paste the key."),
            ("test", "stripe", "sk_live_4242", "This is a live key"),
            ("test", "stripe", "pk_test_4242", "publishable key"),
            ("test", "stripe", "whsec_4242424242", "signing secret of a webhook"),
            ("test", "stripe", "sk_test_4242424242", "a real key has no use here"),
            ("test", "stripe", "sk_test_sandbox___x", "Stripe does not accept this key"),
            ("live", "stripe", "sk_live_4242", "runs the demo"),
            ("test", "mollie", KEY, "should begin with test_"),
            ("test", "mollie", "live_4242", "This is a live key"),
        ],
    )
    def test_refuses_a_key_that_does_not_fit_and_says_why(
        self,
        alice: Visitor,
        bare: str,
        db: Session,
        mode: str,
        provider: str,
        key: str,
        sentence: str,
    ) -> None:
        page = alice.posts(f"{bare}/{mode}/{provider}", {"secret_key": key})

        assert page.status == 422
        assert sentence in " ".join(page.problems)
        assert not key or key not in page.text
        db.rollback()
        assert (
            db.scalars(
                select(ProviderAccount).where(ProviderAccount.connected_at.is_not(None))
            ).all()
            == []
        )

    def test_twice_at_once_is_done_once(
        self,
        flask_app: Flask,
        alice: Visitor,
        bare: str,
        world: World,
        db: Session,
        site: Site,
        sandbox: SandboxServer,
    ) -> None:
        visitors = [Visitor(flask_app, world.alice) for _ in range(4)]
        db.commit()

        def press(visitor: Visitor) -> int:
            return visitor.posts(f"{bare}/test/stripe", {"secret_key": KEY}).status

        statuses = together.each(press, visitors)

        account = account_of(db)
        assert statuses == [303] * 4
        assert len(webhooks_of(sandbox, str(site.hook_url(account)))) == 1
        lines = db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert lines == ["provider_account.connected"]

    def test_while_the_provider_is_away_changes_nothing(
        self, alice: Visitor, bare: str, db: Session, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", times=9)

        page = alice.posts(f"{bare}/test/stripe", {"secret_key": KEY})

        assert page.status == 503 and "Retry-After" in page.headers
        assert "does not answer just now" in " ".join(page.problems)
        sandbox.clear_faults()
        assert "Not connected" in alice.opens(bare).words()
        assert alice.posts(f"{bare}/test/stripe", {"secret_key": KEY}).status == 303

    def test_finds_the_webhook_of_a_try_that_broke_off(
        self, alice: Visitor, bare: str, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        alice.posts(f"{bare}/test/stripe", {"secret_key": KEY})
        account = account_of(db)
        url = str(site.hook_url(account))
        account.disconnected_at, account.connected_at = account.connected_at, None
        db.commit()

        again = alice.opens(alice.posts(f"{bare}/test/stripe", {"secret_key": KEY}).location)

        assert "was there already; it was replaced" in again.words()
        assert account_of(db).id == account.id
        assert len(webhooks_of(sandbox, url)) == 1

    def test_of_a_live_account_is_not_offered_in_the_demo(self, alice: Visitor, base: str) -> None:
        page = alice.opens(f"{base}/live/mollie")

        assert "no live account can be connected" in page.words()
        assert not page.has("console-providers-key")

    def test_of_another_account_where_one_is_connected_leads_to_its_key(
        self, alice: Visitor, base: str
    ) -> None:
        page = alice.posts(f"{base}/test/stripe", {"secret_key": OTHER})

        assert page.status == 409
        assert "connected already" in " ".join(page.problems)

    def test_mollie_shows_its_profile_and_hides_its_hook(
        self, alice: Visitor, bare: str, db: Session, site: Site
    ) -> None:
        sent = alice.posts(f"{bare}/test/mollie", {"secret_key": "test_sandboxmaps"})

        page, account = alice.opens(sent.location), account_of(db, "mollie")
        hook = site.credentials(account.sealed_credentials).hook_secret
        assert "Acme Notes" in page.words() and "with each payment" in page.words()
        assert hook and len(hook) >= 32 and hook not in page.text

    def test_by_a_restricted_key_asks_for_the_signing_secret(
        self, alice: Visitor, bare: str, db: Session, site: Site
    ) -> None:
        sent = alice.posts(f"{bare}/test/stripe", {"secret_key": "rk_test_sandbox_maps"})
        page = alice.opens(sent.location)

        assert page.heading == "Webhook of Stripe"
        assert page.words("console-providers-hook-url") == site.hook_url(account_of(db))
        assert "checkout.session.completed" in page.words()
        wrong = alice.posts(sent.location, {"webhook_secret": "sk_test_sandbox_maps"})
        assert (wrong.status, len(wrong.problems)) == (422, 1)
        kept = alice.posts(sent.location, {"webhook_secret": "whsec_" + "a1" * 16})
        assert kept.status == 303
        account = account_of(db)
        assert account.webhook == "by_hand"
        assert site.credentials(account.sealed_credentials).webhook_secret == "whsec_" + "a1" * 16
        assert "whsec_a1" not in alice.opens(sent.location).text
        refused = alice.posts(f"{bare}/{account.uuid}/webhook/register")
        assert refused.status == 409 and "by hand" in " ".join(refused.problems)


class TestChecking:
    def test_says_line_by_line_what_works(self, alice: Visitor, own: str, db: Session) -> None:
        account = account_of(db)
        before = alice.opens(f"{own}/{account.uuid}")

        alice.posts(f"{own}/{account.uuid}/check")

        page = alice.opens(f"{own}/{account.uuid}")
        assert "not checked with this key" in before.words()
        assert findings(page) == {
            *("key_good", "mode_test", "account_charges", "methods_on", "webhook_good"),
            *("terms_unread", "arrivals_none"),
        }
        assert "Card" in page.words() and "Public details" in page.words()

    def test_says_what_to_do_where_the_webhook_was_deleted(
        self, alice: Visitor, own: str, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        account = account_of(db)
        world = sandbox.app.world.account("stripe", KEY)
        for endpoint in webhooks_of(sandbox, str(site.hook_url(account))):
            world.delete("webhook_endpoints", endpoint)

        alice.posts(f"{own}/{account.uuid}/check")
        found = alice.opens(f"{own}/{account.uuid}")
        alice.posts(f"{own}/{account.uuid}/webhook/register")
        alice.posts(f"{own}/{account.uuid}/check")

        assert "webhook_missing" in findings(found)
        assert "webhook_good" in findings(alice.opens(f"{own}/{account.uuid}"))

    def test_says_so_while_the_provider_is_away(
        self, alice: Visitor, own: str, db: Session, sandbox: SandboxServer
    ) -> None:
        account = account_of(db, "mollie")
        sandbox.fault("500_before", provider="mollie", times=9)

        alice.posts(f"{own}/{account.uuid}/check")

        sandbox.clear_faults()
        page = alice.opens(f"{own}/{account.uuid}")
        assert findings(page) == {"key_silent", "arrivals_none"}
        assert "500" not in page.words()

    def test_tells_when_the_last_event_arrived(
        self, alice: Visitor, own: str, db: Session, site: Site
    ) -> None:
        account = account_of(db, "mollie")
        now = site.clock.now()
        db.add(
            ProviderEvent(
                provider_account_id=account.id,
                object_id="tr_1",
                payload="id=tr_1",
                received_at=now,
                next_try_at=now,
            )
        )
        db.commit()

        alice.posts(f"{own}/{account.uuid}/check")

        assert "arrivals_seen" in findings(alice.opens(f"{own}/{account.uuid}"))


class TestReplacingTheKey:
    def test_takes_another_key_of_the_same_account_and_keeps_the_webhook(
        self, alice: Visitor, own: str, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        before = account_of(db)
        secret = site.credentials(before.sealed_credentials).webhook_secret

        sent = alice.posts(f"{own}/{before.uuid}/key", {"secret_key": f"{KEY}__rolled"})

        after = account_of(db)
        kept = site.credentials(after.sealed_credentials)
        assert "Now revoke the old one" in alice.opens(sent.location).words()
        assert (kept.secret_key, kept.webhook_secret) == (f"{KEY}__rolled", secret)
        assert (after.id, after.key_hint) == (before.id, "lled")
        again = alice.posts(f"{own}/{before.uuid}/key", {"secret_key": f"{KEY}__rolled"})
        assert again.status == 303
        actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions[2:] == ["provider_account.key_replaced"]

    @pytest.mark.parametrize("key", [OTHER, "rk_test_sandbox_other"])
    def test_refuses_a_key_of_another_account(
        self, alice: Visitor, tara: Visitor, own: str, world: World, db: Session, key: str
    ) -> None:
        account = account_of(db)
        price = world.price("team", "year").price_id
        world.db.commit()
        path = f"/t/{world.globex.uuid}/checkout"
        world.db.commit()
        shown = tara.opens(f"{path}?price={price}&quantity=1&method=stripe-card")
        assert tara.posts(path, {**shown.fields(path), "act": "pay"}).status == 303

        page = alice.posts(f"{own}/{account.uuid}/key", {"secret_key": key})

        assert page.status == 422
        assert "of another account" in " ".join(page.problems)
        assert account_of(db).key_hint == "maps"


class TestDisconnecting:
    def test_is_refused_while_plans_run_or_checkouts_are_open(
        self, alice: Visitor, base: str, world: World, db: Session
    ) -> None:
        account = account_of(db)
        world.begin_plan(world.globex)

        page = alice.opens(f"{base}/{account.uuid}/disconnect")
        forced = alice.posts(f"{base}/{account.uuid}/disconnect")

        assert "1 plan runs at it." in page.words()
        assert not page.has("console-providers-disconnect-confirm")
        assert forced.status == 409
        assert account_of(db).sealed_credentials != ""

    def test_forgets_the_key_removes_the_webhook_and_keeps_the_history(
        self, alice: Visitor, own: str, db: Session, site: Site, sandbox: SandboxServer
    ) -> None:
        account = account_of(db)
        url = str(site.hook_url(account))

        alice.posts(f"{own}/{account.uuid}/disconnect")
        second = alice.posts(f"{own}/{account.uuid}/disconnect")

        db.rollback()
        db.refresh(account)
        db.commit()
        assert second.status == 303
        assert (account.sealed_credentials, account.key_hint) == ("", None)
        assert webhooks_of(sandbox, url) == []
        assert account_of(db, "mollie").is_default
        assert "its key is forgotten" in alice.opens(f"{own}/{account.uuid}").words()
        assert alice.opens(f"{own}/{account.uuid}/key").status == 409
        back = alice.posts(f"{own}/test/stripe", {"secret_key": KEY})
        assert back.location.endswith(str(account.uuid))
        assert webhooks_of(sandbox, url) != []

    def test_is_done_where_the_provider_is_away_and_says_what_is_left(
        self, alice: Visitor, own: str, db: Session, sandbox: SandboxServer
    ) -> None:
        account = account_of(db)
        sandbox.fault("500_before", provider="stripe", times=9)

        sent = alice.posts(f"{own}/{account.uuid}/disconnect")

        sandbox.clear_faults()
        assert "could not be removed" in alice.opens(sent.location).words()


class TestTheDefault:
    def test_can_be_chosen_among_several(self, alice: Visitor, own: str, db: Session) -> None:
        mollie = account_of(db, "mollie")

        alice.posts(f"{own}/{mollie.uuid}/default")

        assert account_of(db, "mollie").is_default
        assert not account_of(db).is_default

"""Connecting an account at a provider, replacing its key and secret, and disconnecting it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
import stripe
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import connections, going_live, provider_accounts, provider_webhooks
from app.billing.errors import Conflict, Invalid, ProviderUnavailable
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.billing.truth import acts
from app.billing.truth.doors import Doors
from app.billing.vault import Vault
from app.db.engine import Database
from app.models import (
    Act,
    AppMember,
    AuditEntry,
    ProviderAccount,
    ProviderEvent,
    Subscription,
)
from tests.cast import World
from tests.sandbox_server import SandboxServer

KEY = "sk_test_sandbox_connections"


@pytest.fixture
def owner(world: World, db: Session) -> AppMember:
    """Answer the owner of an app to which nothing is connected yet."""
    db.execute(
        update(ProviderAccount).values(
            disconnected_at=clock.wall(), connected_at=None, sealed_credentials=""
        )
    )
    member = db.scalars(select(AppMember)).one()
    assert member.app and member.user
    db.commit()
    return member


@pytest.fixture
def account(db: Session, site: Site, owner: AppMember) -> ProviderAccount:
    """Answer their connected account at Stripe."""
    made = connections.connect(db, site, owner, provider="stripe", secret_key=KEY, livemode=False)
    return made.account


def secret_of(site: Site, account: ProviderAccount) -> str:
    secret = site.credentials(account.sealed_credentials).webhook_secret
    assert secret is not None
    return secret


def endpoints(sandbox: SandboxServer, url: str | None) -> int:
    world = sandbox.app.world.account("stripe", KEY)
    return len(world.find("webhook_endpoints", lambda endpoint: endpoint["url"] == url))


def knock(doors: Doors, account: ProviderAccount, secret: str) -> None:
    body = json.dumps(
        {
            "id": f"evt_{uuid4().hex}",
            "type": "invoice.paid",
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"object": "customer", "id": "cus_1"}},
        }
    )
    sign = stripe.WebhookSignature.generate_signature_header
    headers = {"Stripe-Signature": sign(body, secret, int(time.time()))}
    doors.receive("stripe", account.uuid, body=body.encode(), headers=headers)


def arrived(db: Session) -> int:
    count = db.scalar(select(func.count(ProviderEvent.id)))
    db.commit()
    return count or 0


class TestConnect:
    def test_keeps_what_tells_the_account_and_no_secret_in_the_open(
        self, account: ProviderAccount, db: Session, site: Site
    ) -> None:
        line = db.scalars(select(AuditEntry)).one()
        db.commit()

        assert (account.key_hint, account.name, account.webhook) == (
            "ions",
            "Acme Notes",
            "registered",
        )
        assert account.provider_id is not None and account.provider_id.startswith("acct_")
        assert (line.action, line.subject) == (
            "provider_account.connected",
            "Stripe test Acme Notes",
        )
        assert KEY not in f"{line.details} {account.sealed_credentials}"
        assert secret_of(site, account) not in str(line.details)

    def test_is_as_it_was_where_the_provider_does_not_answer_halfway(
        self, db: Session, site: Site, owner: AppMember, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", match="webhook_endpoints", times=9)

        with pytest.raises(ProviderUnavailable):
            connections.connect(db, site, owner, provider="stripe", secret_key=KEY, livemode=False)

        sandbox.clear_faults()
        assert provider_accounts.of(db, owner.app) == []
        db.commit()
        made = connections.connect(
            db, site, owner, provider="stripe", secret_key=KEY, livemode=False
        )
        assert endpoints(sandbox, site.hook_url(made.account)) == 1

    def test_finds_the_endpoint_of_a_call_whose_answer_was_lost(
        self, db: Session, site: Site, owner: AppMember, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_after", provider="stripe", match="webhook_endpoints", times=1)
        with pytest.raises(ProviderUnavailable):
            connections.connect(db, site, owner, provider="stripe", secret_key=KEY, livemode=False)
        sandbox.clear_faults()

        made = connections.connect(
            db, site, owner, provider="stripe", secret_key=KEY, livemode=False
        )

        assert made.replaced == 1
        assert endpoints(sandbox, site.hook_url(made.account)) == 1


class TestRotate:
    def test_is_whole_or_not_at_all_of_two_at_once(
        self, account: ProviderAccount, db: Session, site: Site
    ) -> None:
        before = account.sealed_credentials

        provider_accounts.swap(db, account, before, site.seal(site.credentials(before)))
        db.commit()

        with pytest.raises(Conflict, match="Somebody else"):
            provider_accounts.swap(db, account, before, "another")

    def test_keeps_the_present_key_where_the_provider_refuses_the_new_one(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember
    ) -> None:
        before = account.sealed_credentials

        with pytest.raises(Invalid, match="does not accept this key") as refusal:
            connections.rotate(db, site, owner, account, secret_key="sk_test_sandbox___nobody")

        db.refresh(account)
        assert refusal.value.field == "secret_key"
        assert account.sealed_credentials == before

    def test_opens_an_account_anew_whose_credentials_can_no_longer_be_read(
        self,
        account: ProviderAccount,
        db: Session,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        account.sealed_credentials = Vault(["4d" * 32]).seal("{}")
        db.commit()

        connections.rotate(db, site, owner, account, secret_key=KEY)

        db.refresh(account)
        assert site.credentials(account.sealed_credentials).secret_key == KEY
        assert provider_accounts.is_ready(site, account)
        assert endpoints(sandbox, site.hook_url(account)) == 1


class TestTheSigningSecret:
    def test_renewed_is_believed_at_once_and_the_earlier_one_no_more(
        self,
        account: ProviderAccount,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("app.billing.truth.doors._ANEW_SECONDS", 0)
        doors, earlier = Doors(database, site), secret_of(site, account)
        db.commit()
        knock(doors, account, earlier)

        provider_webhooks.renew(db, site, owner, account)
        db.refresh(account)
        db.commit()
        knock(doors, account, secret_of(site, account))

        with pytest.raises(Invalid):
            knock(doors, account, earlier)
        assert arrived(db) == 2
        assert endpoints(sandbox, site.hook_url(account)) == 1

    def test_is_renewed_once_by_clicks_at_once(
        self,
        account: ProviderAccount,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        def press(_: int) -> str:
            with database.writer() as own:
                member = own.get_one(AppMember, owner.id)
                assert member.user
                found = own.get_one(ProviderAccount, account.id)
                own.commit()
                together.wait()
                return provider_webhooks.renew(own, site, member, found).state

        together = Barrier(3)
        db.commit()
        with ThreadPoolExecutor(3) as pool:
            states = list(pool.map(press, range(3)))

        db.refresh(account)
        made = db.scalars(
            select(AuditEntry.id).where(AuditEntry.action == "provider_account.webhook_registered")
        ).all()
        db.commit()
        assert states == ["registered"] * 3
        assert len(made) == 1
        assert endpoints(sandbox, site.hook_url(account)) == 1
        assert provider_accounts.is_ready(site, account)

    def test_stays_where_the_provider_does_not_answer(
        self,
        account: ProviderAccount,
        db: Session,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        earlier = secret_of(site, account)
        sandbox.fault("500_before", provider="stripe", times=9)

        with pytest.raises(ProviderUnavailable):
            provider_webhooks.renew(db, site, owner, account)

        sandbox.clear_faults()
        db.refresh(account)
        assert secret_of(site, account) == earlier
        assert endpoints(sandbox, site.hook_url(account)) == 1

    @pytest.mark.parametrize("typed", ["", "whsec_", KEY, "whsec_ab cd", "whsec_" + "a" * 999])
    def test_is_kept_only_where_it_is_one(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember, typed: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            provider_webhooks.keep_secret(db, site, owner, account, typed)

        assert refusal.value.field == "webhook_secret"


class TestDisconnect:
    def test_waits_for_what_is_still_to_be_done_there(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember
    ) -> None:
        db.add(
            Act(
                effect="refund:payment:1",
                kind="refund",
                reason="twice",
                provider_account_id=account.id,
                request="{}",
                next_try_at=clock.wall(),
            )
        )
        db.commit()

        with pytest.raises(Conflict, match="still"):
            connections.disconnect(db, site, owner, account)

        assert connections.ties(db, account) == connections.Ties(plans=0, checkouts=0, acts=1)

    def test_closes_the_door_and_lets_nothing_be_done_by_the_key(
        self,
        account: ProviderAccount,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        url = site.hook_url(account)

        assert connections.disconnect(db, site, owner, account)

        db.refresh(account)
        assert account.sealed_credentials == ""
        assert endpoints(sandbox, url) == 0
        with pytest.raises(Conflict, match="disconnected"):
            connections.rotate(db, site, owner, account, secret_key=KEY)
        with pytest.raises(Conflict, match="disconnected"):
            provider_webhooks.renew(db, site, owner, account)
        with pytest.raises(Conflict, match="disconnected"):
            provider_accounts.make_default(db, site, owner, account)

    def test_leaves_nothing_for_the_sweep_to_ask(
        self,
        account: ProviderAccount,
        world: World,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
    ) -> None:
        knock(Doors(database, site), account, secret_of(site, account))
        db.add(
            Subscription(
                app_id=owner.app_id,
                tenant_id=world.globex.id,
                provider_account_id=account.id,
                price=world.price("team"),
                provider_id="sub_1",
                livemode=False,
                family="default",
                status="canceled",
                quantity=1,
                currency="EUR",
                net=2900,
                tax=0,
                total=2900,
                started_at=clock.wall(),
                anchor_at=clock.wall(),
                next_check_at=site.clock.now(),
            )
        )
        db.commit()

        connections.disconnect(db, site, owner, account)

        swept = sweep.run(db, site)
        assert (swept.failures, swept.events, swept.subscriptions) == (0, 0, 0)
        with pytest.raises(Conflict, match="disconnected"):
            site.provider(account)
        with pytest.raises(Conflict, match="disconnected"):
            acts.ask(
                db,
                "refund",
                "refund:payment:1",
                account_id=account.id,
                reason="asked",
                now=clock.wall(),
            )

    def test_of_a_key_nobody_can_open_says_that_the_webhook_is_left(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember
    ) -> None:
        account.sealed_credentials = Vault(["4d" * 32]).seal("{}")
        db.commit()

        assert not connections.disconnect(db, site, owner, account)

        db.refresh(account)
        assert account.disconnected_at is not None


class TestGoingLive:
    def test_is_refused_where_no_real_money_may_move(
        self, db: Session, site: Site, owner: AppMember
    ) -> None:
        with pytest.raises(Conflict, match="can never go live"):
            going_live.go(db, site, owner, typed_name=owner.app.name)

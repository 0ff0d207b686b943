"""Going live, and back to test mode, in the console."""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import create_app
from app.billing.site import Credentials, Site
from app.clock import wall
from app.db.engine import Database
from app.models import App, AppMember, AuditEntry, ProviderAccount, Subscription
from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def real(site: Site) -> Site:
    """Answer the same installation, asking the real providers; nothing of these pages does."""
    changes = {
        "DEMO": False,
        "CLOCK_URL": "",
        "STRIPE_API_URL": "https://api.stripe.com",
        "MOLLIE_API_URL": "https://api.mollie.com",
    }
    return Site(config=site.config.model_copy(update=changes), clock=site.clock)


@pytest.fixture
def alice(
    real: Site, world: World, database: Database, compiled_templates: BytecodeCache
) -> Visitor:
    flask_app = create_app(real.config, site=real, database=database)
    flask_app.jinja_env.bytecode_cache = compiled_templates
    return Visitor(flask_app, world.alice)


@pytest.fixture
def live(world: World, db: Session, site: Site) -> ProviderAccount:
    """Answer a live account that was checked and works."""
    account = ProviderAccount(
        app_id=world.app.id,
        provider="stripe",
        livemode=True,
        sealed_credentials=site.seal(Credentials("sk_live_never_asked", "whsec_never_asked")),
        key_hint="sked",
        connected_at=wall(),
        checked_at=wall(),
        checks=[{"subject": "key", "finding": "key_good", "standing": "good", "values": {}}],
    )
    db.add(account)
    db.commit()
    return account


@pytest.fixture
def path(world: World) -> str:
    path = f"/console/apps/{world.app.uuid}/providers/going-live"
    world.db.commit()
    return path


def points(visitor: Visitor, path: str) -> dict[str, str]:
    page = visitor.opens(path)
    return {
        e.get("data-testid", "").rpartition("-")[2]: e.get("data-ready", "")
        for e in page.all("li")
        if e.get("data-ready")
    }


def is_live(db: Session, world: World) -> bool:
    db.rollback()
    found = db.scalar(select(App.livemode).where(App.id == world.app.id))
    db.commit()
    return bool(found)


class TestGoingLive:
    def test_lists_what_is_ready_and_what_is_missing(
        self, alice: Visitor, world: World, db: Session, path: str
    ) -> None:
        db.execute(update(App).values(support_email=None, seller_address=None))
        db.commit()

        assert points(alice, path) == {
            "account": "no",
            "check": "no",
            "seller": "no",
            "product": "no",
            "tax": "yes",
            "origins": "no",
            "support": "no",
        }
        assert not alice.opens(path).has("console-providers-go-live")
        refused = alice.posts(path, {"typed_name": "Acme Notes"})
        assert refused.status == 409 and "still missing" in " ".join(refused.problems)

    def test_takes_the_apps_name_and_is_noted_once(
        self, alice: Visitor, world: World, db: Session, path: str, live: ProviderAccount
    ) -> None:
        wrong = alice.posts(path, {"typed_name": "acme notes"})
        empty = alice.posts(path, {"typed_name": ""})
        before = is_live(db, world)

        sent = alice.posts(path, {"typed_name": " Acme Notes "})
        again = alice.posts(path, {"typed_name": "Acme Notes"})

        assert (wrong.status, empty.status, before) == (422, 422, False)
        assert (sent.status, again.status) == (303, 303)
        assert is_live(db, world)
        assert "Acme Notes is live" in alice.opens(sent.location).words()
        actions = db.scalars(select(AuditEntry.action)).all()
        db.commit()
        assert actions == ["app.went_live"]

    def test_waits_for_a_check_that_found_nothing_bad(
        self, alice: Visitor, world: World, db: Session, path: str, live: ProviderAccount
    ) -> None:
        bad = {"subject": "webhook", "finding": "webhook_missing", "standing": "bad", "values": {}}
        db.execute(update(ProviderAccount).where(ProviderAccount.livemode).values(checks=[bad]))
        db.commit()

        found = points(alice, path)

        assert (found["account"], found["check"], found["product"]) == ("yes", "no", "yes")
        assert alice.posts(path, {"typed_name": "Acme Notes"}).status == 409

    def test_is_never_possible_in_the_demo(
        self, flask_app: Flask, world: World, db: Session, path: str, live: ProviderAccount
    ) -> None:
        alice = Visitor(flask_app, world.alice)
        db.commit()

        page = alice.opens(path)
        forced = alice.posts(path, {"typed_name": "Acme Notes"})

        assert "it can never go live" in page.words()
        assert not page.has("console-providers-go-live")
        assert forced.status == 409
        assert not is_live(db, world)

    def test_is_not_for_support(
        self, alice: Visitor, world: World, db: Session, path: str, live: ProviderAccount
    ) -> None:
        db.execute(update(AppMember).values(role="support"))
        db.commit()

        assert alice.opens(path).status == 403
        assert alice.posts(path, {"typed_name": "Acme Notes"}).status == 403


class TestAPrivateAddress:
    def test_is_said_to_let_no_event_in(
        self, alice: Visitor, world: World, db: Session, live: ProviderAccount
    ) -> None:
        live.webhook = "private"
        db.commit()
        base = f"/console/apps/{world.app.uuid}/providers/{live.uuid}"

        page = alice.opens(f"{base}/webhook")

        assert "no event can arrive" in page.words()
        assert "Portico looks at open payments by itself" in page.words()
        assert not page.has("console-providers-register")
        assert "None can arrive at a private address" in alice.opens(base).words()


class TestGoingBack:
    @pytest.fixture
    def back(self, world: World, db: Session) -> str:
        db.execute(update(App).values(livemode=True))
        db.commit()
        return f"/console/apps/{world.app.uuid}/providers/back-to-test"

    def test_is_one_press_where_nothing_live_runs(
        self, alice: Visitor, world: World, db: Session, back: str, live: ProviderAccount
    ) -> None:
        assert alice.opens(back).has("console-providers-back-confirm")

        sent = alice.posts(back)

        assert "in test mode again" in alice.opens(sent.location).words()
        assert not is_live(db, world)
        assert alice.opens(back).status == 303

    def test_is_refused_while_a_live_plan_runs(
        self, alice: Visitor, world: World, db: Session, back: str, live: ProviderAccount
    ) -> None:
        plan = Subscription(
            app_id=world.app.id,
            tenant_id=world.globex.id,
            provider_account_id=live.id,
            price=world.price("team"),
            livemode=True,
            family="default",
            status="active",
            quantity=1,
            currency="EUR",
            net=2900,
            tax=0,
            total=2900,
            started_at=wall(),
            anchor_at=wall(),
        )
        db.add(plan)
        db.commit()

        page = alice.opens(back)
        forced = alice.posts(back)

        assert "1 live plan runs." in page.words()
        assert not page.has("console-providers-back-confirm")
        assert forced.status == 409
        assert is_live(db, world)

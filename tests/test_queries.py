"""The hot paths ask the database as little as they do today: each statement is counted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import clock
from app.billing import timeline
from app.billing.demo.demo_world import API_KEYS
from app.billing.purchase import checkouts
from app.billing.site import Site
from app.db.engine import Database
from app.models import CheckoutSession, ProviderEvent
from tests import cast
from tests.api import test_provider_v1
from tests.api.conftest import key_headers
from tests.bench import events
from tests.pages import Page, Visitor, flask_app, new_app, tara
from tests.statements import Statements

__all__ = ["flask_app", "new_app", "tara"]


def press_pay(tara: Visitor, world: cast.World, statements: Statements | None = None) -> Page:
    """Open the checkout page of a monthly plan and buy it by card at Stripe."""
    path = f"/t/{world.globex.uuid}/checkout"
    price = world.price("team")
    world.db.commit()
    page = tara.opens(f"{path}?price={price.price_id}&quantity=3")
    form = {**page.fields(path), "method": "stripe-card", "act": "pay"}
    if statements is not None:
        statements.said.clear()
        statements.commits = 0
    return Page(tara.client.post(path, data=form))


@pytest.fixture
def statements(database: Database, world: cast.World) -> Statements:
    """Count from here on."""
    return Statements(database)


class TestAStart:
    def test_of_a_known_customer_asks_at_most_five_times_and_commits_twice(
        self, tara: Visitor, world: cast.World, site: Site, statements: Statements
    ) -> None:
        press_pay(tara, world)
        checkout_id = world.db.scalars(select(CheckoutSession.id)).one()
        checkouts.expire(world.db, site, checkout_id, cause="test")

        answer = press_pay(tara, world, statements)

        assert answer.status == 303
        assert len(statements.said) <= 5, statements.said
        assert statements.commits <= 2


class TestACreate:
    def test_of_a_known_customer_asks_at_most_eight_times_and_commits_twice(
        self, tara: Visitor, world: cast.World, statements: Statements
    ) -> None:
        headers = key_headers(world.app, API_KEYS["write"])
        asked = {"path": test_provider_v1.path(world), "json": test_provider_v1.body(world)}
        world.db.commit()
        tara.client.post(**asked, headers=headers)
        statements.said.clear()
        statements.commits = 0

        answer = tara.client.post(**asked, headers=headers)

        assert answer.status_code == 200
        assert len(statements.said) <= 8, statements.said
        assert statements.commits <= 2


class TestAWebhook:
    def test_is_stored_by_one_statement(
        self, tara: Visitor, world: cast.World, site: Site, statements: Statements
    ) -> None:
        account = world.account("stripe")
        secret = site.credentials(account.sealed_credentials).webhook_secret or ""
        world.db.commit()
        first, second = (events.signed(secret) for _ in range(2))
        path = f"/hooks/stripe/{account.uuid}"
        tara.client.post(path, data=first.body, headers=first.headers)
        statements.said.clear()
        statements.commits = 0

        answer = tara.client.post(path, data=second.body, headers=second.headers)

        assert answer.status_code == 200
        assert len(statements.said) == 1, statements.said
        assert statements.commits == 1
        assert len(world.db.scalars(select(ProviderEvent)).all()) == 2


class TestThePlansPage:
    def test_asks_at_most_twice(
        self, tara: Visitor, world: cast.World, statements: Statements
    ) -> None:
        page = tara.opens(f"/t/{world.globex.uuid}/plans")

        assert page.status == 200
        assert len(statements.said) <= 2, statements.said


class TestTheOverview:
    def test_asks_as_little_of_a_long_history_as_of_a_short_one(
        self, tara: Visitor, world: cast.World, database: Database
    ) -> None:
        plan = world.begin_plan(world.globex)
        cause = timeline.by_user(world.tara.uuid)
        path = f"/t/{world.globex.uuid}/"

        def asks(entries: int, page: str) -> int:
            for _ in range(entries):
                timeline.note(world.db, plan, "subscription.active", cause=cause, now=clock.wall())
            world.db.commit()
            statements = Statements(database)
            assert tara.opens(page).status == 200
            return len(statements.said)

        for page in (path, f"{path}activity"):
            few, many = asks(1, page), asks(40, page)
            assert few == many <= 8

"""What an app is told is written with the change, once, and carries what was true then."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.purchase import transitions
from app.billing.site import Site
from app.billing.webhooks import webhooks
from app.db.engine import Database
from app.models import WebhookEvent
from tests.billing.telling import checkout_of
from tests.cast import World
from tests.statements import Statements


def told(db: Session) -> list[WebhookEvent]:
    """Answer every event, oldest first."""
    return list(db.scalars(select(WebhookEvent).order_by(WebhookEvent.id)))


class TestPublish:
    def test_writes_by_one_statement(self, world: World, site: Site, database: Database) -> None:
        checkout = checkout_of(world, world.globex, state="complete")
        statements = Statements(database)

        webhooks.publish(world.db, checkout, "checkout.completed", effect="a", now=site.clock.now())

        assert len(statements.said) == 1, statements.said

    def test_writes_once_per_transition(self, world: World, site: Site, db: Session) -> None:
        plan = world.begin_plan(world.globex)

        for _ in range(2):
            webhooks.publish(
                db, plan, "subscription.activated", effect="same", now=site.clock.now()
            )

        assert len(told(db)) == 1

    def test_is_undone_with_the_change(self, world: World, site: Site, db: Session) -> None:
        checkout = checkout_of(world, world.globex)
        transitions.move(db, checkout, "complete", cause="test", now=site.clock.now())

        db.rollback()

        assert told(db) == []

    def test_tells_of_no_inner_step(self, world: World, site: Site, db: Session) -> None:
        checkout = checkout_of(world, world.globex, state="starting")

        transitions.move(db, checkout, "open", cause="test", now=site.clock.now())

        assert told(db) == []

    def test_tells_of_a_checkout_with_its_figures(
        self, world: World, site: Site, db: Session
    ) -> None:
        checkout = checkout_of(world, world.globex, caller_metadata={"order": "4711"})

        transitions.move(db, checkout, "not_charged", cause="test", now=site.clock.now())

        (event,) = told(db)
        wanted: dict[str, Any] = {
            "checkout": str(checkout.uuid),
            "payment": str(checkout.payment_uuid),
            "status": "not_charged",
            "net": 5800,
            "tax": 1102,
            "total": 6902,
            "currency": "EUR",
            "metadata": {"order": "4711"},
        }
        assert event.payload.items() >= wanted.items()
        assert (event.type, event.tenant_id, event.lane, event.price_id) == (
            "checkout.not_charged",
            world.globex.id,
            world.globex.id,
            checkout.price_id,
        )

    def test_keeps_the_order_of_a_checkout_without_tenant(
        self, world: World, site: Site, db: Session
    ) -> None:
        checkout = checkout_of(world, None)

        transitions.move(db, checkout, "expired", cause="test", now=site.clock.now())

        assert [event.lane for event in told(db)] == [-checkout.id]

    def test_counts_a_price_that_was_given_a_moment_ago(
        self, world: World, site: Site, db: Session
    ) -> None:
        plan, business = world.begin_plan(world.globex), world.price("business")

        with db.no_autoflush:
            plan.price = business
            webhooks.publish(db, plan, "subscription.changed", effect="c", now=site.clock.now())

        assert [event.price_id for event in told(db)] == [business.id]

    @pytest.mark.parametrize("type_", ["invoice.paid", "payment.refunded"])
    def test_refers_to_what_it_is_not_about(
        self, world: World, site: Site, db: Session, type_: str
    ) -> None:
        plan = world.begin_plan(world.globex)

        webhooks.publish(db, plan, type_, effect="i", payload={"total": 100}, now=site.clock.now())

        assert told(db)[0].payload == {
            "subscription": str(plan.uuid),
            "quantity": 1,
            "total": 100,
        }

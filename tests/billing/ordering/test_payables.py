"""Of everything a caller has paid for, at most one checkout stays open."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest
from sqlalchemy import select, update

from app.billing.errors import Conflict, ProviderUnavailable
from app.billing.ordering import articles
from app.billing.ordering.articles import Article, Basket
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import checkouts, openings
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.db.engine import Database
from app.models import CheckoutSession, Refund
from app.providers.base import OpenedCheckout, Provider
from tests import payer, together
from tests.billing.purchases import AlteredSite, Died, raising
from tests.cast import World
from tests.sandbox_server import SandboxServer
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def order(world: World, site: Site) -> CheckoutOrder:
    """Answer an order for a booking of Globex."""
    basket = Basket(world.globex.uuid, "DE", [Article(1, 1, 1)], "booking-4711")
    order = articles.order(world.db, site, app=world.app, basket=basket, origin="articles_v1")
    world.db.commit()
    return order


def states(world: World) -> list[str]:
    """Answer the state of each checkout, oldest first."""
    found = world.db.scalars(select(CheckoutSession.state).order_by(CheckoutSession.id)).all()
    world.db.commit()
    return list(found)


def row(world: World, row_id: int) -> CheckoutSession:
    """Answer a checkout as it is now."""
    found = world.db.get_one(CheckoutSession, row_id, populate_existing=True)
    world.db.commit()
    return found


class TestEndEarlier:
    def test_ends_the_open_one(self, world: World, site: Site, order: CheckoutOrder) -> None:
        first = checkouts.create(world.db, site, order)
        second = checkouts.create(world.db, site, order)

        assert states(world) == ["expired", "open"]
        assert row(world, first).superseded_by_id == second

    def test_leaves_other_modes_and_payables_alone(
        self, world: World, site: Site, order: CheckoutOrder
    ) -> None:
        checkouts.create(world.db, site, order)
        checkouts.create(world.db, site, replace(order, payable="another"))
        checkouts.create(world.db, site, replace(order, payable=None))
        checkouts.create(world.db, site, replace(order, payable=None))

        assert states(world) == ["open"] * 4

    def test_marks_the_one_that_is_just_being_opened_which_then_ends_itself(
        self, world: World, site: Site, order: CheckoutOrder, database: Database
    ) -> None:
        is_asked, may_answer = Event(), Event()

        def slowly(real: Provider, *given: object, **named: object) -> OpenedCheckout:
            is_asked.set()
            assert may_answer.wait(PATIENCE_SECONDS)
            return real.open_checkout(*given, **named)  # type: ignore[arg-type]

        slow = AlteredSite(config=site.config, clock=site.clock, verbs={"open_checkout": slowly})

        def create() -> None:
            with database.writer() as db:
                checkouts.create(db, slow, order)

        first = together.start(create)
        assert is_asked.wait(PATIENCE_SECONDS)
        checkouts.create(world.db, site, order)
        assert states(world) == ["starting", "open"]

        may_answer.set()
        first.answer()

        assert states(world) == ["expired", "open"]

    def test_gives_up_the_new_one_where_the_earlier_one_is_paid(
        self, world: World, site: Site, order: CheckoutOrder, sandbox: SandboxServer
    ) -> None:
        first = checkouts.create(world.db, site, order)
        payer.pays(row(world, first).url or "")

        with pytest.raises(Conflict):
            checkouts.create(world.db, site, order)

        assert states(world) == ["complete", "not_charged"]
        assert len(sandbox.calls("POST", "/checkout/sessions")) == 2

    def test_refuses_while_the_bank_has_the_money(
        self, world: World, site: Site, order: CheckoutOrder
    ) -> None:
        order = replace(order, method="sepa")
        first = checkouts.create(world.db, site, order)
        payer.delays(row(world, first).url or "")
        checkouts.sync(world.db, site, first, cause="test")
        assert states(world) == ["processing"]

        with pytest.raises(Conflict):
            checkouts.create(world.db, site, order)

        assert states(world) == ["processing"]

    def test_sells_the_same_again_after_it_was_paid(
        self, world: World, site: Site, order: CheckoutOrder
    ) -> None:
        first = checkouts.create(world.db, site, order)
        payer.pays(row(world, first).url or "")
        checkouts.sync(world.db, site, first, cause="test")

        checkouts.create(world.db, site, order)

        assert states(world) == ["complete", "open"]

    def test_gives_back_what_was_paid_twice_where_the_provider_could_not_end_the_first(
        self, world: World, site: Site, order: CheckoutOrder, sandbox: SandboxServer
    ) -> None:
        first = checkouts.create(world.db, site, order)
        sandbox.fault("500_before", provider="stripe", match="expire", times=9)
        second = checkouts.create(world.db, site, order)
        sandbox.clear_faults()
        assert states(world) == ["open", "open"]

        for paid in (second, first):
            payer.pays(row(world, paid).url or "")
        for paid in (second, first):
            checkouts.sync(world.db, site, paid, cause="test")

        assert states(world) == ["needs_review", "complete"]
        assert world.db.scalars(select(Refund.reason)).all() == ["duplicate"]


class TestYieldToNewer:
    def test_drops_what_a_process_that_died_has_left_behind(
        self, world: World, site: Site, order: CheckoutOrder, sandbox: SandboxServer
    ) -> None:
        dying = {"open_checkout": raising(Died())}
        with pytest.raises(Died):
            checkouts.create(
                world.db,
                AlteredSite(config=site.config, clock=site.clock, verbs=dying),
                replace(order, is_kept=True),
            )
        world.db.rollback()
        world.db.execute(update(CheckoutSession).values(claimed_until=None))
        world.db.commit()
        checkouts.create(world.db, site, order)

        sandbox.advance("2 minutes")
        sweep.run(world.db, site)
        sweep.run(world.db, site)

        assert states(world) == ["expired", "open"]

    def test_ends_the_one_whose_caller_asks_again_too_late(
        self, world: World, site: Site, order: CheckoutOrder, sandbox: SandboxServer
    ) -> None:
        kept = replace(order, is_kept=True)
        sandbox.fault("500_before", provider="stripe", match="checkout/sessions", times=9)
        with pytest.raises(ProviderUnavailable):
            checkouts.create(world.db, site, kept)
        sandbox.clear_faults()
        checkouts.create(world.db, site, order)

        (first, _) = world.db.scalars(select(CheckoutSession.id).order_by(CheckoutSession.id))
        world.db.commit()
        openings.resume(world.db, site, first)
        sweep.run(world.db, site)

        assert states(world) == ["expired", "open"]


class TestTogether:
    def test_one_stays_open_of_many_that_come_at_once(
        self, world: World, site: Site, order: CheckoutOrder, database: Database
    ) -> None:
        def create(_: int) -> None:
            with database.writer() as db:
                checkouts.create(db, site, order)

        together.each(create, range(10))

        assert sorted(states(world)) == ["expired"] * 9 + ["open"]

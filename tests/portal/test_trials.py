"""What the pages say of a trial, before it begins, while it runs and afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.models import Subscription
from tests import payer
from tests.cast import World
from tests.pages import Page, Visitor

CARDS = ["stripe-card", "mollie-card"]


@pytest.fixture(autouse=True)
def _gives_a_trial(world: World) -> None:
    world.price("team").trial_days = 14
    world.db.commit()


def order(visitor: Visitor, world: World, method: str) -> Page:
    """Open the checkout page of two seats of Team with a method chosen."""
    price = world.price("team").price_id
    world.db.commit()
    return visitor.opens(
        f"/t/{world.globex.uuid}/checkout?price={price}&quantity=2&method={method}"
    )


def begin(visitor: Visitor, world: World, method: str) -> Page:
    """Start the trial and come back from the provider."""
    path = f"/t/{world.globex.uuid}/checkout"
    fields = order(visitor, world, method).fields(path)
    leaving = visitor.posts(path, {**fields, "method": method, "act": "pay"})
    target = payer.pays(leaving.location)
    assert target is not None
    return visitor.opens(visitor.opens(target).location)


class TestThePlansPage:
    def test_names_the_free_days_and_that_nothing_is_due(self, tara: Visitor, world: World) -> None:
        page = tara.opens(f"/t/{world.globex.uuid}/plans?plan=team&interval=month&quantity=2")

        words = page.words()
        assert words.count("14 days free, then this price") == 1
        assert "Today €0.00 14 days free, then the price above." in words

    def test_names_none_to_who_has_had_one(self, tara: Visitor, world: World) -> None:
        begin(tara, world, "stripe-card")
        plan = world.db.scalars(select(Subscription)).one()
        plan.status = "canceled"
        world.db.commit()

        page = tara.opens(f"/t/{world.globex.uuid}/plans?plan=team&interval=month&quantity=2")

        assert "days free" not in page.words()
        assert "Today €38.00" in page.words()

    def test_names_none_while_a_plan_runs_which_changes_without(
        self, tara: Visitor, world: World
    ) -> None:
        world.begin_plan(world.globex, price=world.price("starter"))

        assert "days free" not in tara.opens(f"/t/{world.globex.uuid}/plans").words()


class TestTheCheckoutPage:
    @pytest.mark.parametrize(("method", "taken"), [("stripe-card", False), ("mollie-card", True)])
    def test_says_what_is_due_today_and_from_when_on(
        self, tara: Visitor, world: World, method: str, taken: bool
    ) -> None:
        page = order(tara, world, method)

        assert page.words("order-total") == "€0.00"
        assert "14 days free. Then €45.22 every month, first on" in page.words()
        name = method.partition("-")[0].capitalize()
        assert page.words("pay") == f"Start 14-day trial at {name}"
        said = "€0.01 is taken today to check the method and given back at once."
        assert (said in page.words()) is taken

    def test_offers_no_method_that_cannot_begin_it(self, tara: Visitor, world: World) -> None:
        page = order(tara, world, "mollie-card")

        assert page.has("method-mollie-card") and page.has("method-stripe-sepa")
        assert not page.has("method-mollie-ideal")
        assert "Mollie begins trials with these methods only." in page.words()


@pytest.mark.parametrize("method", CARDS)
class TestAfterwards:
    def test_the_receipt_says_until_when_it_is_free(
        self, tara: Visitor, world: World, method: str
    ) -> None:
        page = begin(tara, world, method)

        assert page.at("checkout-status").get("data-status") == "active"
        assert page.heading == "Your trial of Team has begun"
        assert "Then €45.22 every month, first on" in page.words()
        assert "Free until" in page.words()
        assert ("Given back €0.01" in page.words()) is (method == "mollie-card")

    def test_the_overview_tells_of_the_first_charge(
        self, tara: Visitor, world: World, method: str
    ) -> None:
        begin(tara, world, method)

        page = tara.opens(f"/t/{world.globex.uuid}/")

        assert page.at("plan-status").get("data-status") == "trialing"
        assert "Cancel before, and nothing is charged." in page.words()
        assert "Trial ends, first charge: €45.22" in page.words()
        assert "Trial begun" in page.words()

"""Alice adds a product and its price; Tara sees it on the plans page and buys it."""

from __future__ import annotations

import pytest

from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet


def adds_a_product(alice: Payer, app: str) -> None:
    """Add Studio at 25.50 a month, from the console's first page on."""
    alice.opens(f"/console/apps/{app}/")
    with alice.page.expect_navigation():
        alice.page.get_by_role("link", name="Catalogue").click()
    alice.presses("console-catalogue-add-product")
    alice.page.get_by_label("Name", exact=True).fill("Studio")
    alice.page.get_by_label("Features").fill("Tables\nBills")
    alice.presses("console-catalogue-save")
    alice.reads("Studio is there. It is sold once it has a price.")
    alice.page.get_by_label("Amount", exact=True).fill("25.50")
    alice.page.get_by_label("Currency").select_option("EUR")
    alice.page.get_by_label("Every month").check()
    alice.presses("console-catalogue-save-price")
    alice.sees_heading("Studio")
    alice.reads("Sold by Card, iDEAL, Bancontact, eps, PayPal.")


class TestAnOwner:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
    def test_adds_a_product_that_is_bought_at_once(
        self, meet: Meet, tara: Payer, world: World, method: str
    ) -> None:
        alice = meet(world.alice, world.globex)
        app = str(world.app.uuid)
        world.db.commit()
        alice.signs_in()

        adds_a_product(alice, app)

        tara.orders("studio", "month", method=method)
        tara.pays()
        tara.sees_checkout("active")
        tara.sees_plan("Studio, monthly")

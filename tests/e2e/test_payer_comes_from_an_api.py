"""What Mollie's page does not ask for, ours does; and what is sold by the item has a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import payment_links
from app.billing.site import Site
from app.providers.base import Collect
from tests.billing import orders_of_apis
from tests.cast import World
from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.e2e.inspection import is_open_to_all
from tests.e2e.portal import Portal
from tests.sandbox_server import SandboxServer

Order = Callable[[CheckoutOrder], str]
EVERYTHING = Collect(
    billing_address=True,
    shipping_address=True,
    terms=True,
    terms_url="https://app.example.com/terms",
    tax_id="optional",
)


@pytest.fixture
def order(world: World, site: Site, portal: Portal) -> Order:
    """Answer a way to make an API's checkout and get the address of its page."""
    return lambda made: payment_links.keyed(site, orders_of_apis.create(world, site, made))


class TestCollection:
    def test_stands_before_mollies_page(
        self, payer: Payer, order: Order, world: World, sandbox: SandboxServer
    ) -> None:
        payer.opens(order(orders_of_apis.order(world, "mollie", collect=EVERYTHING)))
        payer.presses("pay")
        payer.is_told_of(
            "Enter a name.",
            "Enter the first line of the address.",
            "Enter the town or city.",
            "Choose a country.",
            "Agree to the terms of service to go on.",
        )

        shipping = payer.page.get_by_role("group", name="Shipping address")
        shipping.get_by_label("Name or company").fill("Globex, goods in")
        shipping.get_by_label("Address line 1").fill("Ring 1")
        shipping.get_by_label("Town or city").fill("Berlin")
        shipping.get_by_label("Country").select_option("DE")
        payer.page.get_by_label("I agree to the terms of service").check()
        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("active")
        assert len(ledger.charges(sandbox, "mollie")) == 1

    def test_is_open_to_all(self, payer: Payer, order: Order, world: World) -> None:
        payer.opens(order(orders_of_apis.order(world, "mollie", collect=EVERYTHING)))
        is_open_to_all(payer)

        payer.presses("pay")
        is_open_to_all(payer)


class TestItems:
    def test_are_listed_and_paid(self, payer: Payer, order: Order, world: World) -> None:
        payer.opens(order(orders_of_apis.items(world, cancel_url="https://app.example.com/")))
        payer.reads("500 sheets")
        payer.reads("ada@example.com")
        expect(payer.at("order-total")).to_have_text("$29.99")
        is_open_to_all(payer)

        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("active")
        is_open_to_all(payer)

    def test_are_not_sold_after_their_time(
        self, payer: Payer, order: Order, world: World, sandbox: SandboxServer
    ) -> None:
        address = order(orders_of_apis.items(world))
        payer.opens(address)
        sandbox.advance("25 hours")

        payer.presses("pay")

        payer.sees_checkout("expired")
        payer.does_not_see("pay")
        is_open_to_all(payer)

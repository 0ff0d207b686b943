"""The app orders by dialect 000, and Tara pays on our page without a sign-in."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from app.billing.demo.demo_world import API_KEYS
from tests.cast import World
from tests.e2e import inspection, ledger
from tests.e2e.actors import Payer
from tests.e2e.portal import Portal
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

STATE = "journey.-_" + "7" * 54
Order = Callable[..., str]


@pytest.fixture
def order(portal: Portal, world: World) -> Order:
    """Answer what the app's server does: order, and append the state to the payer's address."""
    price = world.price("team", "month").price_id
    address = f"{portal.url}/v1/tenants/{world.globex.uuid}/checkout-sessions"
    headers = {
        "X-API-KEY": API_KEYS["write"],
        "X-API-KEY-TYPE": "write",
        "X-CLIENT-ID": str(world.app.uuid),
        "Content-Type": "application/json",
    }
    world.db.commit()

    def order(**changes: Any) -> str:
        body = {
            "price": price,
            "taxRate": "txr_demoDE19",
            "allowedCountry": "DE",
            "paymentMethodType": "card",
            "billingAddressCollection": False,
            "mode": "subscription",
            "quantity": 2,
            "isReverseCharge": False,
            "test": True,
            "state": STATE,
            **changes,
        }
        call = urllib.request.Request(address, json.dumps(body).encode(), headers)
        with OPENER.open(call, timeout=PATIENCE_SECONDS) as response:
            return f"{json.load(response)['data']['nextAction']['url']}&state={STATE}"

    return order


class TestPlan:
    @pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
    def context_settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return {"java_script_enabled": request.param}

    def test_is_paid_for(self, payer: Payer, order: Order, tara: Payer) -> None:
        payer.opens(order())
        payer.reads("Acme Notes GmbH, Germany")
        expect(payer.at("order-total")).to_have_text("€45.22")

        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("active")
        payer.sees_heading("Your Team plan is active")
        tara.sees_plan("Team, monthly")


class TestPayer:
    def test_leaves_and_comes_back_to_the_same_order(
        self, payer: Payer, order: Order, sandbox: SandboxServer
    ) -> None:
        payer.opens(order())
        payer.goes_to_pay()
        payer.cancels()
        payer.sees_checkout("not_charged")

        payer.presses("try-again")
        payer.is_at_the_provider()
        payer.pays()

        payer.sees_checkout("active")
        assert len(ledger.checkouts(sandbox, "stripe")) == 1
        assert len(ledger.charges(sandbox, "stripe")) == 1

    def test_is_asked_for_an_address_in_one_country(self, payer: Payer, order: Order) -> None:
        payer.opens(order(billingAddressCollection=True, allowedCountry="DE"))
        payer.page.get_by_label("Town or city").fill("")
        payer.presses("pay")
        payer.is_told_of("Enter the town or city.")

        payer.page.get_by_label("Town or city").fill("Berlin")
        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("active")

    def test_saves_a_card_without_buying(
        self, payer: Payer, order: Order, sandbox: SandboxServer
    ) -> None:
        payer.opens(order(mode="setup"))
        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("active")
        payer.sees_heading("Your payment method is saved")
        assert ledger.charges(sandbox, "stripe") == []

    def test_learns_nothing_by_a_wrong_state(self, payer: Payer, order: Order) -> None:
        answer = payer.opens(order().replace("journey", "JOURNEY"))

        assert answer.status == 403
        payer.sees_heading("This payment link does not work")

    def test_is_told_that_the_bank_takes_days(self, payer: Payer, order: Order) -> None:
        payer.opens(order(paymentMethodType="sepa"))
        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("processing")


class TestPages:
    def test_are_open_to_all(self, payer: Payer, order: Order) -> None:
        payer.opens(order(billingAddressCollection=True))
        self.is_fine(payer)

        payer.page.get_by_label("Town or city").fill("")
        payer.presses("pay")
        self.is_fine(payer)

        payer.page.get_by_label("Town or city").fill("Berlin")
        payer.goes_to_pay()
        payer.cancels()
        payer.sees_checkout("not_charged")
        self.is_fine(payer)

        payer.presses("try-again")
        payer.pays()
        payer.sees_checkout("active")
        self.is_fine(payer)

    def test_of_nothing_are_open_to_all(self, payer: Payer, order: Order) -> None:
        payer.opens(order().partition("&state=")[0])

        self.is_fine(payer)

    def is_fine(self, payer: Payer) -> None:
        faults = inspection.faults(payer.page)
        assert not faults, "\n".join(faults)

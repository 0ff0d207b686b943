"""Tara's browser runs no scripts: everything works."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet


@pytest.fixture
def context_settings() -> dict[str, Any]:
    return {"java_script_enabled": False}


class TestPayerWithoutScripts:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
    def test_buys_a_plan(self, meet: Meet, world: World, method: str) -> None:
        tara = meet(world.tara, world.globex)
        tara.types_password()

        tara.orders("team", "year", method=method, seats=2)
        tara.pays()

        tara.sees_checkout("active")
        tara.sees_plan("Team, yearly")

    def test_has_the_order_worked_out_on_request(self, tara: Payer) -> None:
        tara.chooses("team", "month", seats=2)
        expect(tara.at("order-total")).to_have_text("€45.22")
        tara.is_taxed("NL", "NL820646660B01")
        tara.picks("mollie-ideal")

        tara.presses("update-order")

        expect(tara.at("order-total")).to_have_text("€38.00")
        tara.reads("everse charge")
        expect(tara.at("method-mollie-ideal")).to_be_checked()
        expect(tara.at("tax-country")).to_have_value("NL")

    def test_is_shown_the_new_order_before_buying_it(self, tara: Payer) -> None:
        tara.chooses("team", "month", seats=2)
        tara.is_taxed("FR")
        tara.picks("stripe-card")

        answer = tara.presses("pay")

        assert answer.status == 422
        tara.reads("Your order has changed. Check the new total, then pay.")
        expect(tara.at("order-total")).to_have_text("€45.60")
        tara.goes_to_pay()
        tara.pays()
        tara.sees_checkout("active")
        tara.reads("€45.60")

    def test_is_told_what_is_missing(self, tara: Payer) -> None:
        tara.goes_to("plans")

        answer = tara.presses("continue")

        assert answer.status == 422
        tara.is_told_of("Choose whether to pay monthly or yearly.", "Choose a plan.")

    def test_waits_on_a_page_that_comes_again(self, tara: Payer) -> None:
        tara.orders("team", "month")
        tara.looks_how_it_stands()
        tara.sees_checkout("confirming")

        answer = tara.page.reload()

        assert answer is not None
        assert int(answer.headers["refresh"]) >= 20

"""A company pays in its country's currency, can choose another, and keeps it once it has paid."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.actors import Payer


class TestCurrencyIsChosen:
    def test_begins_with_the_countrys(self, tara: Payer, peter: Payer) -> None:
        tara.goes_to("plans")
        peter.goes_to("plans")

        expect(tara.at("currency-EUR")).to_be_checked()
        tara.reads("€19")
        expect(peter.at("currency-USD")).to_be_checked()
        peter.reads("$19")

    def test_can_be_another_until_the_first_purchase(self, peter: Payer) -> None:
        peter.goes_to("plans")
        peter.at("currency-EUR").check()
        peter.reads("€19")
        peter.at("interval-month").check()
        peter.at("plan-team").check()
        peter.presses("continue")
        peter.picks("stripe-card")
        peter.goes_to_pay()
        peter.pays()
        peter.sees_checkout("active")

        peter.goes_to("plans")

        peter.does_not_see("currency-EUR")
        peter.reads("€19")

    def test_leaves_out_methods_that_do_not_take_it(self, tara: Payer) -> None:
        tara.goes_to("plans")
        tara.at("currency-USD").check()
        tara.at("interval-month").check()
        tara.at("plan-team").check()

        tara.presses("continue")

        expect(tara.at("method-stripe-card")).to_be_visible()
        expect(tara.at("method-mollie-card")).to_be_visible()
        tara.does_not_see("method-stripe-sepa")
        tara.does_not_see("method-mollie-ideal")
        expect(tara.at("order-net")).to_have_text("$19.00")

"""The order follows Tara's choices, and she buys what she last saw."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer


class TestOrderChanges:
    def test_follows_the_choices_on_the_plans_page(self, tara: Payer) -> None:
        tara.goes_to("plans")
        order = tara.page.get_by_role("complementary", name="Your order")
        expect(order).to_contain_text("Choose what to buy")

        tara.at("interval-month").check()
        tara.at("plan-team").check()
        expect(order).to_contain_text("€19.00")
        tara.at("quantity").fill("3")

        expect(order).to_contain_text("€57.00")
        tara.at("interval-year").check()
        expect(order).to_contain_text("€570.00")

    def test_follows_the_tax_country(self, tara: Payer) -> None:
        tara.chooses("team", "month")
        expect(tara.at("order-tax")).to_have_text("€3.61")

        tara.at("tax-country").select_option("FR")

        expect(tara.at("order-tax")).to_have_text("€3.80")
        expect(tara.at("order-total")).to_have_text("€22.80")
        expect(tara.at("pay")).to_have_text(re.compile(r"€22\.80$"))
        expect(tara.page.get_by_role("status")).to_contain_text("€22.80")

    def test_says_why_there_is_no_total_any_more(self, tara: Payer) -> None:
        tara.chooses("team", "month")

        tara.at("tax-country").select_option("ES")

        expect(tara.page.get_by_role("status")).to_contain_text("Not sold there yet.")
        tara.does_not_see("order-total")

    def test_is_bought_as_it_was_last_seen(self, tara: Payer, sandbox: SandboxServer) -> None:
        tara.chooses("team", "month")
        tara.is_taxed("FR")
        tara.picks("stripe-card")

        tara.goes_to_pay()

        (session,) = ledger.checkouts(sandbox, "stripe")
        assert session["amount_total"] == 2280

    def test_names_the_provider_on_the_button(self, tara: Payer) -> None:
        tara.chooses("team", "month")

        tara.picks("mollie-ideal")
        expect(tara.at("pay")).to_have_text("Continue to Mollie to pay €22.61")
        tara.picks("stripe-card")

        expect(tara.at("pay")).to_have_text("Continue to Stripe to pay €22.61")

    def test_goes_back_to_the_plans_with_the_choices(self, tara: Payer) -> None:
        tara.chooses("business", "year", seats=4)

        tara.page.get_by_role("link", name=re.compile("^Change")).click()

        expect(tara.at("plan-business")).to_be_checked()
        expect(tara.at("interval-year")).to_be_checked()
        expect(tara.at("quantity")).to_have_value("4")

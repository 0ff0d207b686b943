"""Tara types something wrong: she is told what, where, and keeps her answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer

NO_QUANTITIES = ("0", "-1", "1000000000", "many", "")


class TestPayerMistypes:
    def test_is_asked_for_a_whole_number(self, tara: Payer) -> None:
        tara.goes_to("plans")
        tara.at("interval-year").check()
        tara.at("plan-team").check()

        for quantity in NO_QUANTITIES:
            tara.at("quantity").fill(quantity)
            answer = tara.presses("continue")

            assert answer.status == 422
            tara.is_told_of("Enter a whole number from 1 to 1,000.")
            expect(tara.at("quantity")).to_have_value(quantity)
            expect(tara.at("plan-team")).to_be_checked()
            expect(tara.at("interval-year")).to_be_checked()

    def test_is_led_from_the_list_to_the_field(self, tara: Payer) -> None:
        tara.goes_to("plans")
        tara.presses("continue")
        tara.is_told_of("Choose whether to pay monthly or yearly.", "Choose a plan.")

        tara.page.get_by_role("link", name="Choose a plan.").click()

        expect(tara.at("plan-starter")).to_be_focused()

    def test_is_told_which_country_the_vat_number_does_not_fit(self, tara: Payer) -> None:
        tara.chooses("team", "month", seats=2)
        tara.is_taxed("NL", "DE136695976")
        tara.picks("stripe-card")

        answer = tara.presses("pay")

        assert answer.status == 422
        tara.is_told_of("This is not a VAT number of Netherlands. Correct it, or leave it empty.")
        expect(tara.at("vat-number")).to_have_value("DE136695976")
        expect(tara.at("tax-country")).to_have_value("NL")
        expect(tara.at("method-stripe-card")).to_be_checked()

    def test_chooses_no_payment_method(self, tara: Payer) -> None:
        tara.chooses("team", "month")

        answer = tara.presses("pay")

        assert answer.status == 422
        tara.is_told_of("Choose a payment method.")

    def test_chooses_no_place_for_the_card(self, tara: Payer) -> None:
        tara.goes_to("payment-methods/new")

        answer = tara.presses("continue")

        assert answer.status == 422
        tara.is_told_of("Choose where to save it.")

    def test_leaves_out_a_part_of_the_details(self, tara: Payer) -> None:
        tara.goes_to("details")
        tara.page.get_by_label("Legal name").fill("")
        tara.page.get_by_label("Town or city").fill("  ")

        with tara.page.expect_navigation() as arriving:
            tara.page.get_by_role("button", name="Save").click()

        assert arriving.value.status == 422
        tara.is_told_of("Enter the legal name of your company.", "Enter the town or city.")
        expect(tara.page.get_by_label("Address line 1")).to_have_value("Globusallee 7")


class TestPayerTampers:
    @pytest.fixture
    def payer(self, tara: Payer) -> Payer:
        tara.chooses("team", "month")
        tara.picks("stripe-card")
        expect(tara.at("pay")).to_be_enabled()
        return tara

    def test_is_shown_the_order_anew_for_a_quote_that_is_none(
        self, payer: Payer, sandbox: SandboxServer
    ) -> None:
        for quote in ("", "x.y.z"):
            payer.writes_unseen("quote", quote)
            answer = payer.presses("pay")

            assert answer.status == 422
            payer.is_told_of("Your order has changed. Check the new total, then pay.")
        assert ledger.checkouts(sandbox, "stripe") == []
        payer.goes_to_pay()

    def test_pays_for_what_was_shown_and_nothing_else(
        self, payer: Payer, sandbox: SandboxServer
    ) -> None:
        payer.writes_unseen("quantity", "50")

        answer = payer.presses("pay")

        assert answer.status == 422
        expect(payer.at("order-net")).to_have_text("€950.00")
        assert ledger.checkouts(sandbox, "stripe") == []

    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [
            ("price", "price_unknown", 404),
            ("price", "'; --", 404),
            ("price", "price_demoTeamMonthUSD", 422),
            ("csrf_token", "forged", 400),
        ],
    )
    def test_is_refused_what_no_page_offers(
        self, payer: Payer, sandbox: SandboxServer, field: str, value: str, status: int
    ) -> None:
        payer.writes_unseen(field, value)

        answer = payer.presses("pay")

        assert answer.status == status
        assert ledger.checkouts(sandbox, "stripe") == []

    def test_buys_no_quantity_that_is_none(self, payer: Payer, sandbox: SandboxServer) -> None:
        page = payer.page.url

        for quantity in NO_QUANTITIES:
            payer.opens(page)
            payer.picks("stripe-card")
            expect(payer.at("pay")).to_be_enabled()
            payer.writes_unseen("quantity", quantity)

            assert payer.presses("pay").status == 422
        assert ledger.checkouts(sandbox, "stripe") == []

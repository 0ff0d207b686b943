"""Where Tara's company is, and whether it has a VAT number, decides the tax; the page says why."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer


class TestTaxIsDecided:
    def test_reverses_the_charge_for_a_company_elsewhere_in_the_eu(self, tara: Payer) -> None:
        tara.chooses("team", "month")

        tara.is_taxed("NL", "NL 8206.46.660 B01")

        expect(tara.at("order-tax")).to_have_text("€0.00")
        expect(tara.at("order-total")).to_have_text("€19.00")
        tara.reads("Reverse charge.")
        tara.reads("Your details say Germany. This order is taxed in the country chosen here.")
        tara.picks("stripe-card")
        tara.goes_to_pay()
        tara.pays()
        tara.sees_checkout("active")
        tara.reads("€19.00")

    def test_charges_a_person_the_tax_of_their_country(self, tara: Payer) -> None:
        tara.chooses("team", "month")

        tara.is_taxed("SE")

        expect(tara.at("order-tax")).to_have_text("€4.75")

    def test_charges_a_company_at_home(self, tara: Payer) -> None:
        tara.chooses("team", "month")

        tara.is_taxed("DE", "DE136695976")

        expect(tara.at("order-tax")).to_have_text("€3.61")

    def test_is_not_sold_where_no_rate_is_known(self, tara: Payer, sandbox: SandboxServer) -> None:
        tara.chooses("team", "month")
        tara.is_taxed("ES")
        tara.reads("Not sold there yet.")
        tara.does_not_see("order-total")
        tara.picks("stripe-card")
        expect(tara.at("pay")).to_have_text("Continue to pay")

        answer = tara.presses("pay")

        assert answer.status == 422
        assert ledger.checkouts(sandbox, "stripe") == []

    def test_exports_without_tax(self, peter: Payer) -> None:
        peter.chooses("team", "month")

        expect(peter.at("tax-country")).to_have_value("US")
        expect(peter.at("order-tax")).to_have_text("$0.00")
        expect(peter.at("order-total")).to_have_text("$19.00")

"""Tara leaves the provider's page and goes on later: her choices are kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer


@pytest.fixture
def payer(tara: Payer) -> Payer:
    tara.chooses("team", "year", seats=3)
    tara.is_taxed("NL", "NL820646660B01")
    return tara


def sees_the_same_choices(payer: Payer, method: str) -> None:
    payer.reads("Team, yearly")
    payer.reads("3 seats")
    expect(payer.at("tax-country")).to_have_value("NL")
    expect(payer.at("vat-number")).to_have_value("NL820646660B01")
    expect(payer.at(f"method-{method}")).to_be_checked()


class TestPayerLeaves:
    def test_goes_on_in_the_same_session_at_stripe(
        self, payer: Payer, sandbox: SandboxServer
    ) -> None:
        payer.picks("stripe-card")
        payer.goes_to_pay()
        left = payer.page.url
        payer.cancels()
        payer.sees_checkout("not_charged")
        payer.reads("Your choices are kept")

        payer.presses("try-again")
        sees_the_same_choices(payer, "stripe-card")
        payer.goes_to_pay()

        expect(payer.page).to_have_url(left)
        payer.pays()
        payer.sees_checkout("active")
        assert len(ledger.checkouts(sandbox, "stripe")) == 1

    def test_begins_anew_at_mollie_where_leaving_ends_the_payment(
        self, payer: Payer, sandbox: SandboxServer
    ) -> None:
        payer.picks("mollie-card")
        payer.goes_to_pay()
        payer.cancels()
        payer.sees_checkout("not_charged")

        payer.presses("try-again")
        sees_the_same_choices(payer, "mollie-card")
        payer.goes_to_pay()
        payer.pays()

        payer.sees_checkout("active")
        assert len(ledger.charges(sandbox, "mollie")) == 1

    def test_finds_the_open_page_again(self, payer: Payer) -> None:
        payer.picks("stripe-card")
        payer.goes_to_pay()
        left = payer.page.url

        payer.looks_how_it_stands()
        payer.sees_checkout("confirming")
        payer.page.get_by_role("link", name="Open the page of Stripe").click()

        expect(payer.page).to_have_url(left)
        payer.pays()
        payer.sees_checkout("active")

    def test_orders_something_else_instead(self, payer: Payer, sandbox: SandboxServer) -> None:
        payer.picks("stripe-card")
        payer.goes_to_pay()

        payer.orders("business", "month")

        first, second = ledger.checkouts(sandbox, "stripe")
        assert [first["status"], second["status"]] == ["expired", "open"]
        payer.pays()
        payer.sees_plan("Business, monthly")

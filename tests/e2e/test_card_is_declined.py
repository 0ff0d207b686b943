"""Tara's bank declines: nothing is charged, the reason is said, and another card pays."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer

EMPTY_CARD = "4000 0000 0000 9995"
GOOD_CARD = "4242 4242 4242 4242"


class TestCardIsDeclined:
    def test_tries_another_card_on_stripes_page(self, tara: Payer, sandbox: SandboxServer) -> None:
        tara.orders("team", "month", method="stripe-card")

        tara.pays_by_card(EMPTY_CARD)
        tara.reads("Your card has insufficient funds.")
        tara.pays_by_card(GOOD_CARD)

        tara.sees_checkout("active")
        assert len(ledger.checkouts(sandbox, "stripe")) == 1
        assert len(ledger.charges(sandbox, "stripe")) == 1

    def test_comes_back_from_stripe_with_the_reason(self, tara: Payer) -> None:
        tara.orders("onboarding", None, method="stripe-card")
        tara.declines()

        tara.cancels()

        tara.sees_checkout("not_charged")
        tara.reads("The bank declined")

    def test_tries_another_card_after_mollies_answer(
        self, tara: Payer, sandbox: SandboxServer
    ) -> None:
        tara.orders("team", "year", method="mollie-card", seats=3)
        tara.pays_by_card(EMPTY_CARD)
        tara.sees_checkout("not_charged")
        tara.reads("The account did not have enough money. Try another method.")

        tara.presses("try-again")
        tara.reads("3 seats")
        expect(tara.at("method-mollie-card")).to_be_checked()
        tara.goes_to_pay()
        tara.pays_by_card(GOOD_CARD)

        tara.sees_checkout("active")
        tara.sees_plan("Team, yearly")
        assert len(ledger.charges(sandbox, "mollie")) == 1

    def test_changes_to_another_provider(self, tara: Payer) -> None:
        tara.orders("team", "month", method="mollie-ideal")
        tara.declines()
        tara.sees_checkout("not_charged")

        tara.presses("try-again")
        tara.picks("stripe-card")
        tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")
        tara.sees_plan("Team, monthly")

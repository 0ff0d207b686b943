"""Tara pays by direct debit: the bank answers days later, and the page says so until then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer

# The sandbox's account that has no money when it is debited.
EMPTY_ACCOUNT = "DE62370400440532013001"


@pytest.fixture
def payer(tara: Payer) -> Payer:
    tara.orders("team", "month", method="stripe-sepa")
    return tara


class TestBankTakesDays:
    def test_says_what_it_waits_for_and_gives_access_meanwhile(self, payer: Payer) -> None:
        payer.pays()

        payer.sees_checkout("processing")
        payer.reads("SEPA Direct Debit usually takes up to 14 days.")
        payer.reads("Do not pay again.")
        payer.does_not_see("pay")
        payer.does_not_see("try-again")
        payer.sees_plan("Team, monthly", "processing")

    def test_turns_active_before_the_payers_eyes(
        self, payer: Payer, time_passes: Callable[[str], None]
    ) -> None:
        payer.pays()
        payer.sees_checkout("processing")

        time_passes("6 days")

        payer.sees_checkout("active")
        expect(payer.page.get_by_role("status")).to_have_text("Your Team plan is active")
        payer.sees_plan("Team, monthly")

    def test_says_that_nothing_was_charged_when_the_bank_refuses(
        self, payer: Payer, time_passes: Callable[[str], None]
    ) -> None:
        payer.page.locator("[name=iban]").fill(EMPTY_ACCOUNT)
        payer.pays()
        payer.sees_checkout("processing")

        time_passes("6 days")

        payer.sees_checkout("not_charged")
        payer.presses("try-again")
        expect(payer.at("method-stripe-sepa")).to_be_checked()
        payer.picks("stripe-card")
        payer.goes_to_pay()
        payer.pays()
        payer.sees_checkout("active")
        payer.sees_plan("Team, monthly")

"""A renewal is declined: Tara sees what is due, adds another card, and lives on by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer

FAILS_LATER = "4000000000000341"
MASTERCARD = "5555555555554444"


@pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
class TestCardIsReplaced:
    def test_after_a_declined_renewal(
        self,
        tara: Payer,
        time_passes: Callable[[str], None],
        sweeps: Callable[[], None],
        method: str,
    ) -> None:
        tara.orders("team", "month", method=method)
        tara.pays_by_card(FAILS_LATER)
        tara.sees_checkout("active")
        time_passes("1 month")
        time_passes("2 hours")
        sweeps()

        tara.goes_to("payment-methods")
        tara.reads("is due for Team")
        tara.presses("retry-payment")
        tara.reads("did not go through")

        tara.adds_a_card(method)
        tara.pays_by_card(MASTERCARD)
        tara.sees_checkout("active")
        tara.goes_to("payment-methods")
        tara.does_not_see("retry-payment")
        expect(tara.page.get_by_role("listitem").filter(has_text="Mastercard")).to_contain_text(
            "Pays for Team"
        )
        tara.sees_plan("Team, monthly")

        tara.goes_to("payment-methods")
        tara.page.get_by_role("link", name="Remove Mastercard").click()
        tara.reads("Team is charged by Visa ending 0341 from then on.")
        tara.page.get_by_role("link", name="Keep, and go back").click()
        tara.page.get_by_role("link", name="Remove Visa").click()
        tara.presses("method-remove-confirm")
        tara.reads("The payment method is removed.")
        expect(tara.page.get_by_role("main")).not_to_contain_text("Visa")

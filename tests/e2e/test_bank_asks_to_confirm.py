"""Tara's bank asks for 3-D Secure."""

from __future__ import annotations

import pytest

from tests.e2e.actors import Payer

# Both providers' test cards whose bank asks.
ASKING_CARD = "4000 0027 6000 3184"


class TestBankAsksToConfirm:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_pays_after_confirming(self, tara: Payer, method: str) -> None:
        tara.orders("team", "month", method=method)
        tara.pays_by_card(ASKING_CARD)

        tara.presses("sandbox-3ds-pass")

        tara.sees_checkout("active")
        tara.sees_plan("Team, monthly")

    def test_tries_again_at_stripe_where_confirming_fails(self, tara: Payer) -> None:
        tara.orders("team", "month", method="stripe-card")
        tara.pays_by_card(ASKING_CARD)
        tara.presses("sandbox-3ds-fail")
        tara.reads("We are unable to authenticate your payment method.")

        tara.pays_by_card("4242 4242 4242 4242")

        tara.sees_checkout("active")

    def test_tries_again_here_where_confirming_at_mollie_fails(self, tara: Payer) -> None:
        tara.orders("team", "month", method="mollie-card")
        tara.pays_by_card(ASKING_CARD)
        tara.presses("sandbox-3ds-fail")
        tara.sees_checkout("not_charged")
        tara.reads("could not confirm that it was you")

        tara.presses("try-again")
        tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")

    def test_sees_here_that_the_bank_waits(self, tara: Payer) -> None:
        tara.orders("onboarding", None, method="stripe-card")
        tara.pays_by_card(ASKING_CARD)

        tara.looks_how_it_stands()

        tara.sees_checkout("action_needed")
        tara.page.get_by_role("link", name="Open the page of Stripe").click()
        tara.is_at_the_provider()

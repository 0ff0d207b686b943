"""Tara saves a card without buying anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer


class TestAdminSavesACard:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_finds_it_among_the_payment_methods(self, tara: Payer, method: str) -> None:
        tara.adds_a_card(method)
        tara.pays()

        tara.sees_checkout("active")
        tara.sees_heading("Your payment method is saved")
        tara.goes_to("payment-methods")
        tara.reads("Visa ending 4242")
        tara.has_no_plan()

    def test_gets_back_what_mollie_took_to_try_the_card(
        self, tara: Payer, sandbox: SandboxServer, news_arrives: Callable[[], None]
    ) -> None:
        tara.adds_a_card("mollie-card")
        tara.pays()

        tara.sees_checkout("active")
        news_arrives()

        (verification,) = ledger.charges(sandbox, "mollie")
        assert ledger.given_back(sandbox, "mollie") == [verification["id"]]
        tara.goes_to("")
        tara.reads("Given back")

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_leaves_and_tries_again(self, tara: Payer, method: str) -> None:
        tara.adds_a_card(method)
        tara.cancels()
        tara.sees_checkout("not_charged")
        tara.sees_heading("Nothing was saved")

        tara.presses("try-again")
        tara.picks(method)
        tara.presses("continue")
        tara.pays()

        tara.sees_checkout("active")

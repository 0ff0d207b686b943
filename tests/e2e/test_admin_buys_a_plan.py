"""Tara buys a plan: the main job, at each provider and with each method that pays at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer


class TestAdminBuysAPlan:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card", "mollie-ideal"])
    def test_pays_and_has_it(self, tara: Payer, method: str) -> None:
        tara.orders("team", "month", method=method)

        tara.pays()

        tara.sees_checkout("active")
        tara.sees_heading("Your Team plan is active")
        tara.sees_plan("Team, monthly")

    def test_pays_for_every_seat_of_a_year(self, tara: Payer) -> None:
        tara.chooses("business", "year", seats=6)
        tara.picks("stripe-card")

        expect(tara.at("order-net")).to_have_text("€2,340.00")
        expect(tara.at("order-tax")).to_have_text("€444.60")
        expect(tara.at("order-total")).to_have_text("€2,784.60")
        tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")
        tara.reads("€2,784.60")

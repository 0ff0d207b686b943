"""Tara ends her plan with its period, and changes her mind."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer


class TestAdminCancelsAndResumes:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_says_why_and_lets_it_go_on(self, tara: Payer, method: str) -> None:
        tara.orders("team", "month", method=method)
        tara.pays()
        tara.sees_checkout("active")
        tara.goes_to("subscription")
        tara.presses("cancel-plan")
        tara.page.get_by_label("Another reason").check()
        tara.page.get_by_label("In your own words").fill("We merged with Initech.")

        tara.presses("cancel-confirm")
        tara.sees_heading("Your plan is set to end")
        tara.sees_plan("Team, monthly", "canceling")

        tara.goes_to("subscription")
        tara.presses("resume-plan")
        expect(tara.at("plan-status")).to_have_attribute("data-status", "active")
        tara.does_not_see("resume-plan")
        tara.sees_plan("Team, monthly", "active")

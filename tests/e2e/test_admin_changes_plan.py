"""Tara changes her plan: sees what it costs today and at renewal, and has it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer


@pytest.fixture
def payer(tara: Payer, request: pytest.FixtureRequest) -> Payer:
    tara.orders("team", "month", method=request.param, seats=2)
    tara.pays()
    tara.sees_checkout("active")
    tara.goes_to("subscription")
    return tara


def sees(payer: Payer, due_now: str, renewal: str) -> None:
    """See these figures under the heading that asks to check them."""
    payer.sees_heading("Check the change")
    expect(payer.at("change-due-now")).to_have_text(due_now)
    expect(payer.at("change-renewal")).to_have_text(renewal)


class TestAdminChangesPlan:
    @pytest.mark.parametrize("payer", ["stripe-card"], indirect=True)
    def test_now_at_stripe_and_pays_for_the_rest_of_the_period(self, payer: Payer) -> None:
        payer.presses("change-plan")
        payer.at("interval-year").check()
        payer.at("plan-business").check()
        expect(payer.page.locator("[data-total]")).to_have_text("€928.20")

        payer.presses("change-preview")
        payer.sees_heading("Check the change")
        expect(payer.at("change-renewal")).to_have_text("€928.20")
        payer.presses("change-confirm")

        payer.sees_heading("Your plan has changed")
        payer.sees_plan("Business, yearly")

    @pytest.mark.parametrize("payer", ["mollie-card"], indirect=True)
    def test_ahead_of_the_next_charge_at_mollie_and_thinks_again(self, payer: Payer) -> None:
        payer.presses("change-plan")
        payer.reads("At Mollie a change counts from the next charge on")
        payer.at("quantity").fill("5")

        payer.presses("change-preview")
        sees(payer, "€0.00", "€113.05")
        payer.presses("change-confirm")
        payer.sees_heading("Your change is scheduled")

        payer.goes_to("subscription")
        payer.reads("5 seats × €19.00")
        payer.does_not_see("change-plan")
        payer.presses("drop-change")
        expect(payer.at("change-plan")).to_be_visible()
        payer.does_not_see("drop-change")

    @pytest.mark.parametrize("payer", ["stripe-card"], indirect=True)
    def test_in_two_tabs_and_only_what_was_seen_last_can_happen(self, payer: Payer) -> None:
        payer.goes_to("subscription/change?quantity=4")
        payer.presses("change-preview")
        other = payer.context.new_page()
        other.goto(payer.page.url)
        payer.presses("change-confirm")
        payer.sees_heading("Your plan has changed")

        other.get_by_test_id("change-confirm").click()

        # The same preview is the same change.
        expect(other.get_by_role("heading", level=1)).to_have_text("Your plan has changed")
        payer.goes_to("subscription")
        payer.reads("4 seats × €19.00")

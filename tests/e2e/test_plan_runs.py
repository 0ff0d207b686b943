"""While a plan runs, the portal shows it and sells no second one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import TEAM, Payer


@pytest.fixture
def payer(tara: Payer) -> Payer:
    tara.orders("team", "month", seats=3)
    tara.pays()
    tara.sees_checkout("active")
    return tara


class TestPlanRuns:
    def test_is_shown_with_what_happens_next(self, payer: Payer) -> None:
        payer.sees_plan("Team, monthly")

        payer.reads("€67.83")
        payer.reads("3 seats × €19.00")
        payer.reads("Visa ending 4242")
        payer.reads("Renewal")

    def test_is_marked_among_the_plans_which_cannot_be_bought(self, payer: Payer) -> None:
        payer.goes_to("plans")

        payer.reads("Team runs now. It can become another plan")
        expect(payer.page.get_by_text("Your plan")).to_have_count(1)
        payer.does_not_see("plan-team")
        payer.does_not_see("plan-business")
        expect(payer.at("plan-onboarding")).to_be_visible()

    def test_cannot_be_bought_again_by_address(self, payer: Payer) -> None:
        payer.goes_to(TEAM)

        payer.reads("A plan runs already.")
        payer.does_not_see("pay")

    def test_leaves_the_other_tenant_alone(self, payer: Payer, peter: Payer) -> None:
        peter.has_no_plan()

        peter.goes_to("plans")

        expect(peter.at("plan-team")).to_be_visible()

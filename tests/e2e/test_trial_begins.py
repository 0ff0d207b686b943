"""Tara tries a plan for nothing, is charged when the trial ends, and cannot try again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cast import World
from tests.e2e import inspection, ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer


@pytest.fixture(autouse=True)
def _gives_a_trial(world: World) -> None:
    for slug in ("team", "business"):
        world.price(slug).trial_days = 14
    world.db.commit()


class TestTrialBegins:
    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_is_free_then_charged_and_given_once(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Callable[[str], None],
        sweeps: Callable[[], None],
        provider: str,
    ) -> None:
        tara.chooses("team", "month", seats=2)
        tara.picks(f"{provider}-card")
        expect(tara.at("order-total")).to_have_text("€0.00")
        expect(tara.at("pay")).to_have_text(f"Start 14-day trial at {provider.capitalize()}")
        assert not inspection.faults(tara.page)
        tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")
        tara.sees_heading("Your trial of Team has begun")
        assert not inspection.faults(tara.page)
        tara.sees_plan("Team, monthly", "trialing")
        tara.reads("Trial ends, first charge: €45.22")
        assert not inspection.faults(tara.page)
        assert len(ledger.given_back(sandbox, provider)) == len(ledger.charges(sandbox, provider))

        time_passes("16 days")
        sweeps()
        tara.sees_plan("Team, monthly", "active")
        tara.page.get_by_role("link", name="All activity").click()
        tara.reads("Payment received: €45.22")
        tara.reads("Trial over, plan paid")
        assert not inspection.faults(tara.page)

        tara.goes_to("subscription")
        tara.presses("cancel-plan")
        tara.page.get_by_label("Another reason").check()
        tara.presses("cancel-confirm")
        time_passes("1 month")
        sweeps()
        tara.goes_to("plans")
        expect(tara.at("plan-business")).to_be_visible()
        expect(tara.page.get_by_text("14 days free, then this price")).to_have_count(0)

"""Years in the life of a plan at each provider: renewals, changes, trouble, money going back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer

Moves = Callable[[str], None]
Sweeps = Callable[[], None]
FAILS_LATER = "4000000000000341"
METHODS = ["stripe-card", "mollie-card"]


def invoices(payer: Payer, count: int) -> None:
    """See this many documents on the list."""
    payer.goes_to("invoices")
    expect(payer.page.locator("[data-testid^=invoice-pdf-]")).to_have_count(count)


def changes(payer: Payer, *, moment: str | None = None, **choice: str) -> None:
    """Change the plan to something else, and see that it is so, or will be."""
    payer.goes_to("subscription")
    payer.presses("change-plan")
    if "plan" in choice:
        payer.at(f"plan-{choice['plan']}").check()
    if "seats" in choice:
        payer.at("quantity").fill(choice["seats"])
    if moment and payer.at(f"moment-{moment}").count():
        payer.at(f"moment-{moment}").check()
    payer.presses("change-preview")
    payer.presses("change-confirm")
    expect(payer.page.get_by_role("heading", level=1)).to_have_text(
        "Your plan has changed" if moment == "now" else "Your change is scheduled"
    )


@pytest.mark.parametrize("method", METHODS)
class TestPlanLives:
    def test_through_renewals_changes_and_a_refund(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Moves,
        sweeps: Sweeps,
        method: str,
    ) -> None:
        provider = method.partition("-")[0]
        tara.orders("team", "month", method=method, seats=2)
        tara.pays()
        tara.sees_checkout("active")
        for _ in range(3):
            time_passes("1 month")
        invoices(tara, 4)
        assert len(ledger.charges(sandbox, provider)) == 4

        changes(tara, plan="business", moment="now" if provider == "stripe" else None)
        time_passes("1 month")
        tara.sees_plan("Business, monthly")

        changes(tara, seats="5", moment="period_end")
        time_passes("1 month")
        tara.goes_to("subscription")
        tara.reads("5 seats")

        changes(tara, plan="starter", seats="1", moment="period_end")
        tara.sees_plan("Business, monthly")
        time_passes("1 month")
        tara.sees_plan("Starter, monthly")

        latest = ledger.charges(sandbox, provider)[-1]
        sandbox.refund(latest["id"])
        for _ in range(3):
            time_passes("1 day")
            sweeps()
        tara.goes_to("invoices")
        tara.reads("Credit note")
        tara.sees_plan("Starter, monthly")

        tara.goes_to("subscription")
        tara.presses("cancel-plan")
        tara.presses("cancel-confirm")
        tara.sees_plan("Starter, monthly", "canceling")
        time_passes("1 month")
        sweeps()
        tara.sees_plan("Starter, monthly", "canceled")
        tara.goes_to("activity")
        tara.reads("Starter")

    def test_until_a_bank_takes_the_money_back(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Moves,
        sweeps: Sweeps,
        method: str,
    ) -> None:
        provider = method.partition("-")[0]
        tara.orders("team", "month", method=method)
        tara.pays()
        tara.sees_checkout("active")
        time_passes("1 month")

        sandbox.charge_back(ledger.charges(sandbox, provider)[-1]["id"])
        time_passes("1 day")
        sweeps()

        tara.sees_plan("Team, monthly", "canceled")
        charged = len(ledger.charges(sandbox, provider))
        time_passes("3 months")
        assert len(ledger.charges(sandbox, provider)) == charged

    def test_until_nobody_pays_for_it_any_more(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Moves,
        sweeps: Sweeps,
        method: str,
    ) -> None:
        tara.orders("team", "month", method=method)
        tara.pays_by_card(FAILS_LATER)
        tara.sees_checkout("active")
        time_passes("1 month")
        time_passes("2 hours")
        sweeps()
        tara.sees_plan("Team, monthly", "past_due")

        for _ in range(24):
            time_passes("1 day")
            sweeps()

        tara.sees_plan("Team, monthly", "canceled")
        tara.goes_to("plans")
        expect(tara.at("plan-team")).to_be_visible()
        assert len(ledger.charges(sandbox, method.partition("-")[0])) == 1

"""A hundred presses at once change a plan once, and end it once."""

from __future__ import annotations

import pytest

from app.billing.site import Site
from app.models import Payment, SubscriptionChange
from config import Config
from tests.billing.purchases import Buyer
from tests.billing.running_plans import bought, plan, previews
from tests.cast import World
from tests.concurrency import clickers
from tests.concurrency.clickers import Click
from tests.sandbox_server import SandboxServer


@pytest.fixture
def tara(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Tara, who has two tabs and a fast finger."""
    return Buyer(world, site, sandbox, world.tara)


def press(buyer: Buyer, change: SubscriptionChange) -> Click:
    """Answer a press of the button under a preview."""
    return Click(buyer.user.id, buyer.world.globex.uuid, change=change.uuid)


class TestConfirm:
    @pytest.mark.parametrize(
        ("method", "path", "state", "paid"),
        [
            ("stripe-card", "/stripe/v1/subscriptions/*", "done", 2),
            ("mollie-card", "/mollie/v2/customers/*/subscriptions/*", "scheduled", 1),
        ],
    )
    def test_by_a_hundred_presses_in_four_processes_is_made_once(
        self, tara: Buyer, config: Config, method: str, path: str, state: str, paid: int
    ) -> None:
        bought(tara, method)
        one = press(tara, previews(tara, "business"))

        outcomes = clickers.click(config, [[one] * 25] * 4)

        assert [outcome.error for outcome in outcomes if outcome.error] == []
        assert {outcome.state for outcome in outcomes} == {state}
        changed = tara.posts(path) if method == "stripe-card" else len(patches(tara))
        assert changed == 1
        assert len(tara.rows(Payment)) == paid

    def test_of_two_changes_in_two_tabs_makes_one(self, tara: Buyer, config: Config) -> None:
        bought(tara, "stripe-card")
        first, second = (press(tara, previews(tara, slug)) for slug in ("business", "starter"))

        outcomes = clickers.click(config, [[first] * 10, [second] * 10])

        made = {outcome.uuid for outcome in outcomes if outcome.state == "done"}
        refused = {outcome.error for outcome in outcomes if outcome.error}
        assert len(made) == 1
        assert all("Stale" in error or "Conflict" in error for error in refused)
        states = sorted(change.state for change in tara.rows(SubscriptionChange))
        assert states == ["done", "previewed"]
        assert plan(tara).quantity == 2


class TestCancel:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_by_fifty_presses_in_two_processes_is_asked_once(
        self, tara: Buyer, config: Config, method: str
    ) -> None:
        bought(tara, method)
        one = Click(tara.user.id, tara.world.globex.uuid, ends=True)

        outcomes = clickers.click(config, [[one] * 25] * 2)

        assert [outcome.error for outcome in outcomes if outcome.error] == []
        assert {outcome.state for outcome in outcomes} == {"canceling"}
        assert tara.acts().count(("cancel_subscription", "asked", "done")) == 1
        assert tara.timeline().count("subscription.cancel_asked") == 1


def patches(buyer: Buyer) -> list[object]:
    """Answer the calls that changed something at Mollie."""
    return [call for call in buyer.sandbox.calls("PATCH") if "/subscriptions/" in call["path"]]

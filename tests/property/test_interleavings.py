"""Whatever comes in whatever order, doubled, overlapping or not at all, ends in the same rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import payer
from tests.property import lives
from tests.property.conftest import Stage
from tests.property.lives import Purchase

# `make fuzz` looks for these.
pytestmark = pytest.mark.hypothesis

STEPS = (
    "come_back",
    "leave",
    "open_page",
    "hear",
    "hear_again",
    "sweep",
    "crash_in_look",
    "crash_in_act",
    "overlap",
)
PURCHASES = {
    "subscription by card at Stripe": Purchase("stripe-card", "team", "month", payer.pays),
    "subscription by card at Mollie": Purchase("mollie-card", "team", "year", payer.pays),
    "subscription by iDEAL": Purchase("mollie-ideal", "team", "month", payer.pays),
    "subscription by SEPA": Purchase("stripe-sepa", "team", "month", payer.pays),
    "one-time at Stripe": Purchase("stripe-card", "onboarding", None, payer.pays),
    "one-time at Mollie": Purchase("mollie-ideal", "onboarding", None, payer.pays),
    "set-up at Stripe": Purchase("stripe-card", None, None, payer.pays),
    "set-up at Mollie": Purchase("mollie-card", None, None, payer.pays),
    "declined at Stripe": Purchase("stripe-card", "team", "month", payer.declines),
    "declined at Mollie": Purchase("mollie-card", "team", "month", payer.declines),
    "expired at Stripe": Purchase("stripe-card", "team", "month", payer.expires),
    "expired at Mollie": Purchase("mollie-card", "team", "month", payer.expires),
    "canceled at Mollie": Purchase("mollie-card", "team", "month", payer.cancels),
}
# A life takes a twentieth of a second; `make fuzz` lives many more of them.
LOOK = settings(
    max_examples=settings().max_examples // 12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # A life that goes wrong tells all of it; looking for a shorter one takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def live(
    stage: Stage, purchase: Purchase, steps: list[str]
) -> tuple[dict[str, Any], dict[str, int]]:
    """Live a purchase and answer what is remembered, here and at the provider."""
    life = lives.begin(stage, purchase)
    for step in steps:
        life.run(step)
    life.settle()
    return life.rows(), life.at_provider()


@pytest.mark.parametrize("name", PURCHASES)
class TestOutcome:
    def test_is_the_same_in_every_order(self, name: str, stage: Stage) -> None:
        purchase = PURCHASES[name]
        expected = live(stage, purchase, ["act_at_provider", "come_back", "hear"])

        @LOOK
        @given(
            before=st.lists(st.sampled_from(STEPS), max_size=3),
            after=st.lists(st.sampled_from(STEPS), max_size=6),
        )
        def lived(before: list[str], after: list[str]) -> None:
            steps = [*before, "act_at_provider", *after]
            assert live(stage, purchase, steps) == expected

        lived()


@pytest.mark.parametrize("name", ["subscription by card at Stripe", "subscription by iDEAL"])
class TestMoneyAfterExpiry:
    def test_is_kept_for_a_person_to_decide_in_every_order(self, name: str, stage: Stage) -> None:
        purchase = PURCHASES[name]
        start = ["told_expired", "act_at_provider"]
        expected = live(stage, purchase, [*start, "hear"])

        @LOOK
        @given(after=st.lists(st.sampled_from(STEPS), max_size=6))
        def lived(after: list[str]) -> None:
            assert live(stage, purchase, [*start, *after]) == expected

        lived()

        assert expected[0]["checkout"] == ("needs_review", "late", True)

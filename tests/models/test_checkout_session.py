"""The states of a checkout session and where they lead."""

from __future__ import annotations

import pytest

from app.models import CheckoutSession
from app.models.checkout_session import ALLOWED, PENDING, STATES
from app.money import Money

ENDS = ("expired", "canceled", "not_charged")


class TestMayBecome:
    @pytest.mark.parametrize("end", ENDS)
    def test_lets_late_money_lead_to_a_person_and_nowhere_else(self, end: str) -> None:
        checkout = CheckoutSession(state=end)

        assert [state for state in STATES if checkout.may_become(state)] == ["needs_review"]

    @pytest.mark.parametrize("final", ["complete", "refunded"])
    def test_leads_nowhere_from_a_final_state(self, final: str) -> None:
        assert not any(CheckoutSession(state=final).may_become(state) for state in STATES)

    def test_never_goes_back(self) -> None:
        order = {state: place for place, state in enumerate(("starting", "open", "processing"))}

        for state, following in ALLOWED.items():
            for later in following & order.keys():
                assert order[later] > order[state]

    def test_never_expires_what_is_processing(self) -> None:
        checkout = CheckoutSession(state="processing")

        assert not checkout.may_become("expired")
        assert not checkout.may_become("canceled")

    def test_lets_a_person_settle_a_review(self) -> None:
        checkout = CheckoutSession(state="needs_review")

        assert checkout.may_become("complete")
        assert checkout.may_become("refunded")
        assert not checkout.may_become("open")


class TestQuestions:
    @pytest.mark.parametrize("state", STATES)
    def test_tell_pending_from_over(self, state: str) -> None:
        checkout = CheckoutSession(state=state)

        assert checkout.is_pending == (state in PENDING)
        assert checkout.is_over == (state in ENDS)
        assert not (checkout.is_pending and checkout.is_over)

    def test_answer_what_is_due(self) -> None:
        checkout = CheckoutSession(state="open", total=2261, currency="EUR")

        assert checkout.due_today == Money(2261, "EUR")

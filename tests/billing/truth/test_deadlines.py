"""Nothing waits for ever: each state has a time at which it is looked at again, or is final."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.billing.truth import deadlines
from app.models import CheckoutSession, Subscription
from app.models.checkout_session import PENDING, STATES
from app.models.subscription import STATUSES

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def checkout(state: str, expires: timedelta | None = None) -> CheckoutSession:
    return CheckoutSession(
        state=state, created_at=BEGAN, expires_at=BEGAN + expires if expires else None
    )


class TestACheckout:
    @pytest.mark.parametrize("state", PENDING)
    def test_that_is_pending_is_looked_at_again_at_every_age(self, state: str) -> None:
        for hours in (0, 1, 5, 24, 24 * 13, 24 * 60):
            now = BEGAN + timedelta(hours=hours)
            look = deadlines.next_look(checkout(state), now=now)

            assert look is not None and now < look <= now + timedelta(days=1)

    def test_is_looked_at_soon_and_then_less_often(self) -> None:
        row = checkout("open")
        waits, now = [], BEGAN
        for _ in range(12):
            look = deadlines.next_look(row, now=now)
            assert look is not None
            waits.append(look - now)
            now = look

        assert waits[0] == timedelta(minutes=2)
        assert waits == sorted(waits)

    def test_is_looked_at_just_after_its_page_ends(self) -> None:
        look = deadlines.next_look(checkout("open", timedelta(seconds=90)), now=BEGAN)

        assert look == BEGAN + timedelta(minutes=2)
        late = BEGAN + timedelta(hours=23, minutes=55)
        assert deadlines.next_look(checkout("open", timedelta(hours=24)), now=late) == (
            BEGAN + timedelta(hours=24, minutes=1)
        )

    @pytest.mark.parametrize("state", ["expired", "canceled", "not_charged"])
    def test_that_ended_unpaid_is_looked_at_for_three_days(self, state: str) -> None:
        row = checkout(state)

        assert deadlines.next_look(row, now=BEGAN) == BEGAN + timedelta(days=1)
        assert deadlines.next_look(row, now=BEGAN + timedelta(days=3)) is None

    def test_that_is_decided_is_not_looked_at(self) -> None:
        decided = set(STATES) - set(PENDING) - {"expired", "canceled", "not_charged"}

        assert decided == {"complete", "needs_review", "refunded"}
        for state in decided:
            assert deadlines.next_look(checkout(state), now=BEGAN) is None


class TestASubscription:
    @pytest.mark.parametrize("status", [status for status in STATUSES if status != "canceled"])
    def test_is_looked_at_every_day_and_soon_after_each_renewal(self, status: str) -> None:
        for hours, wait in ((0.5, 1.5), (100, 24), (-1, 1)):
            row = Subscription(status=status, period_end=BEGAN + timedelta(hours=hours))
            look = deadlines.next_look_at_subscription(row, now=BEGAN)

            assert look == BEGAN + timedelta(hours=wait)

    def test_that_ended_is_looked_at_each_week_while_money_may_go_back(self) -> None:
        row = Subscription(status="canceled", period_end=BEGAN, ended_at=BEGAN)

        week = BEGAN + timedelta(days=7)
        assert deadlines.next_look_at_subscription(row, now=BEGAN) == week
        late = BEGAN + timedelta(days=180)
        assert deadlines.next_look_at_subscription(row, now=late) is None

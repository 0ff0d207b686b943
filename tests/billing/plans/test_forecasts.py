"""Forecasts: each line is held against what the sandbox's clock then brings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from app.billing.plans import cancelations, plan_changes
from app.billing.plans.forecasts import Forecast
from app.billing.plans.plan_changes import PlanChoice
from app.models import Payment, Subscription
from app.money import Money
from app.sandbox.stripe.subscriptions import RETRY_DAYS
from tests import payer
from tests.billing.purchases import Buyer

CARDS = ["stripe-card", "mollie-card"]
FAILS_LATER = "4000000000000341"
HAPPENS = ("renewal", "trial_ends", "retry")


def bought(buyer: Buyer, method: str, interval: str = "month", **fields: str) -> None:
    placed = buyer.buys("team", interval, method=method)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url, **fields))
    buyer.sweeps()


def plan(buyer: Buyer) -> Subscription:
    found: Subscription = buyer.rows(Subscription)[-1]
    return found


def told(buyer: Buyer) -> list[Forecast]:
    """Answer what the overview says will happen to the plan."""
    return [line for line in buyer.overview().forecast if line.kind != "card_expires"]


def passes(buyer: Buyer, line: Forecast) -> None:
    """Let time pass until what was told has happened, and hear of it."""
    moment = line.at + timedelta(hours=3)
    if moment > buyer.site.clock.now():
        buyer.sandbox.advance_to(moment.isoformat())
    buyer.sweeps()
    # What was begun then is looked at again within the hour.
    buyer.sandbox.advance("90 minutes")
    buyer.sweeps()


def charges(buyer: Buyer, since: datetime) -> list[tuple[str, Money]]:
    """Answer (day, amount) of each charge of the plan after a moment, oldest first."""
    return [
        (payment.attempted_at.date().isoformat(), payment.total)
        for payment in sorted(buyer.rows(Payment), key=lambda payment: payment.attempted_at)
        if payment.attempted_at > since and payment.amount > 1
    ]


def announced(lines: Sequence[Forecast]) -> list[tuple[str, Money | None]]:
    """Answer (day, amount) of each charge that was told of; of nothing there is none to see."""
    return [
        (line.at.date().isoformat(), line.amount)
        for line in lines
        if line.kind in HAPPENS and line.amount
    ]


def comes_true(buyer: Buyer) -> None:
    """Let everything that is told of now happen, and compare."""
    now = buyer.site.clock.now()
    lines = told(buyer)
    assert lines
    for line in lines:
        passes(buyer, line)
    assert charges(buyer, now) == announced(lines)


def waits_for(buyer: Buyer, month: int, day: int) -> None:
    """Let time pass until the afternoon of a day of next year."""
    year = buyer.site.clock.now().year + 1
    buyer.sandbox.advance_to(datetime(year, month, day, 14, 30, tzinfo=UTC).isoformat())


def changes(buyer: Buyer, slug: str, quantity: int, moment: Literal["now", "period_end"]) -> None:
    """Change the monthly or yearly plan to as many seats of one of the same interval."""
    price = buyer.world.price(slug, plan(buyer).price.interval)
    choice = PlanChoice(price.price_id, quantity, moment)
    shown = plan_changes.preview(buyer.db, buyer.site, membership=buyer.membership, choice=choice)
    plan_changes.confirm(buyer.db, buyer.site, membership=buyer.membership, change_uuid=shown.uuid)
    buyer.sweeps()


@pytest.mark.parametrize("method", CARDS)
class TestAPlan:
    @pytest.mark.parametrize("interval", ["month", "year"])
    def test_that_goes_on_is_charged_as_told(self, tara: Buyer, method: str, interval: str) -> None:
        bought(tara, method, interval)

        assert len(told(tara)) >= 3
        comes_true(tara)

    def test_begun_on_a_31st_is_charged_as_told(self, tara: Buyer, method: str) -> None:
        waits_for(tara, 1, 31)
        bought(tara, method)

        comes_true(tara)
        comes_true(tara)

    def test_on_trial_is_charged_first_as_told(self, tara: Buyer, method: str) -> None:
        tara.world.price("team").trial_days = 14
        tara.db.commit()
        waits_for(tara, 1, 17)
        bought(tara, method)

        assert [line.kind for line in told(tara)] == ["trial_ends", "renewal", "renewal"]
        comes_true(tara)

    def test_that_is_set_to_end_ends_as_told(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        now = tara.site.clock.now()

        (line,) = told(tara)
        passes(tara, line)

        row = plan(tara)
        assert (line.kind, row.status) == ("ends", "canceled")
        assert row.ended_at is not None and row.ended_at.date() == line.at.date()
        assert charges(tara, now) == []
        assert told(tara) == []

    def test_that_was_resumed_is_charged_as_told(self, tara: Buyer, method: str) -> None:
        waits_for(tara, 12, 31)
        bought(tara, method)
        passes(tara, told(tara)[0])
        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        cancelations.resume(tara.db, tara.site, membership=tara.membership)

        comes_true(tara)

    def test_whose_change_is_scheduled_becomes_what_was_told(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)
        changes(tara, "business", 3, "period_end")

        change = next(line for line in told(tara) if line.kind == "change")
        assert announced(told(tara))[0][1] == Money(13923, "EUR")
        tara.sandbox.advance_to((change.at - timedelta(hours=3)).isoformat())
        tara.sweeps()
        assert plan(tara).quantity == 2
        comes_true(tara)

        row = plan(tara)
        assert (change.plan, change.quantity) == (row.price.product.name, row.quantity)

    def test_that_is_overdue_is_charged_again_and_ends_as_told(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method, card_number=FAILS_LATER)
        passes(tara, told(tara)[0])
        assert plan(tara).status == "past_due"
        since = tara.site.clock.now()

        tries, ends = [], None
        while lines := told(tara):
            ends = next((line for line in lines if line.kind == "not_paid"), None)
            tries.append(announced(lines)[0])
            passes(tara, lines[0])

        row = plan(tara)
        assert (row.status, row.end_reason) == ("canceled", "not_paid")
        assert row.ended_at is not None
        if method == "mollie-card":
            assert charges(tara, since) == tries
            assert ends is not None and ends.at.date() == row.ended_at.date()
        else:
            # Stripe tries the same payment again, by its own schedule, and ends with the last try.
            assert len(tries) == len(RETRY_DAYS)
            assert tries[-1][0] == row.ended_at.date().isoformat()


class TestACredit:
    @pytest.mark.parametrize("interval", ["month", "year"])
    def test_is_taken_off_the_next_charges_as_told(self, tara: Buyer, interval: str) -> None:
        bought(tara, "stripe-card", interval)
        changes(tara, "team", 1, "now")
        credit, lines = plan(tara).credit, told(tara)

        assert credit > 0
        assert lines[0].amount is not None
        assert lines[0].amount.minor == max(0, plan(tara).total - credit)
        comes_true(tara)

"""Revenues: what running plans bring, told by month and currency, exact to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.operations import revenues
from app.billing.operations.revenues import Revenue
from app.models import FormerFigure, Refund, Subscription
from app.money import Money
from tests.cast import World
from tests.models.rows import Rows

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def rows(world: World) -> Rows:
    return Rows(world)


def plan(rows: Rows, **changes: Any) -> Subscription:
    """Write a plan that began in September, each in a family of its own."""
    begun = {"started_at": NOW - timedelta(days=70), "period_start": NOW - timedelta(days=9)}
    families = len(list(rows.world.db.scalars(select(Subscription.id))))
    row = rows.subscription(**{**begun, "family": f"family-{families}", **changes})
    rows.world.db.add(row)
    rows.world.db.commit()
    return row


def told(world: World) -> dict[str, Revenue]:
    found = {one.currency: one for one in revenues.of(world.db, world.app, now=NOW)}
    world.db.commit()
    return found


class TestRecurringRevenue:
    def test_counts_a_yearly_plan_with_a_twelfth(self, world: World, rows: Rows) -> None:
        plan(rows)
        plan(rows, price_id=world.price("team", "year").id, net=19000)

        eur = told(world)["EUR"]

        assert eur.now.running == 2
        assert eur.money(eur.now.recurring) == Money(3483, "EUR")

    @pytest.mark.parametrize(
        ("status", "counts"),
        [
            ("active", True),
            ("past_due", True),
            ("canceling", True),
            ("trialing", False),
            ("incomplete", False),
            ("unpaid", False),
            ("paused", False),
        ],
    )
    def test_counts_only_what_runs_and_is_paid_for(
        self, world: World, rows: Rows, status: str, counts: bool
    ) -> None:
        plan(rows, status=status)

        assert ("EUR" in told(world)) == counts

    def test_keeps_modes_and_duplicates_apart(self, world: World, rows: Rows) -> None:
        plan(rows, is_duplicate=True)

        assert told(world) == {}

    def test_tells_each_month_and_currency(self, world: World, rows: Rows) -> None:
        plan(rows)
        plan(rows, started_at=NOW - timedelta(days=2))
        plan(
            rows,
            started_at=NOW - timedelta(days=200),
            status="canceled",
            ended_at=NOW - timedelta(days=30),
        )
        plan(rows, started_at=NOW - timedelta(days=3000), currency="USD", net=500)

        eur, usd = told(world)["EUR"], told(world)["USD"]

        assert [month.running for month in eur.months[-4:]] == [1, 2, 1, 2]
        assert (eur.now.new, eur.now.churned, eur.last.churned) == (1, 0, 1)
        assert eur.now.new_amount == eur.last.churned_amount == Decimal(1900)
        assert {month.recurring for month in usd.months} == {Decimal(500)}
        assert [month.begins.month for month in eur.months] == [12, *range(1, 12)]

    def test_counts_a_trial_from_its_end_and_not_if_it_was_never_paid(
        self, world: World, rows: Rows
    ) -> None:
        plan(rows, trial_end=NOW - timedelta(days=5))
        plan(
            rows,
            trial_end=NOW - timedelta(days=5),
            status="canceled",
            ended_at=NOW - timedelta(days=5),
        )

        eur = told(world)["EUR"]

        assert [month.new for month in eur.months[-3:]] == [0, 0, 1]
        assert eur.now.churned == 0


class TestPricesThatChanged:
    def test_count_each_month_at_what_a_plan_cost_at_its_end(
        self, world: World, rows: Rows, db: Session
    ) -> None:
        changed = plan(rows, started_at=NOW - timedelta(days=135), net=1900)
        plan(rows, net=100)
        for net, interval, first, until in (
            (1200, "month", 135, 100),
            (700, "month", 100, 95),
            (12000, "year", 95, 50),
        ):
            db.add(
                FormerFigure(
                    subscription_id=changed.id,
                    provider_account_id=changed.provider_account_id,
                    interval=interval,
                    net=net,
                    from_at=NOW - timedelta(days=first),
                    until_at=NOW - timedelta(days=until),
                )
            )
        db.commit()

        eur = told(world)["EUR"]

        # July to November: begun, at 7 for some days of August, yearly, changed on 1 October.
        assert [month.recurring for month in eur.months[-6:]] == [0, 1200, 1000, 1100, 2000, 2000]
        assert [month.running for month in eur.months[-6:]] == [0, 1, 1, 2, 2, 2]
        assert [month.new_amount for month in eur.months[-6:]] == [0, 1200, 0, 100, 0, 0]

    def test_count_from_the_end_of_a_trial_and_only_for_plans_that_count(
        self, world: World, rows: Rows, db: Session
    ) -> None:
        trial = NOW - timedelta(days=40)
        begun = plan(rows, trial_end=trial, net=1900)
        over = plan(rows, status="unpaid", net=500)
        for row, net, until in ((begun, 300, 50), (begun, 900, 5), (over, 700, 5)):
            db.add(
                FormerFigure(
                    subscription_id=row.id,
                    provider_account_id=row.provider_account_id,
                    interval="month",
                    net=net,
                    from_at=NOW - timedelta(days=70 if until == 50 else 50),
                    until_at=NOW - timedelta(days=until),
                )
            )
        db.commit()

        eur = told(world)["EUR"]

        assert [month.recurring for month in eur.months[-3:]] == [0, 900, 1900]
        assert [month.new_amount for month in eur.months[-3:]] == [0, 900, 0]


class TestWhatFailedAndWentBack:
    def test_is_told_by_month(self, world: World, rows: Rows, db: Session) -> None:
        db.add(rows.payment(status="failed", attempted_at=NOW))
        db.add(rows.payment(status="failed", attempted_at=NOW - timedelta(days=30)))
        db.add(rows.payment(status="failed", attempted_at=NOW - timedelta(days=500)))
        db.add(rows.refund(recorded_at=NOW, amount=700, status="refunded"))
        db.add(rows.refund(recorded_at=NOW, amount=900, status="failed"))
        db.commit()

        eur = told(world)["EUR"]

        assert (eur.now.failed, eur.now.failed_amount, eur.last.failed) == (1, 2261, 1)
        assert (eur.now.refunds, eur.now.refunded) == (1, 700)
        assert len(list(db.scalars(select(Refund)))) == 2

    def test_is_nothing_of_another_app(self, world: World, rows: Rows) -> None:
        plan(rows)
        world.app.livemode = True

        assert told(world) == {}


class TestTheFirstOfJanuary:
    def test_begins_the_month_of_the_year_before(self, world: World, rows: Rows) -> None:
        plan(rows)
        new_year = datetime(2027, 1, 1, tzinfo=UTC)

        (eur,) = revenues.of(world.db, world.app, now=new_year)

        assert eur.months[0].begins == datetime(2026, 2, 1, tzinfo=UTC)
        assert eur.now.begins == new_year

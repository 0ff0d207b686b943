"""Reminders come once, in time, and only where something will be charged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.mail import mail_kinds, reminders
from app.billing.site import Site
from app.models import Mail, PaymentMethod, Subscription
from tests.cast import World
from tests.sandbox_server import SandboxServer


@pytest.fixture
def now(site: Site, sandbox: SandboxServer) -> datetime:
    """Answer noon of a tenth of March, whenever this runs."""
    sandbox.advance_to(f"{site.clock.now().year + 1}-03-10T12:00:00Z")
    return site.clock.now()


class Plan:
    """Tara's plan as a test needs it, and what is told of it."""

    def __init__(self, db: Session, world: World, site: Site) -> None:
        self.db, self.world, self.site = db, world, site

    def begins(self, interval: str = "year", **fields: Any) -> None:
        price = self.world.price("team", interval)
        plan = self.world.begin_plan(self.world.globex, price=price)
        self.changes(**fields)
        self.plan_id = plan.id

    def changes(self, **fields: Any) -> None:
        # How a plan comes to such dates does not matter here.
        self.db.execute(update(Subscription).values(**fields))
        self.db.commit()

    def has_card(self, year: int, month: int) -> None:
        card = PaymentMethod(
            tenant_id=self.world.globex.id,
            provider_account_id=self.world.account("stripe").id,
            provider_id="pm_1",
            livemode=False,
            type="card",
            status="valid",
            brand="visa",
            last4="4242",
            exp_year=year,
            exp_month=month,
        )
        self.db.add(card)
        self.db.flush()
        self.changes(payment_method_id=card.id)

    def told(self) -> list[mail_kinds.Mailable]:
        rows = list(self.db.scalars(select(Mail).order_by(Mail.id)))
        self.db.commit()
        return [mail_kinds.load(row.kind, row.values) for row in rows]


@pytest.fixture
def plan(db: Session, world: World, site: Site, now: datetime) -> Plan:
    return Plan(db, world, site)


class TestOfCharges:
    def test_a_yearly_renewal_is_told_of_once_a_month_ahead(
        self, plan: Plan, now: datetime
    ) -> None:
        renewal = now + timedelta(days=20)
        plan.begins(anchor_at=renewal - timedelta(days=365), period_end=renewal)
        plan.has_card(now.year + 2, 1)

        counts = [reminders.of_charges(plan.db, plan.site) for _ in range(2)]

        (told,) = plan.told()
        assert counts == [1, 0]
        assert isinstance(told, mail_kinds.RenewalAhead)
        assert (told.plan, told.interval, told.is_first) == ("Team", "year", False)
        assert told.amount == plan.world.price("team", "year").amount
        assert told.charge_at == renewal
        assert told.last4 == "4242"

    def test_the_next_year_is_told_of_again(
        self, plan: Plan, now: datetime, sandbox: SandboxServer
    ) -> None:
        renewal = now + timedelta(days=20)
        plan.begins(anchor_at=renewal - timedelta(days=365), period_end=renewal)
        reminders.of_charges(plan.db, plan.site)
        sandbox.advance("1 years")
        plan.changes(period_end=renewal.replace(year=renewal.year + 1))

        assert reminders.of_charges(plan.db, plan.site) == 1
        assert len(plan.told()) == 2

    @pytest.mark.parametrize(
        ("days", "interval", "fields"),
        [
            (40, "year", {}),
            (20, "month", {}),
            (-1, "year", {}),
            (20, "year", {"status": "canceling"}),
            (20, "year", {"status": "past_due"}),
            (20, "year", {"is_duplicate": True}),
            (20, "year", {"total": 0}),
        ],
    )
    def test_nothing_is_told_where_nothing_is_charged_soon(
        self, plan: Plan, now: datetime, days: int, interval: str, fields: dict[str, Any]
    ) -> None:
        end = now + timedelta(days=days)
        plan.begins(interval, anchor_at=now - timedelta(days=10), period_end=end, **fields)

        assert reminders.of_charges(plan.db, plan.site) == 0
        assert plan.told() == []

    def test_of_what_is_canceled_nothing_is_told(self, plan: Plan, now: datetime) -> None:
        end = now + timedelta(days=20)
        plan.begins(anchor_at=now - timedelta(days=345), period_end=end, canceled_at=now)

        assert reminders.of_charges(plan.db, plan.site) == 0

    @pytest.mark.parametrize(
        ("length", "left", "is_told"), [(30, 7, True), (30, 10, False), (7, 3, True), (7, 5, False)]
    )
    def test_a_trials_end_is_told_of_a_week_ahead_or_halfway(
        self, plan: Plan, now: datetime, length: int, left: int, is_told: bool
    ) -> None:
        end = now + timedelta(days=left)
        begun = end - timedelta(days=length)
        plan.begins(
            "month",
            status="trialing",
            started_at=begun,
            anchor_at=end,
            period_end=end,
            trial_end=end,
        )

        assert reminders.of_charges(plan.db, plan.site) == is_told
        assert [told.is_first for told in plan.told() if hasattr(told, "is_first")] == (
            [True] if is_told else []
        )


class TestOfCards:
    @pytest.mark.parametrize(
        ("months", "is_told"), [(0, True), (1, False), (-1, False), (12, False)]
    )
    def test_a_card_is_told_of_once_in_its_last_month(
        self, plan: Plan, now: datetime, months: int, is_told: bool
    ) -> None:
        end = now + timedelta(days=15)
        plan.begins("month", anchor_at=end - timedelta(days=31), period_end=end)
        index = now.year * 12 + now.month - 1 + months
        plan.has_card(index // 12, index % 12 + 1)

        counts = [reminders.of_cards(plan.db, plan.site) for _ in range(2)]

        assert counts == [int(is_told), 0]
        for told in plan.told():
            assert isinstance(told, mail_kinds.CardExpiring)
            assert (told.exp_month, told.exp_year) == (3, now.year)
            assert (told.plan, told.next_charge_at) == ("Team", end)

    @pytest.mark.parametrize("status", ["canceled", "canceling", "unpaid"])
    def test_a_card_that_pays_for_nothing_is_left_alone(
        self, plan: Plan, now: datetime, status: str
    ) -> None:
        plan.begins("month", anchor_at=now, period_end=now + timedelta(days=9), status=status)
        plan.has_card(now.year, now.month)

        assert reminders.of_cards(plan.db, plan.site) == 0

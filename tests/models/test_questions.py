"""What rows answer about themselves."""

from __future__ import annotations

import pytest

from app import clock
from app.models import App, Membership, Payment, PaymentMethod, Price, Subscription, Tenant
from app.models.subscription import RUNNING, STATUSES
from app.money import Money


class TestSubscription:
    @pytest.mark.parametrize("status", STATUSES)
    def test_runs_in_these_statuses_unless_it_is_a_duplicate(self, status: str) -> None:
        own = Subscription(status=status, is_duplicate=False)
        duplicate = Subscription(status=status, is_duplicate=True)

        assert own.is_running == (status in RUNNING)
        assert not duplicate.is_running

    def test_shows_processing_while_its_first_payment_is_on_the_way(self) -> None:
        settling = Subscription(status="active", settling_until=clock.wall())
        settled = Subscription(status="active", settling_until=None)

        assert (settling.shown_status, settled.shown_status) == ("processing", "active")

    def test_answers_what_each_period_costs(self) -> None:
        assert Subscription(total=2261, currency="EUR").renewal == Money(2261, "EUR")


class TestPayment:
    @pytest.mark.parametrize(
        ("status", "refunded", "charged_back", "remaining"),
        [
            ("paid", 0, 0, 1000),
            ("paid", 300, 0, 700),
            ("paid", 1000, 0, 0),
            ("paid", 800, 1000, 0),
            ("processing", 0, 0, 0),
            ("failed", 0, 0, 0),
        ],
    )
    def test_answers_what_was_kept_of_it(
        self, status: str, refunded: int, charged_back: int, remaining: int
    ) -> None:
        payment = Payment(
            status=status,
            amount=1000,
            currency="EUR",
            refunded=refunded,
            charged_back=charged_back,
        )

        assert payment.remaining == Money(remaining, "EUR")
        assert payment.total == Money(1000, "EUR")


class TestPaymentMethod:
    @pytest.mark.parametrize(
        ("status", "is_usable"), [("valid", True), ("pending", True), ("invalid", False)]
    )
    def test_counts_while_it_is_pending(self, status: str, is_usable: bool) -> None:
        assert PaymentMethod(status=status).is_usable is is_usable


class TestTenant:
    @pytest.mark.parametrize("missing", ["legal_name", "address_line1", "city", "country"])
    def test_needs_name_and_address_for_an_invoice(self, missing: str) -> None:
        tenant = Tenant(
            legal_name="Globex GmbH", address_line1="Globusallee 7", city="Berlin", country="DE"
        )
        assert tenant.has_details

        setattr(tenant, missing, None)

        assert not tenant.has_details


class TestMembership:
    @pytest.mark.parametrize(("role", "may_buy"), [("admin", True), ("member", False)])
    def test_lets_admins_buy(self, role: str, may_buy: bool) -> None:
        assert Membership(role=role).may_buy is may_buy


class TestPrice:
    @pytest.mark.parametrize(
        ("interval", "is_recurring"), [("month", True), ("year", True), (None, False)]
    )
    def test_recurs_where_it_has_an_interval(
        self, interval: str | None, is_recurring: bool
    ) -> None:
        price = Price(interval=interval, unit_amount=1900, currency="EUR")

        assert price.is_recurring is is_recurring
        assert price.amount == Money(1900, "EUR")


class TestApp:
    def test_may_sell_until_it_is_disabled(self) -> None:
        assert App().is_enabled
        assert not App(disabled_at=clock.wall()).is_enabled

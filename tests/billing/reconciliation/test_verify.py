"""Verify names what differs from the provider's truth, and repair leaves nothing that does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, update

from app.billing.ordering.orders import Placed
from app.billing.reconciliation import gauges, verify
from app.billing.reconciliation.differences import Difference
from app.billing.reconciliation.verify import Report
from app.db.engine import Database
from app.models import (
    Act,
    CheckoutSession,
    Customer,
    Invoice,
    Mail,
    Payment,
    PaymentMethod,
    ProviderEvent,
    Subscription,
    TimelineEntry,
    WebhookEvent,
)
from app.money import Money
from app.providers import errors
from app.providers.base import ChargeRequest, PaymentState, Provider, RefundRequest
from tests import payer
from tests.billing import running_plans
from tests.billing.purchases import Buyer, raising

CARDS = ["stripe-card", "mollie-card"]
Verify = Callable[..., Report]


@pytest.fixture
def verifies(tara: Buyer, database: Database) -> Verify:
    """Answer what runs a comparison, of the tenant's installation unless another is given."""

    def run(buyer: Buyer = tara, **options: Any) -> Report:
        buyer.db.commit()
        return verify.run(database, buyer.site, **options)

    return run


def bought(tara: Buyer, method: str, slug: str = "team", interval: str | None = "month") -> Placed:
    """Buy and pay, come back, and let everything that follows happen."""
    placed = tara.buys(slug, interval, method=method)
    assert placed.url is not None
    tara.comes_back(payer.pays(placed.url))
    settled(tara)
    return placed


def settled(tara: Buyer) -> None:
    """Let the sweep look at everything."""
    for model in (CheckoutSession, Subscription):
        tara.db.execute(
            update(model)
            .where(model.next_check_at.is_not(None))
            .values(next_check_at=tara.site.clock.now())
        )
    tara.db.commit()
    tara.sweeps()


def damage(tara: Buyer, model: Any, **values: Any) -> None:
    """Change rows behind everybody's back."""
    tara.db.execute(update(model).values(**values))
    tara.db.commit()


def charged_by_hand(tara: Buyer, method: str) -> PaymentState:
    """Charge a card on file at the provider, as a person or another program would."""
    account = tara.world.account(method.partition("-")[0])
    (customer,) = tara.rows(Customer, Customer.provider_account_id == account.id)
    (card,) = tara.rows(PaymentMethod, PaymentMethod.provider_account_id == account.id)
    request = ChargeRequest(
        uuid=str(uuid4()),
        customer_id=customer.provider_id,
        method_id=card.provider_id,
        total=Money(1200, "EUR"),
        description="By hand",
    )
    return tara.site.provider(account).charge(request, key=str(uuid4()))


def kinds(found: list[Difference]) -> set[str]:
    return {difference.kind for difference in found}


def repaired(verifies: Verify) -> Report:
    """Repair, and hold that nothing is left and nothing is found again."""
    report = verifies(repair=True)
    assert report.left == [], [one.line for one in report.left]
    assert report.is_clean
    again = verifies()
    assert again.differences == [], [one.line for one in again.differences]
    return report


class TestAWorldAsItShouldBe:
    @pytest.mark.parametrize("method", CARDS)
    def test_differs_in_nothing_and_is_left_alone(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        tara.waits("2 months")
        settled(tara)
        before = {model: len(tara.rows(model)) for model in (TimelineEntry, WebhookEvent, Act)}
        posts = len(tara.sandbox.calls("POST"))

        report = verifies()

        assert [one.line for one in report.differences] == []
        assert report.is_clean and report.compared == 2
        assert len(tara.sandbox.calls("POST")) == posts
        assert {model: len(tara.rows(model)) for model in before} == before


class TestWhatWasLost:
    @pytest.mark.parametrize("method", CARDS)
    def test_a_purchase_nobody_heard_of_is_found_and_given(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        placed = tara.buys(method=method)
        assert placed.url is not None
        payer.pays(placed.url)

        report = verifies()

        assert {"checkout", "subscription", "payment"} <= kinds(report.differences)
        assert tara.checkout(placed).state == "open"
        (line,) = [one.line for one in report.differences if one.kind == "checkout"]
        assert str(placed.checkout_uuid) in line
        assert "ours state=open" in line and "theirs state=complete" in line
        repaired(verifies)
        assert tara.reads(placed) == "active"
        assert tara.plans() == [("active", False)]

    @pytest.mark.parametrize("method", CARDS)
    def test_renewals_nobody_heard_of_are_found_and_written(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        tara.waits("2 months")

        report = verifies()

        assert {"payment", "subscription"} <= kinds(report.differences)
        repaired(verifies)
        assert [status for status, _ in tara.payments()] == ["paid"] * 3

    @pytest.mark.parametrize("method", CARDS)
    def test_a_refund_given_at_the_provider_is_found(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        payment = tara.rows(Payment)[0]
        provider = tara.site.provider(tara.world.account(method.partition("-")[0]))
        tara.db.commit()
        request = RefundRequest(str(uuid4()), payment.provider_id, payment.total, "By a person")
        provider.refund(request, key=str(uuid4()))

        report = verifies()

        assert {"payment", "refund"} <= kinds(report.differences)
        repaired(verifies)
        assert tara.rows(Payment)[0].refunded == payment.amount

    @pytest.mark.parametrize("method", CARDS)
    def test_a_plan_ended_at_the_provider_is_found(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        plan = tara.rows(Subscription)[0]
        provider = tara.site.provider(tara.world.account(method.partition("-")[0]))
        tara.db.commit()
        provider.cancel_subscription(
            plan.provider_id,
            customer_id=plan.customer_provider_id,
            when="now",
            key=str(uuid4()),
        )

        report = verifies()

        assert kinds(report.differences) == {"subscription"}
        assert tara.plans() == [("active", False)]
        repaired(verifies)
        assert tara.rows(Subscription)[0].canceled_at is not None

    @pytest.mark.parametrize("method", CARDS)
    def test_a_charge_made_at_the_provider_by_hand_takes_a_person(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        charge = charged_by_hand(tara, method)

        report = verifies(repair=True)

        (left,) = report.left
        assert (left.kind, left.uuid, left.provider_id) == ("payment", None, charge.provider_id)
        assert left.theirs == "paid 12.00 EUR" and "a person has to find out" in left.follows
        assert charge.provider_id not in {row.provider_id for row in tara.rows(Payment)}

    @pytest.mark.parametrize("method", CARDS)
    def test_a_charge_of_somebody_who_is_not_ours_is_left_alone(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        charged_by_hand(tara, method)
        damage(tara, Customer, provider_id="cus_another", request="{}")
        damage(tara, PaymentMethod, removed_at=tara.site.clock.now())

        found = verifies().differences

        assert "payment" not in kinds(found)

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
    def test_money_for_a_purchase_given_up_long_ago_is_found(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        placed = tara.buys("onboarding", None, method=method)
        assert placed.url is not None
        payer.pays(placed.url)
        long_ago = tara.site.clock.now() - timedelta(days=60)
        damage(tara, CheckoutSession, state="expired", next_check_at=None, created_at=long_ago)

        report = verifies()

        (line,) = [one.line for one in report.differences]
        assert line.startswith("payment (no row)") and "repair looks at what it is for" in line
        repaired(verifies)
        assert tara.checkout(placed).state == "needs_review"
        assert [status for status, _ in tara.payments()] == ["paid"]

    def test_what_was_to_be_done_and_was_not_is_done(self, tara: Buyer, verifies: Verify) -> None:
        dumb = tara.where(begin_subscription=raising(errors.Unavailable("no answer")))
        placed = dumb.buys(method="mollie-card")
        assert placed.url is not None
        dumb.comes_back(payer.pays(placed.url))
        assert tara.acts() == [("begin_subscription", "first_payment_paid", "waiting")]
        tara.waits("2 minutes")

        report = verifies()

        assert "act" in kinds(report.differences)
        repaired(verifies)
        assert tara.acts() == [("begin_subscription", "first_payment_paid", "done")]
        assert tara.posts("/mollie/v2/customers/*/subscriptions") == 1

    def test_what_failed_for_good_is_tried_once_more(self, tara: Buyer, verifies: Verify) -> None:
        refused = tara.where(begin_subscription=raising(errors.Refused("no")))
        placed = refused.buys(method="mollie-card")
        assert placed.url is not None
        refused.comes_back(payer.pays(placed.url))
        assert tara.acts() == [("begin_subscription", "first_payment_paid", "failed")]

        stays = verifies(refused, repair=True)

        assert kinds(stays.left) == {"act"} and not stays.is_clean
        repaired(verifies)

    def test_a_change_the_bank_declined_is_over(self, tara: Buyer, verifies: Verify) -> None:
        running_plans.bought(tara, "stripe-card", card_number="4000000000000341")
        settled(tara)
        running_plans.changes(tara, "business")
        assert tara.acts()[-1] == ("change_subscription", "plan_changed", "failed")
        tried = tara.posts("/stripe/v1/subscriptions/*")

        report = verifies(repair=True)

        assert report.is_clean and report.differences == []
        assert tara.posts("/stripe/v1/subscriptions/*") == tried
        assert gauges.load(tara.db, now=tara.site.clock.now()).failed["act"] == 0


IN_A_YEAR = timedelta(days=400)
DAMAGES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "an active purchase made open again": (CheckoutSession, {"state": "open"}, "checkout"),
    "a plan that is over": (
        Subscription,
        {"status": "canceled", "end_reason": "canceled", "ended_at": timedelta(0)},
        "subscription",
    ),
    "a payment of another amount": (Payment, {"amount": 1}, "payment"),
    "a payment that failed": (Payment, {"status": "failed"}, "payment"),
    "a payment given back": (Payment, {"refunded": 4522}, "payment"),
    "a payment charged back": (Payment, {"charged_back": 4522}, "payment"),
    "a method of another card": (
        PaymentMethod,
        {"last4": "0000", "brand": "diners", "exp_year": 2020},
        "payment method",
    ),
    "a method that is no good": (PaymentMethod, {"status": "invalid"}, "payment method"),
    "a plan past due": (Subscription, {"status": "past_due"}, "subscription"),
    "a plan on a trial": (Subscription, {"status": "trialing"}, "subscription"),
    "a plan of other dates": (Subscription, {"period_end": IN_A_YEAR}, "subscription"),
    "a plan of other figures": (Subscription, {"total": 1}, "subscription"),
    "a plan that settles": (
        Subscription,
        {"settling_until": IN_A_YEAR},
        "subscription",
    ),
}


class TestRowsThatWereDamaged:
    @pytest.mark.parametrize("method", CARDS)
    def test_are_named_and_put_right(self, tara: Buyer, verifies: Verify, method: str) -> None:
        bought(tara, method)
        for what, (model, changes, kind) in DAMAGES.items():
            values = {
                name: tara.site.clock.now() + value if isinstance(value, timedelta) else value
                for name, value in changes.items()
            }
            sound = as_told(tara, model, values)
            damage(tara, model, **values)

            report = repaired(verifies)

            assert kind in kinds(report.differences), what
            assert as_told(tara, model, values) == sound, what

    def test_of_more_seats_than_are_paid_for_are_put_right(
        self, tara: Buyer, verifies: Verify
    ) -> None:
        bought(tara, "stripe-card")
        damage(tara, Subscription, quantity=7)

        assert kinds(verifies().differences) == {"subscription"}
        repaired(verifies)
        assert tara.rows(Subscription)[0].quantity == 2

    @pytest.mark.parametrize("method", CARDS)
    def test_deleted_payments_come_back(self, tara: Buyer, verifies: Verify, method: str) -> None:
        bought(tara, method)
        before = tara.payments()
        for model in (Invoice, Payment):
            tara.db.execute(delete(model))
        tara.db.commit()

        report = verifies()

        assert "payment" in kinds(report.differences)
        repaired(verifies)
        assert tara.payments() == before

    @pytest.mark.parametrize("method", CARDS)
    def test_a_deleted_plan_comes_back_and_is_bought_once(
        self, tara: Buyer, verifies: Verify, method: str
    ) -> None:
        bought(tara, method)
        forget_plan(tara)

        report = verifies()

        assert {"subscription"} <= kinds(report.differences)
        assert any(one.uuid is None for one in report.differences)
        repaired(verifies)
        assert tara.plans() == [("active", False)]
        assert tara.posts("/mollie/v2/customers/*/subscriptions") == (method == "mollie-card")

    def test_a_customer_of_another_provider_id_is_made_anew(
        self, tara: Buyer, verifies: Verify
    ) -> None:
        bought(tara, "mollie-card", "onboarding", None)
        tara.saves("mollie-card")
        damage(tara, Customer, provider_id="cst_nobody")

        report = verifies()

        assert "customer" in kinds(report.differences)
        repaired(verifies)


class TestStrangers:
    def test_made_by_somebody_else_are_named_and_left_to_a_person(
        self, tara: Buyer, verifies: Verify
    ) -> None:
        bought(tara, "mollie-card")
        plan = tara.rows(Subscription)[0]
        provider = tara.site.provider(tara.world.account("mollie"))
        tara.db.commit()
        forget: Any = provider
        stranger = forget.begin_subscription(_request(plan, uuid=str(uuid4())), key=str(uuid4()))

        report = verifies(repair=True)

        (left,) = report.left
        assert (left.kind, left.provider_id, left.uuid) == (
            "subscription",
            stranger.provider_id,
            None,
        )
        assert "a person" in left.line
        assert not report.is_clean
        assert tara.plans() == [("active", False)]


class TestAProviderThatDoesNotAnswer:
    def test_is_said_and_keeps_no_other_from_being_compared(
        self, tara: Buyer, verifies: Verify
    ) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None
        payer.pays(placed.url)
        tara.buys("onboarding", None, method="stripe-card")

        def fetch(real: Provider, provider_id: str, **named: Any) -> Any:
            if provider_id.startswith("cs_"):
                raise errors.Unavailable("no answer")
            return real.fetch_checkout(provider_id, **named)

        report = verifies(tara.where(fetch_checkout=fetch))

        assert report.unanswered == 1 and not report.is_clean
        assert "checkout" in kinds(report.differences)


def _request(plan: Subscription, *, uuid: str) -> Any:
    from app.providers.base import SubscriptionRequest

    assert plan.period_end is not None
    return SubscriptionRequest(
        uuid=uuid,
        customer_id=plan.customer_provider_id or "",
        method_id=None,
        total=plan.renewal,
        interval="month",
        start_date=plan.period_end.date(),
        description="By a person",
    )


def as_told(tara: Buyer, model: Any, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Answer what rows say in the columns that are damaged."""
    return [tuple(getattr(row, name) for name in values) for row in tara.rows(model)]


def forget_plan(tara: Buyer) -> None:
    """Delete a plan's row, and what hangs on it."""
    for model in (Invoice, Act, TimelineEntry, Mail):
        tara.db.execute(delete(model))
    tara.db.execute(update(Payment).values(subscription_id=None))
    tara.db.execute(delete(Subscription))
    tara.db.execute(delete(ProviderEvent))
    tara.db.commit()

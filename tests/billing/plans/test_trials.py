"""Trials: free days once per tenant and family, at both providers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.billing.errors import Conflict, Invalid, Unsupported
from app.billing.ordering import instructions, named, orders
from app.billing.ordering.checkout_orders import CheckoutOrder, Trial
from app.billing.ordering.instructions import Instructions
from app.billing.ordering.orders import Placed
from app.billing.plans import cancelations, subscriptions, trials
from app.billing.purchase import checkouts, payment_pages
from app.models import CheckoutSession, Invoice, Payment, Price, Subscription
from app.money import Money
from app.providers import capabilities
from app.providers.base import CheckoutState, Provider
from app.sandbox.clock import add_months
from tests import payer
from tests.billing import orders_of_apis
from tests.billing.purchases import Buyer

CARDS = ["stripe-card", "mollie-card"]
DAYS = 14
TEAM_FOR_TWO = Money(4522, "EUR")
# What verifies the method today, by provider.
TAKEN = {"stripe-card": 0, "mollie-card": 1}


def give_trial(buyer: Buyer, days: int = DAYS, slug: str = "team") -> Price:
    price = buyer.world.price(slug)
    price.trial_days = days
    buyer.db.commit()
    return price


def bought(buyer: Buyer, method: str, slug: str = "team", **fields: str) -> Placed:
    placed = buyer.buys(slug, method=method)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url, **fields))
    buyer.sweeps()
    return placed


def plan(buyer: Buyer, place: int = -1) -> Subscription:
    found: Subscription = buyer.rows(Subscription)[place]
    return found


def goes_past(buyer: Buyer, moment: datetime | None) -> None:
    """Let time pass until a little after a moment, and hear of it."""
    assert moment is not None
    buyer.sandbox.advance_to((moment + timedelta(hours=2)).isoformat())
    buyer.sweeps()
    buyer.sweeps()


class TestAQuote:
    def test_of_a_price_with_a_trial_is_free_today(self, tara: Buyer) -> None:
        give_trial(tara)

        shown = orders.review(
            tara.db, tara.site, membership=tara.membership, choice=tara.chooses()
        ).quote

        assert shown is not None
        assert (shown.trial_days, shown.total, shown.renewal) == (
            DAYS,
            Money(0, "EUR"),
            TEAM_FOR_TWO,
        )
        assert shown.net + shown.tax == TEAM_FOR_TWO

    def test_offers_the_methods_that_can_begin_it_and_says_what_they_take(
        self, tara: Buyer
    ) -> None:
        give_trial(tara)

        offered = orders.review(
            tara.db, tara.site, membership=tara.membership, choice=tara.chooses()
        ).methods

        takes = {method.id: method.verification for method in offered}
        assert takes["stripe-card"] is None
        assert takes["mollie-card"] == Money(1, "EUR")
        assert "mollie-ideal" not in takes and "stripe-sepa" in takes

    def test_is_stale_once_the_trial_has_been_used(self, tara: Buyer) -> None:
        give_trial(tara)
        seen = tara.sees(tara.chooses())
        bought(tara, "mollie-card")
        row = plan(tara)
        row.status, row.ended_at = "canceled", tara.site.clock.now()
        tara.db.commit()

        with pytest.raises(orders.OrderChanged):
            tara.places(seen)

    def test_cannot_be_bought_by_a_method_that_begins_none(self, tara: Buyer) -> None:
        give_trial(tara)
        choice = tara.sees(tara.chooses(method="mollie-ideal"))

        with pytest.raises(Invalid) as refused:
            tara.places(choice)

        assert refused.value.field == "method"


class TestATrial:
    @pytest.mark.parametrize("method", CARDS)
    def test_begins_free_and_takes_no_more_than_was_said(self, tara: Buyer, method: str) -> None:
        give_trial(tara)

        placed = bought(tara, method)

        row, checkout = plan(tara), tara.checkout(placed)
        assert (row.status, row.renewal) == ("trialing", TEAM_FOR_TWO)
        assert row.trial_end == row.period_end
        assert checkout.state == "complete"
        assert (checkout.total, checkout.renewal) == (TAKEN[method], TEAM_FOR_TWO)
        assert sum(payment.amount for payment in tara.rows(Payment)) == TAKEN[method]
        assert sum(amount for amount, _ in tara.refunds()) == TAKEN[method]
        assert [bill for bill in tara.rows(Invoice) if bill.total] == []
        assert tara.told().count("subscription.trialing") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_stays_one_however_often_it_is_looked_at(self, tara: Buyer, method: str) -> None:
        give_trial(tara)
        placed = bought(tara, method)

        for _ in range(3):
            tara.waits("1 hours")
            subscriptions.sync(tara.db, tara.site, plan(tara).id, cause="event evt_1")
            checkouts.sync(tara.db, tara.site, tara.checkout(placed).id, cause="event evt_2")
            tara.sweeps()

        row = plan(tara)
        assert (row.status, row.period_end) == ("trialing", row.trial_end)
        assert [bill for bill in tara.rows(Invoice) if bill.total] == []

    @pytest.mark.parametrize("method", CARDS)
    def test_lasts_all_its_days_and_is_then_charged(self, tara: Buyer, method: str) -> None:
        give_trial(tara)
        began = tara.site.clock.now().replace(microsecond=0)
        bought(tara, method)
        ends = plan(tara).trial_end
        assert ends is not None
        assert timedelta(days=DAYS) <= ends - began <= timedelta(days=DAYS + 1, minutes=5)

        tara.sandbox.advance_to((ends - timedelta(minutes=10)).isoformat())
        tara.sweeps()
        before = [amount for status, amount in tara.payments() if amount > 1]
        goes_past(tara, ends)

        row = plan(tara)
        assert before == []
        assert row.status == "active"
        assert [amount for _, amount in tara.payments() if amount > 1] == [TEAM_FOR_TWO.minor]
        assert row.period_start is not None and row.period_end is not None
        assert row.period_start == ends
        assert row.period_end == add_months(ends, 1)
        assert [bill.total for bill in tara.rows(Invoice) if bill.total] == [TEAM_FOR_TWO.minor]
        assert tara.timeline().count("subscription.active") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_whose_first_charge_fails_is_overdue(self, tara: Buyer, method: str) -> None:
        give_trial(tara)
        bought(tara, method, card_number="4000000000000341")

        goes_past(tara, plan(tara).trial_end)

        row = plan(tara)
        assert row.status == "past_due"
        assert row.next_retry_at is not None
        assert tara.told()[-1] == "subscription.past_due"

    @pytest.mark.parametrize("method", CARDS)
    def test_that_is_canceled_ends_with_its_days_and_charges_nothing(
        self, tara: Buyer, method: str
    ) -> None:
        give_trial(tara)
        placed = bought(tara, method)
        ends = plan(tara).trial_end

        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        while_it_lasts = plan(tara).status
        assert tara.opens(placed).next_charge is None
        goes_past(tara, ends)

        assert (while_it_lasts, plan(tara).status) == ("canceling", "canceled")
        assert [amount for _, amount in tara.payments() if amount > 1] == []

    @pytest.mark.parametrize("method", CARDS)
    def test_is_given_once_and_never_again(self, tara: Buyer, method: str) -> None:
        give_trial(tara)
        give_trial(tara, slug="business")
        bought(tara, method)
        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        goes_past(tara, plan(tara).trial_end)

        bought(tara, "stripe-card", "business")

        assert plan(tara).status == "active"
        assert plan(tara).trial_end is None
        assert tara.rows(CheckoutSession)[-1].trial_days == 0

    def test_of_one_tenant_leaves_others_theirs(self, tara: Buyer, peter: Buyer) -> None:
        price = give_trial(tara)
        bought(tara, "stripe-card")

        left = trials.days(tara.db, peter.membership.tenant, price, livemode=False)
        live = trials.days(tara.db, tara.membership.tenant, price, livemode=True)
        used = trials.days(tara.db, tara.membership.tenant, price, livemode=False)

        assert (left, live, used) == (DAYS, DAYS, 0)

    @pytest.mark.parametrize("method", CARDS)
    def test_whose_amount_differs_is_not_begun(self, tara: Buyer, method: str) -> None:
        give_trial(tara)
        provider = method.partition("-")[0]
        tara.sandbox.fault("wrong_amount", provider=provider)

        placed = bought(tara, method)

        assert tara.reads(placed) == "needs_review"
        assert tara.checkout(placed).review == "amount"
        assert not [row for row in tara.rows(Subscription) if row.is_running]

    @pytest.mark.parametrize("quantity", [1, 3, 7])
    def test_that_would_cost_something_else_afterwards_is_not_begun(
        self, tara: Buyer, quantity: int
    ) -> None:
        price = give_trial(tara)
        placed = tara.buys(method="stripe-card", quantity=quantity, country="FR")
        assert placed.url is not None
        target = payer.pays(placed.url)

        def dearer(real: Provider, *given: Any, **named: Any) -> CheckoutState:
            state = real.fetch_checkout(*given, **named)
            plan = state.subscription
            assert plan is not None and plan.total == tara.checkout(placed).renewal
            return replace(state, subscription=replace(plan, total=plan.total + price.amount))

        tara.where(fetch_checkout=dearer).comes_back(target)

        assert tara.checkout(placed).review == "amount"


class TestTwoOpenCheckouts:
    def order(self, buyer: Buyer, provider: str) -> CheckoutOrder:
        net, tax = 3800, 722
        known = capabilities(provider)
        figures = trials.due(known, DAYS, net=net, tax=tax, total=net + tax)
        return orders_of_apis.order(buyer.world, provider, **figures)

    @pytest.mark.parametrize("method", CARDS)
    def test_give_one_trial_the_other_takes_nothing_and_gives_nothing(
        self, tara: Buyer, method: str
    ) -> None:
        give_trial(tara)
        bought(tara, "mollie-card")
        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        goes_past(tara, plan(tara).trial_end)
        # As if it had been worked out before the other one was paid.
        order = self.order(tara, method.partition("-")[0])
        late = orders_of_apis.create(tara.world, tara.site, order)
        assert late.url is not None

        tara.comes_back(payer.pays(late.url))
        tara.sweeps()
        tara.sweeps()

        placed = Placed(late.uuid, None)
        assert tara.checkout(placed).review == "trial"
        assert not [row for row in tara.rows(Subscription) if row.is_running]
        kept = [payment.remaining.minor for payment in tara.rows(Payment)]
        assert sum(kept) == 0
        goes_past(tara, tara.site.clock.now() + timedelta(days=DAYS + 1))
        assert [amount for _, amount in tara.payments() if amount > 1] == []

    def test_are_refused_on_our_page_before_the_payer_goes_on(self, tara: Buyer) -> None:
        give_trial(tara)
        figures = trials.due(capabilities("stripe"), DAYS, net=3800, tax=722, total=4522)
        waiting = orders_of_apis.create(
            tara.world, tara.site, orders_of_apis.stated(tara.world, **figures)
        )
        before = payment_pages.show(tara.db, tara.site, waiting)
        bought(tara, "mollie-card")
        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        tara.sandbox.advance("10 minutes")

        after = payment_pages.show(tara.db, tara.site, tara.checkout(Placed(waiting.uuid, None)))

        assert (before.tried, before.net, before.tax) == (
            False,
            Money(3800, "EUR"),
            Money(722, "EUR"),
        )
        assert after.tried
        with pytest.raises(Conflict):
            payment_pages.send_on(tara.db, tara.site, after, payment_pages.Entered())


class TestAnInstruction:
    def order(self, buyer: Buyer, provider: str, method: str | None = "card") -> CheckoutOrder:
        world = buyer.world
        price = world.price("team")
        rate = next(rate for rate in world.rates() if rate.country == "DE")
        found = named.find(
            world.db,
            app=world.app,
            tenant=world.globex,
            provider=provider,
            livemode=False,
            price=price.price_id,
            rate=rate.tax_rate_id,
        )
        asked = Instructions(mode="subscription", currency="EUR", quantity=2, method=method)
        made = instructions.order(
            buyer.site,
            found,
            asked,
            app=world.app,
            tenant=world.globex,
            user=world.tara,
            origin="provider_v1",
        )
        world.db.commit()
        return made

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_has_the_trial_of_its_price(self, tara: Buyer, provider: str) -> None:
        give_trial(tara)

        made = self.order(tara, provider)
        opened = orders_of_apis.create(tara.world, tara.site, made)
        assert opened.url is not None
        tara.comes_back(payer.pays(opened.url))

        assert made.trial == Trial(DAYS, 3800, 722, 4522)
        assert made.total == TAKEN[f"{provider}-card"]
        assert plan(tara).status == "trialing"

    def test_says_which_method_cannot_begin_it(self, tara: Buyer) -> None:
        give_trial(tara)

        with pytest.raises(Unsupported) as refused:
            self.order(tara, "mollie", method="ideal")

        assert refused.value.field == "method"
        assert "trial" in str(refused.value)

    def test_without_a_trial_is_as_it_was(self, tara: Buyer) -> None:
        made = self.order(tara, "mollie", method="ideal")

        assert (made.trial, made.total) == (None, 4522)


class TestTheEnd:
    AT = datetime(2027, 1, 17, 14, 30, tzinfo=UTC)

    def test_is_to_the_second_where_the_provider_keeps_it(self) -> None:
        ends = trials.end(capabilities("stripe"), self.AT, 14)

        assert ends == datetime(2027, 1, 31, 14, 30, tzinfo=UTC)

    def test_is_the_first_midnight_by_which_all_days_have_passed_elsewhere(self) -> None:
        known = capabilities("mollie")

        assert trials.end(known, self.AT, 14) == datetime(2027, 2, 1, tzinfo=UTC)
        midnight = datetime(2027, 1, 17, tzinfo=UTC)
        assert trials.end(known, midnight, 14) == datetime(2027, 1, 31, tzinfo=UTC)

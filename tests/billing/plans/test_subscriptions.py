"""Plans: begun by a paid checkout, kept true by looking, ended once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.billing.ordering.orders import Placed
from app.billing.plans import subscriptions
from app.billing.purchase import checkouts
from app.models import Payment, WebhookEvent
from app.providers import errors
from app.providers.base import Provider, SubscriptionState
from tests import payer
from tests.billing.purchases import Buyer, raising
from tests.billing.running_plans import plan

CARDS = ["stripe-card", "mollie-card"]


def bought(buyer: Buyer, method: str, **fields: str) -> Placed:
    placed = buyer.buys(method=method)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url, **fields))
    return placed


class TestARenewal:
    @pytest.mark.parametrize("method", CARDS)
    def test_moves_the_period_and_is_told_once(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        first = plan(tara).period_end
        assert first is not None

        tara.waits("1 month")
        tara.waits("2 hours")
        tara.sweeps()
        tara.sweeps()

        row = plan(tara)
        assert row.status == "active"
        assert row.period_end is not None and row.period_end >= first + timedelta(days=27)
        assert tara.payments() == [("paid", 4522), ("paid", 4522)]
        assert tara.rows(Payment)[-1].subscription_id == row.id
        assert tara.told().count("subscription.activated") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_that_fails_is_seen_and_keeps_the_attempt(self, tara: Buyer, method: str) -> None:
        bought(tara, method, card_number="4000000000000341")

        tara.waits("1 month")
        tara.waits("2 hours")
        tara.sweeps()

        assert [status for status, _ in tara.payments()] == ["paid", "failed"]
        if method == "stripe-card":
            assert plan(tara).status == "past_due"
            assert tara.timeline()[-1] == "subscription.past_due"

    def test_at_mollie_never_shortens_what_was_paid_for(self, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        paid_until = plan(tara).period_end

        tara.waits("1 days")
        tara.sweeps()

        assert plan(tara).period_end == paid_until


class TestALook:
    def test_that_fails_changes_nothing_and_comes_again(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        before = plan(tara).version
        tara.waits("2 days")

        swept = tara.where(fetch_subscription=raising(errors.Unavailable("no answer"))).sweeps()

        row = plan(tara)
        assert swept.failures == 1
        assert (row.status, row.version) == ("active", before)
        assert row.next_check_at is not None
        assert row.next_check_at <= tara.site.clock.now() + timedelta(minutes=1)

    def test_whose_answer_was_overtaken_is_dropped_and_repeated(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        begun, checkout_id = plan(tara), tara.checkout(placed).id
        asked: list[SubscriptionState] = []

        def overtaken(real: Provider, *given: Any, **named: Any) -> SubscriptionState:
            state = real.fetch_subscription(*given, **named)
            if not asked:
                tara.waits("6 days")
                checkouts.sync(tara.db, tara.site, checkout_id, cause="page")
            asked.append(state)
            return state

        site = tara.where(fetch_subscription=overtaken).site
        looked = subscriptions.sync(tara.db, site, begun.id, cause="sweep")

        assert (looked, len(asked)) == (True, 2)
        assert plan(tara).shown_status == "active"
        assert tara.payments() == [("paid", 4522)]
        assert tara.timeline().count("subscription.active") == 1

    def test_that_is_overtaken_again_and_again_gives_up(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        row_id = plan(tara).id

        def overtaken(real: Provider, *given: Any, **named: Any) -> SubscriptionState:
            subscriptions.sync(tara.db, tara.site, row_id, cause="page")
            return real.fetch_subscription(*given, **named)

        site = tara.where(fetch_subscription=overtaken).site

        assert subscriptions.sync(tara.db, site, row_id, cause="sweep") is False

    def test_with_an_older_answer_never_takes_a_payment_back(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        older = replace_payments("processing")

        subscriptions.sync(
            tara.db, tara.where(fetch_subscription=older).site, plan(tara).id, cause="sweep"
        )

        assert tara.payments() == [("paid", 4522)]
        assert tara.rows(Payment)[0].paid_at is not None

    def test_at_one_that_ended_leaves_it_ended(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        row = plan(tara)
        assert row.provider_id is not None
        account = tara.world.account("stripe")
        subscriptions.end(
            tara.db, account.id, row.provider_id, reason="canceled", now=tara.site.clock.now()
        )
        tara.db.commit()

        subscriptions.sync(tara.db, tara.site, row.id, cause="sweep")

        after = plan(tara)
        assert after.status == "canceled"
        assert tara.timeline().count("subscription.canceled") == 1


def replace_payments(status: Any) -> Any:
    """Answer a fetch that finds every payment in a status."""

    def fetch(real: Provider, *given: Any, **named: Any) -> SubscriptionState:
        state = real.fetch_subscription(*given, **named)
        payments = tuple(
            replace(payment, status=status, paid_at=None) for payment in state.payments
        )
        return replace(state, payments=payments)

    return fetch


class TestADebitOnItsWay:
    def begins(self, buyer: Buyer) -> Placed:
        return bought(buyer, "stripe-sepa")

    def test_has_access_until_the_deadline_however_often_it_is_looked_at(self, tara: Buyer) -> None:
        stuck = tara.where(
            fetch_subscription=replace_payments("processing"), fetch_checkout=_still_processing
        )
        placed = self.begins(stuck)
        until = plan(tara).settling_until

        for _ in range(4):
            tara.waits("3 days")
            stuck.sweeps()
        within = plan(tara).shown_status
        tara.waits("3 days")
        stuck.sweeps()

        assert (within, plan(tara).settling_until) == ("processing", until)
        assert plan(tara).status == "past_due"
        assert tara.checkout(placed).state == "processing"
        assert tara.timeline().count("subscription.past_due") == 1
        tara.waits("1 days")
        tara.sweeps()
        assert plan(tara).status == "active"
        assert tara.reads(placed) == "active"

    def test_has_none_where_the_app_grants_none_whatever_stripe_calls_it(self, tara: Buyer) -> None:
        tara.world.app.settling_access = "none"
        tara.db.commit()
        self.begins(tara)

        subscriptions.sync(tara.db, tara.site, plan(tara).id, cause="event evt_1")

        assert (plan(tara).status, plan(tara).is_running) == ("incomplete", False)
        assert "subscription.active" not in tara.timeline()

    def test_that_fails_is_ended_even_if_the_plan_is_looked_at_first(self, tara: Buyer) -> None:
        placed = bought(tara, "stripe-sepa", iban="DE62370400440532013001")
        tara.waits("6 days")

        subscriptions.sync(tara.db, tara.site, plan(tara).id, cause="event evt_1")
        checkouts.sync(tara.db, tara.site, tara.checkout(placed).id, cause="event evt_2")
        subscriptions.sync(tara.db, tara.site, plan(tara).id, cause="event evt_3")

        assert plan(tara).status == "canceled"
        assert tara.checkout(placed).state == "not_charged"
        kinds = [kind for kind in tara.timeline() if kind.startswith("subscription")]
        assert kinds[-1] == "subscription.canceled" and "subscription.active" not in kinds


def _still_processing(real: Provider, *given: Any, **named: Any) -> Any:
    state = real.fetch_checkout(*given, **named)
    payments = tuple(
        replace(payment, status="processing", paid_at=None) for payment in state.payments
    )
    return replace(state, status="processing", payments=payments)


class TestWhatIsTold:
    def test_names_each_change_of_a_plan_once(self, tara: Buyer) -> None:
        placed = bought(tara, "stripe-sepa")
        tara.waits("6 days")
        for _ in range(3):
            tara.sweeps()
            checkouts.sync(tara.db, tara.site, tara.checkout(placed).id, cause="sweep")

        assert [type_ for type_ in tara.told() if type_.startswith("subscription")] == [
            "subscription.processing",
            "subscription.activated",
        ]
        effects = [event.effect for event in tara.rows(WebhookEvent)]
        assert len(set(effects)) == len(effects)

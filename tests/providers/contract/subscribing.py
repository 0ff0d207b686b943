"""A subscription runs, changes and ends as the provider says it can."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.money import Money
from app.providers import base, errors
from tests.providers.contract.bench import CHANGE_NOW, Bench, new_key


def change_of(
    bench: Bench, state: base.SubscriptionState, when: str, seats: int
) -> base.SubscriptionChange:
    order = bench.order("subscription")
    line = replace(order.lines[0], quantity=seats)
    net = line.unit_amount * seats
    return base.SubscriptionChange(
        provider_id=state.provider_id,
        customer_id=bench.customer,
        line=line,
        total=net + net.portion(line.tax_percentage or 0),  # type: ignore[arg-type]
        when=when,  # type: ignore[arg-type]
        proration_at=bench.now() if when == "now" else None,
    )


def paid_amounts(state: base.SubscriptionState) -> list[Money]:
    return [p.amount for p in state.payments if p.status == "paid"]


class TestSubscription:
    def test_runs_and_is_found_by_our_uuid(self, bench: Bench) -> None:
        made = bench.subscription()
        assert made.uuid is not None

        state = bench.subscription_now(made)

        found = bench.provider.find_subscription(made.uuid, customer_id=bench.customer)
        assert found == made.provider_id
        assert state.status == "active" and not state.is_canceling
        assert state.interval == "month" and state.customer_id == bench.customer
        assert state.period_end is not None and state.period_end > bench.now()
        assert state.method is not None and state.method.last4 == "4242"

    def test_is_listed_until_it_has_ended(self, bench: Bench) -> None:
        first, second = bench.subscription(), bench.subscription()

        listed = bench.provider.list_subscriptions()
        bench.provider.cancel_subscription(
            first.provider_id, customer_id=bench.customer, when="now", key=new_key()
        )

        assert {state.provider_id for state in listed} == {first.provider_id, second.provider_id}
        assert {state.customer_id for state in listed} == {bench.customer}
        left = bench.provider.list_subscriptions()
        assert [state.provider_id for state in left] == [second.provider_id]
        assert left[0].uuid == second.uuid

    def test_nobody_made_is_not_found_and_missing(self, bench: Bench) -> None:
        made = bench.subscription()

        assert bench.provider.find_subscription(new_key(), customer_id=bench.customer) is None
        with pytest.raises(errors.Missing):
            bench.subscription_now(replace(made, provider_id=made.provider_id[:-3] + "xyz"))

    def test_charges_each_period_and_tells_every_payment(self, bench: Bench) -> None:
        made = bench.subscription()
        before = len(bench.subscription_now(made).payments)

        bench.sandbox.advance("3 months")

        state = bench.subscription_now(made)
        assert len(state.payments) >= before + 2
        assert set(paid_amounts(state)) == {Money(10353, "EUR")}
        assert [p.created_at for p in state.payments] == sorted(
            (p.created_at for p in state.payments), reverse=True
        )
        assert {p.subscription_id for p in state.payments} == {made.provider_id}
        payment = bench.provider.fetch_payment(state.payments[0].provider_id)
        assert payment.subscription_id == made.provider_id

    def test_begins_by_checkout_or_with_a_saved_method(self, bench: Bench) -> None:
        method = bench.method()
        request, key = bench.subscription_request(method.provider_id), new_key()
        try:
            first = bench.provider.begin_subscription(request, key=key)
        except errors.Unsupported:
            assert bench.paid("subscription").subscription is not None
            return

        second = bench.provider.begin_subscription(request, key=key)

        assert first.provider_id == second.provider_id
        assert bench.paid("subscription").subscription is None


class TestCancel:
    def test_now_ends_it(self, bench: Bench) -> None:
        made = bench.subscription()

        bench.provider.cancel_subscription(
            made.provider_id,
            customer_id=bench.customer,
            when="now",
            key=new_key(),
            comment="They asked for it by telephone.",
        )

        state = bench.subscription_now(made)
        assert state.status == "canceled" and state.ended_at is not None

    def test_at_period_end_charges_no_further_period(self, bench: Bench) -> None:
        made = bench.subscription()
        charged = len(bench.subscription_now(made).payments)

        after = bench.provider.cancel_subscription(
            made.provider_id,
            customer_id=bench.customer,
            when="period_end",
            key=new_key(),
            comment="too_expensive: The price went up.",
        )

        bench.sandbox.advance("3 months")
        ended = bench.subscription_now(made)
        assert after.is_canceling or after.status == "canceled"
        assert ended.status == "canceled"
        assert len(ended.payments) == charged

    @pytest.mark.parametrize("when", ["now", "period_end"])
    def test_of_an_ended_one_is_no_error(self, bench: Bench, when: str) -> None:
        made = bench.subscription()
        cancel = bench.provider.cancel_subscription
        first = cancel(made.provider_id, customer_id=bench.customer, when="now", key=new_key())

        again = cancel(
            made.provider_id,
            customer_id=bench.customer,
            when=when,  # type: ignore[arg-type]
            key=new_key(),
        )

        assert first.status == again.status == "canceled"

    def test_is_taken_back_where_it_can_be(self, bench: Bench) -> None:
        made = bench.subscription()
        canceled = bench.provider.cancel_subscription(
            made.provider_id, customer_id=bench.customer, when="period_end", key=new_key()
        )
        resume = bench.provider.resume_subscription
        if canceled.status == "canceled":
            with pytest.raises(errors.Unsupported):
                resume(made.provider_id, customer_id=bench.customer, key=new_key())
            return

        resumed = resume(made.provider_id, customer_id=bench.customer, key=new_key())

        assert (resumed.status, resumed.is_canceling) == ("active", False)


class TestChange:
    @pytest.mark.parametrize("when", ["now", "period_end"])
    def test_is_offered_as_declared(self, bench: Bench, when: str) -> None:
        change = change_of(bench, bench.subscription(), when, seats=5)
        if when in bench.can.changes:
            assert bench.provider.preview_change(change).renewal == change.total
            return

        with pytest.raises(errors.Unsupported):
            bench.provider.preview_change(change)
        with pytest.raises(errors.Unsupported):
            bench.provider.change_subscription(change, key=new_key())

    def test_at_period_end_costs_nothing_now_and_its_total_then(self, bench: Bench) -> None:
        made = bench.subscription()
        charged = len(bench.subscription_now(made).payments)
        change = change_of(bench, made, "period_end", seats=5)

        preview = bench.provider.preview_change(change)
        bench.provider.change_subscription(change, key=new_key())

        unpaid = len(bench.subscription_now(made).payments)
        bench.sandbox.advance("2 months")
        assert not preview.due_now and preview.renewal == change.total
        assert preview.at > made.payments[0].created_at if made.payments else True
        assert unpaid == charged
        assert bench.subscription_now(made).payments[0].amount == change.total

    @pytest.mark.parametrize("bench", CHANGE_NOW, indirect=True)
    def test_now_costs_what_was_previewed(self, bench: Bench) -> None:
        made = bench.subscription()
        bench.sandbox.advance("10 days")
        change = change_of(bench, made, "now", seats=5)

        preview = bench.provider.preview_change(change)
        state = bench.provider.change_subscription(change, key=new_key())

        assert 0 < preview.due_now.minor < change.total.minor
        assert state.quantity == 5
        assert state.payments[0].status == "paid"
        assert state.payments[0].amount == preview.due_now

    def test_previewed_changes_nothing(self, bench: Bench) -> None:
        made = bench.subscription()
        before = bench.subscription_now(made)

        bench.provider.preview_change(change_of(bench, made, "period_end", seats=9))

        assert bench.subscription_now(made) == before

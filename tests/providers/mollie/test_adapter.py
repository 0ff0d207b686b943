"""What only Mollie does: mandates, renewals by clock, chargebacks, payments it will not end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.money import Money
from app.providers import base, errors
from tests import payer
from tests.providers.contract.bench import Bench, Sandbox, new_key, page_of

HOOK = "http://127.0.0.1:9/hooks/mollie/1/secret"


@pytest.fixture
def bench(served: Sandbox) -> Iterator[Bench]:
    served.server.reset()
    served.exchanges.clear()
    bench = Bench("mollie", served.server)
    yield bench
    bench.close()
    served.server.clear_faults()
    served.check()


def begin(bench: Bench, method: base.MethodState, **changes: object) -> base.SubscriptionState:
    request = bench.subscription_request(method.provider_id)
    changed = replace(request, **changes)  # type: ignore[arg-type]
    return bench.provider.begin_subscription(changed, key=new_key())


def method_by(bench: Bench, slug: str, **fields: str) -> base.MethodState:
    """Pay a first payment this way and answer the mandate that came of it."""
    _, opened = bench.open("subscription", method=slug)
    payer.pays(page_of(opened), **fields)
    method = bench.look(opened, "subscription").method
    assert method is not None
    return method


class TestMandates:
    @pytest.mark.parametrize(
        ("slug", "type", "last4"),
        [("card", "card", "4242"), ("ideal", "sepa", "0000"), ("paypal", "paypal", "mple")],
    )
    def test_a_first_payment_makes_one_of_its_kind(
        self, bench: Bench, slug: str, type: str, last4: str
    ) -> None:
        method = method_by(bench, slug)

        assert (method.type, method.status, method.last4) == (type, "valid", last4)

    def test_a_pending_one_counts_and_is_valid_later(self, bench: Bench) -> None:
        bench.sandbox.fault("mandate_pending", provider="mollie", match="")
        method = method_by(bench, "ideal")

        made = begin(bench, method)
        before = bench.subscription_now(made)
        bench.sandbox.advance("73 hours")
        after = bench.subscription_now(made)

        assert method.status == "pending"
        assert (before.status, after.status) == ("active", "active")
        assert before.method is not None and before.method.status == "pending"
        assert after.method is not None and after.method.status == "valid"

    def test_a_revoked_one_ends_its_subscription(self, bench: Bench) -> None:
        method = method_by(bench, "card")
        made = begin(bench, method)

        bench.provider.forget_payment_method(method.provider_id, customer_id=bench.customer)

        state = bench.subscription_now(made)
        assert state.status == "canceled"
        assert state.method is None


class TestRenewals:
    def test_the_shop_is_called_with_an_id_it_has_not_seen(self, bench: Bench) -> None:
        made = begin(bench, method_by(bench, "card"), webhook_url=HOOK)

        bench.sandbox.advance("32 days")

        (payment,) = bench.subscription_now(made).payments
        assert payment.status == "paid"
        assert payment.checkout_uuid is None
        called = [row["object_id"] for row in bench.sandbox.deliveries()]
        assert called == [payment.provider_id]

    def test_a_direct_debit_is_on_its_way_for_days(self, bench: Bench) -> None:
        made = begin(bench, method_by(bench, "ideal"), start_date=bench.now().date())

        bench.sandbox.advance("1 hours")
        (sent,) = bench.subscription_now(made).payments
        bench.sandbox.advance("3 days")
        (settled,) = bench.subscription_now(made).payments

        assert (sent.status, sent.method) == ("processing", "sepa")
        assert settled.status == "paid"

    @pytest.mark.parametrize(
        ("slug", "fields"),
        [("card", {"card_number": "4000 0000 0000 0341"}), ("ideal", {"bank": "poorbank"})],
    )
    def test_a_failed_one_says_why(self, bench: Bench, slug: str, fields: dict[str, str]) -> None:
        made = begin(bench, method_by(bench, slug, **fields))

        bench.sandbox.advance("40 days")

        state = bench.subscription_now(made)
        assert state.status == "active"
        assert [(p.status, p.decline) for p in state.payments] == [("failed", "insufficient_funds")]

    def test_a_refused_charge_is_declined_and_names_its_payment(self, bench: Bench) -> None:
        method = method_by(bench, "card", card_number="4000 0000 0000 0341")
        request = base.ChargeRequest(
            new_key(), bench.customer, method.provider_id, Money(100, "EUR"), "Again"
        )

        with pytest.raises(errors.Declined) as raised:
            bench.provider.charge(request, key=new_key())

        assert raised.value.reason == "insufficient_funds"
        assert bench.provider.fetch_payment(str(raised.value.code)).status == "failed"


class TestSubscriptions:
    def test_without_its_customer_it_is_looked_for(self, bench: Bench) -> None:
        made = begin(bench, method_by(bench, "card"))

        state = bench.provider.fetch_subscription(made.provider_id, customer_id=None)

        assert state.customer_id == bench.customer
        with pytest.raises(errors.Missing):
            bench.provider.fetch_subscription("sub_unknown", customer_id=None)

    def test_the_same_description_twice_is_kept_apart(self, bench: Bench) -> None:
        method = method_by(bench, "card")

        first, second = begin(bench, method), begin(bench, method)

        assert first.provider_id != second.provider_id

    def test_a_change_can_move_the_next_charge(self, bench: Bench) -> None:
        made = begin(bench, method_by(bench, "card"))
        order = bench.order("subscription")
        start = (bench.now() + timedelta(days=60)).date()
        yearly = replace(order.lines[0], interval="year")
        change = base.SubscriptionChange(
            provider_id=made.provider_id,
            customer_id=bench.customer,
            line=yearly,
            total=Money(99900, "EUR"),
            when="period_end",
            start_date=start,
        )

        preview = bench.provider.preview_change(change)
        changed = bench.provider.change_subscription(change, key=new_key())

        assert preview.at.date() == start
        assert changed.period_end == preview.at
        assert (changed.interval, changed.total) == ("year", Money(99900, "EUR"))

    def test_an_ended_one_cannot_change(self, bench: Bench) -> None:
        made = begin(bench, method_by(bench, "card"))
        bench.provider.cancel_subscription(
            made.provider_id, customer_id=bench.customer, when="now", key=new_key()
        )
        change = base.SubscriptionChange(
            made.provider_id,
            bench.customer,
            bench.order("subscription").lines[0],
            Money(99900, "EUR"),
            "period_end",
        )

        with pytest.raises(errors.Refused):
            bench.provider.preview_change(change)
        with pytest.raises(errors.Refused):
            bench.provider.change_subscription(change, key=new_key())


class TestMoney:
    def test_a_chargeback_leaves_the_payment_paid_and_is_told_by_its_amount(
        self, bench: Bench
    ) -> None:
        _, opened = bench.open()
        payer.pays(page_of(opened))

        bench.sandbox.app.test_client().post(
            page_of(opened).removeprefix(bench.sandbox.url), data={"act": "dispute"}
        )

        (payment,) = bench.look(opened).payments
        assert payment.status == "paid"
        assert payment.charged_back == payment.amount

    def test_a_wrong_amount_is_reported_as_it_is(self, bench: Bench) -> None:
        order, opened = bench.open()
        bench.sandbox.fault("wrong_amount", provider="mollie", match=opened.provider_id)

        payer.pays(page_of(opened))

        assert bench.look(opened).total == order.total + Money(100, "EUR")

    def test_a_refund_goes_on_by_itself(self, bench: Bench) -> None:
        payment = bench.payment()
        made = bench.refund(payment, payment.amount)

        bench.sandbox.advance("2 days")

        found = bench.provider.find_refund(made.uuid or "", payment_id=payment.provider_id)
        assert made.status == "pending"
        assert found is not None and found.status == "refunded"

    def test_the_same_refund_twice_in_an_hour_is_for_later(self, bench: Bench) -> None:
        payment = bench.payment()
        bench.refund(payment, Money(100, "EUR"))

        with pytest.raises(errors.Unavailable):
            bench.refund(payment, Money(100, "EUR"))

        bench.sandbox.advance("61 minutes")
        assert bench.refund(payment, Money(100, "EUR")).status == "pending"


class TestExpire:
    def test_ideal_stays_open_and_says_so(self, bench: Bench) -> None:
        _, opened = bench.open(method="ideal")

        state = bench.provider.expire_checkout(opened.provider_id, mode="payment")

        assert (state.status, state.url) == ("open", opened.url)

    def test_a_card_payment_is_canceled(self, bench: Bench) -> None:
        _, opened = bench.open()

        state = bench.provider.expire_checkout(opened.provider_id, mode="payment")

        assert (state.status, state.url) == ("canceled", None)


class TestCheck:
    def test_it_tells_what_works(self, bench: Bench) -> None:
        checks = {check.subject: check for check in bench.provider.check(webhook_url=HOOK)}

        assert set(checks) == {"key", "mode", "account", "methods", "webhook", "terms"}
        assert all(check.is_fine for check in checks.values())
        assert "card" in checks["methods"].values["methods"]

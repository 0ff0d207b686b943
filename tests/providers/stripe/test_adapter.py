"""What only Stripe does: sessions that collect, debits that take days, trials, renewals it retries,
inline prices that change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.money import Money
from app.providers import base, errors
from app.providers.stripe.client import TIMEOUTS, Client
from tests import payer
from tests.providers.contract import bench as benches
from tests.providers.contract.bench import Bench, Sandbox, new_key, page_of
from tests.providers.contract.subscribing import change_of

FAILING_IBAN = "DE62370400440532013001"
LATER_DECLINED = "4000000000000341"
EVERYTHING = base.Collect(
    billing_address=True,
    shipping_address=True,
    terms=True,
    terms_url="https://acme.example/terms",
    tax_id="required",
)


@pytest.fixture
def bench(served: Sandbox) -> Iterator[Bench]:
    served.server.reset()
    served.exchanges.clear()
    bench = Bench("stripe", served.server)
    yield bench
    bench.close()
    served.server.clear_faults()
    served.check()


class TestSepa:
    @pytest.mark.parametrize("mode", ["payment", "subscription"])
    def test_is_processing_until_the_money_is_here(self, bench: Bench, mode: base.Mode) -> None:
        _, opened = bench.open(mode, method="sepa")
        payer.pays(page_of(opened))
        before = bench.look(opened, mode)

        bench.sandbox.advance("14 days")

        after = bench.look(opened, mode)
        assert (before.status, after.status) == ("processing", "complete")
        assert before.payments[0].method == "sepa"
        assert before.method is not None and before.method.type == "sepa"
        if mode == "subscription":
            assert before.subscription is not None and before.subscription.status == "active"

    def test_refused_days_later_fails_the_checkout_and_says_so(self, bench: Bench) -> None:
        _, opened = bench.open(method="sepa")
        payer.pays(page_of(opened), iban=FAILING_IBAN)
        before = bench.look(opened)

        bench.sandbox.advance("14 days")

        after = bench.look(opened)
        assert (before.status, after.status) == ("processing", "failed")
        assert [(p.status, p.decline) for p in after.payments] == [("failed", "declined")]

    def test_saves_a_mandate_that_can_be_charged(self, bench: Bench) -> None:
        method = bench.paid("setup", method="sepa").method
        assert method is not None
        request = base.ChargeRequest(
            new_key(), bench.customer, method.provider_id, Money(900, "EUR"), "Seat"
        )

        charged = bench.provider.charge(request, key=new_key())

        bench.sandbox.advance("14 days")
        assert method.type == "sepa"
        assert charged.status == "processing"
        assert bench.provider.fetch_payment(charged.provider_id).status == "paid"


class TestSofort:
    def test_is_paid_with_klarna(self, bench: Bench) -> None:
        method = bench.can.method("sofort", "payment", "EUR")

        state = bench.paid(method="sofort")

        assert method is not None and method.slug == "klarna"
        assert state.payments[0].method == "klarna"

    @pytest.mark.parametrize("mode", ["subscription", "setup"])
    def test_is_not_offered_for_ever_and_refused_without_a_call(
        self, bench: Bench, mode: base.Mode
    ) -> None:
        assert bench.can.method("sofort", mode, "EUR") is None
        with pytest.raises(errors.Unsupported):
            bench.open(mode, method="sofort")
        assert bench.calls("POST", bench.creates()) == []


class TestCollected:
    def test_is_what_the_payer_entered(self, bench: Bench) -> None:
        _, opened = bench.open("subscription", collect=EVERYTHING)

        payer.pays(
            page_of(opened),
            business_name="Globex GmbH",
            tax_id="DE129274202",
            shipping_name="Globex Lager",
        )

        collected = bench.look(opened, "subscription").collected
        address = base.Address("Hauptstr. 1", "Berlin", "DE", postal_code="10115")
        assert collected is not None
        assert collected.billing_address == collected.shipping_address == address
        assert collected.shipping_name == "Globex Lager"
        assert collected.tax_id == "DE129274202"
        assert collected.terms_accepted

    def test_is_nothing_before_the_payer_is_done(self, bench: Bench) -> None:
        _, opened = bench.open(collect=EVERYTHING)

        assert bench.look(opened).collected is None


class TestTrial:
    def test_is_complete_at_once_and_charged_at_its_end(self, bench: Bench) -> None:
        state = bench.paid("subscription", trial_days=14)
        assert state.subscription is not None
        trialing = bench.subscription_now(state.subscription)

        bench.sandbox.advance("15 days")

        active = bench.subscription_now(state.subscription)
        assert state.status == "complete" and state.payments == ()
        assert trialing.status == "trialing" and trialing.payments == ()
        assert trialing.trial_end == trialing.period_end
        assert active.status == "active"
        assert [p.amount for p in active.payments] == [Money(10353, "EUR")]


class TestRenewal:
    def test_that_is_declined_leaves_the_subscription_past_due(self, bench: Bench) -> None:
        _, opened = bench.open("subscription")
        payer.pays(page_of(opened), card_number=LATER_DECLINED)
        made = bench.look(opened, "subscription").subscription
        assert made is not None

        bench.sandbox.advance("32 days")

        state = bench.subscription_now(made)
        assert state.status == "past_due"
        assert [p.status for p in state.payments] == ["failed", "paid"]
        assert state.payments[0].decline == "declined"
        assert len({p.invoice_id for p in state.payments}) == 2

    def test_says_what_each_period_costs(self, bench: Bench) -> None:
        made = bench.subscription()

        bench.sandbox.advance("32 days")

        state = bench.subscription_now(made)
        assert state.total == Money(10353, "EUR")
        assert state.period_start is not None and state.period_end is not None
        assert timedelta(days=27) < state.period_end - state.period_start < timedelta(days=32)


class TestChange:
    def test_of_an_inline_price_stays_with_the_product_stripe_made(self, bench: Bench) -> None:
        made = bench.subscription()
        change = change_of(bench, made, "now", seats=3)
        dearer = replace(change.line, unit_amount=Money(4900, "EUR"))

        state = bench.provider.change_subscription(replace(change, line=dearer), key=new_key())

        assert state.provider_product_id == made.provider_product_id
        assert state.provider_price_id != made.provider_price_id

    def test_that_cannot_be_charged_changes_nothing(self, bench: Bench) -> None:
        _, opened = bench.open("subscription")
        payer.pays(page_of(opened), card_number=LATER_DECLINED)
        made = bench.look(opened, "subscription").subscription
        assert made is not None
        change = change_of(bench, made, "now", seats=9)

        with pytest.raises(errors.Declined):
            bench.provider.change_subscription(change, key=new_key())

        assert bench.subscription_now(made).quantity == 3

    def test_of_the_interval_cannot_wait_for_the_period_to_end(self, bench: Bench) -> None:
        made = bench.subscription()
        change = change_of(bench, made, "period_end", seats=3)
        yearly = replace(change.line, interval="year")

        with pytest.raises(errors.Unsupported):
            bench.provider.change_subscription(replace(change, line=yearly), key=new_key())

    def test_previewed_at_one_moment_costs_the_same_later(self, bench: Bench) -> None:
        made = bench.subscription()
        bench.sandbox.advance("10 days")
        change = change_of(bench, made, "now", seats=5)
        previewed = bench.provider.preview_change(change)

        bench.sandbox.advance("1 hours")

        state = bench.provider.change_subscription(change, key=new_key())
        assert state.payments[0].amount == previewed.due_now


class TestMethods:
    def test_chosen_become_the_customers_default(self, bench: Bench) -> None:
        older, newer = bench.method(), bench.method()

        bench.provider.set_default_method(
            older.provider_id, customer_id=bench.customer, subscription_id=None, key=new_key()
        )

        listed = {m.provider_id: m for m in bench.provider.list_payment_methods(bench.customer)}
        assert listed[older.provider_id].is_default
        assert not listed[newer.provider_id].is_default


class TestFind:
    def test_reaches_beyond_the_newest_hundred(self, bench: Bench) -> None:
        first, order = benches.customer_request(), bench.order()
        customer = bench.provider.ensure_customer(first, key=new_key())
        opened = bench.provider.open_checkout(order, key=new_key())
        for _ in range(100):
            bench.provider.ensure_customer(benches.customer_request(), key=new_key())
            bench.open()

        assert bench.provider.find_customer(first.uuid) == customer
        assert bench.provider.find_checkout(order.uuid, customer_id=None) == opened.provider_id


class TestTotal:
    def test_is_stripes_own_figure_even_where_it_is_wrong(self, bench: Bench) -> None:
        order, opened = bench.open()
        bench.sandbox.fault("wrong_amount", provider="stripe", match=opened.provider_id)

        payer.pays(page_of(opened))

        assert bench.look(opened).total != order.total

    def test_counts_inclusive_tax_as_stripe_does(self, bench: Bench) -> None:
        rate = base.TaxRateRequest(new_key(), "MwSt.", benches.TAX, inclusive=True, country="DE")
        rate_id = bench.provider.ensure_tax_rate(rate, key=new_key())
        line = base.Line(
            "Onboarding",
            Money(9999, "EUR"),
            1,
            tax_behavior="inclusive",
            provider_tax_rate_id=rate_id,
        )

        state = bench.paid(lines=(line,), total=Money(9999, "EUR"), tax=Money(1596, "EUR"))

        assert state.total == state.payments[0].amount == Money(9999, "EUR")


class TestEmbedded:
    def test_session_is_paid_in_its_frame(self, bench: Bench) -> None:
        order = bench.order("subscription", embedded=True)
        opened = bench.provider.open_checkout(order, key=new_key())
        frame = f"{bench.sandbox.url}/stripe/embedded/{opened.client_secret}"

        target = payer.pays(frame)

        assert target == order.return_url
        assert bench.look(opened, "subscription").status == "complete"


def door_of(provider: base.Provider, url: str) -> base.Check:
    return next(c for c in provider.check(webhook_url=url) if c.subject == "webhook")


class TestDoor:
    URL = "http://127.0.0.1:9/hooks/stripe/1"

    def test_installed_again_stands_beside_the_first_until_that_is_removed(
        self, bench: Bench
    ) -> None:
        first, second = (bench.provider.install_webhook(self.URL) for _ in range(2))
        assert first is not None and second is not None
        provider = bench.connect(webhook_secret=second.secret)

        doubled = door_of(provider, self.URL)
        removed = provider.remove_webhooks(self.URL, but=second.provider_id)

        assert first.secret != second.secret
        assert (doubled.finding, doubled.values) == ("webhook_doubled", {"count": "2"})
        assert removed == 1
        assert door_of(provider, self.URL).finding == "webhook_good"
        assert provider.remove_webhooks(self.URL) == 1
        assert provider.remove_webhooks(self.URL) == 0

    def test_of_others_is_left_alone(self, bench: Bench) -> None:
        bench.provider.install_webhook("http://127.0.0.1:9/hooks/stripe/2")

        assert bench.provider.remove_webhooks(self.URL) == 0

    @pytest.mark.parametrize(
        ("change", "finding"),
        [
            ({"disabled": True}, "webhook_disabled"),
            ({"enabled_events": ["invoice.paid"]}, "webhook_incomplete"),
        ],
    )
    def test_changed_in_the_dashboard_is_found_out(
        self, bench: Bench, change: dict[str, Any], finding: str
    ) -> None:
        webhook = bench.provider.install_webhook(self.URL)
        assert webhook is not None
        client = Client(bench.connection, TIMEOUTS)
        client.post("webhook_endpoints", webhook.provider_id, params=change, key=None)
        client.close()

        check = door_of(bench.connect(webhook_secret=webhook.secret), self.URL)

        assert (check.finding, check.is_fine) == (finding, False)

    def test_is_left_to_its_owner_by_a_restricted_key(self, bench: Bench) -> None:
        key = bench.connection.secret_key.replace("sk_", "rk_")
        restricted = bench.connect(secret_key=key)

        with pytest.raises(errors.NotPermitted):
            restricted.install_webhook(self.URL)
        with pytest.raises(errors.NotPermitted):
            restricted.remove_webhooks(self.URL)
        checks = {c.subject: c.finding for c in restricted.check(webhook_url=self.URL)}
        assert checks["account"] == "account_unread"
        assert checks["webhook"] == "webhook_secretless"
        pasted = bench.connect(secret_key=key, webhook_secret="whsec_pasted")
        assert door_of(pasted, self.URL).finding == "webhook_unread"
        assert restricted.identify() == base.Identity(None, None)

    def test_not_installed_is_found_out(self, bench: Bench) -> None:
        assert door_of(bench.provider, self.URL).finding == "webhook_missing"

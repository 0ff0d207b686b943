"""What the payer does at the provider's page is what we then read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.money import Money
from app.providers import base
from tests import payer
from tests.providers.contract.bench import ADAPTERS, MODES, NAMES, Bench, page_of


def offers() -> Iterator[tuple[str, base.Mode, str, str]]:
    """Answer each way to pay each provider says it has, with one currency it takes."""
    for name in NAMES:
        can = ADAPTERS[name].capabilities
        for mode in MODES:
            for method, currencies in can.methods[mode]:
                taken = currencies or can.currencies
                yield name, mode, method.slug, "EUR" if "EUR" in taken else min(taken)


def none_paid(state: base.CheckoutState) -> bool:
    return all(p.status != "paid" for p in state.payments)


@pytest.mark.parametrize("mode", MODES)
class TestPay:
    def test_sends_the_payer_back_to_the_shop(self, bench: Bench, mode: base.Mode) -> None:
        order, opened = bench.open(mode)

        assert payer.pays(page_of(opened)) == order.return_url

    def test_completes_the_checkout(self, bench: Bench, mode: base.Mode) -> None:
        state = bench.paid(mode)

        assert state.status == "complete"
        assert state.url is None
        assert state.customer_id == bench.customer

    def test_declined_charges_nothing_and_says_why(self, bench: Bench, mode: base.Mode) -> None:
        _, opened = bench.open(mode)

        payer.declines(page_of(opened))

        state = bench.look(opened, mode)
        assert state.status in ("open", "failed")
        assert none_paid(state)
        assert all(p.decline for p in state.payments if p.status == "failed")

    def test_canceled_charges_nothing(self, bench: Bench, mode: base.Mode) -> None:
        order, opened = bench.open(mode)

        target = payer.cancels(page_of(opened))

        state = bench.look(opened, mode)
        assert target in (order.left_url, order.return_url)
        assert state.status in ("open", "canceled") and none_paid(state)

    def test_left_until_the_page_expires_charges_nothing(
        self, bench: Bench, mode: base.Mode
    ) -> None:
        _, opened = bench.open(mode)

        payer.expires(page_of(opened))

        state = bench.look(opened, mode)
        assert state.status == "expired" and none_paid(state)

    def test_confirmed_by_the_bank_completes_the_checkout(
        self, bench: Bench, mode: base.Mode
    ) -> None:
        order, opened = bench.open(mode)

        target = payer.passes_3ds(page_of(opened))

        assert target == order.return_url
        assert bench.look(opened, mode).status == "complete"

    def test_not_confirmed_by_the_bank_charges_nothing(self, bench: Bench, mode: base.Mode) -> None:
        _, opened = bench.open(mode)

        payer.fails_3ds(page_of(opened))

        state = bench.look(opened, mode)
        assert state.status in ("open", "failed") and none_paid(state)


class TestPaid:
    @pytest.mark.parametrize("mode", ["payment", "subscription"])
    def test_charges_exactly_the_total(self, bench: Bench, mode: base.Mode) -> None:
        order, opened = bench.open(mode)

        payer.pays(page_of(opened))

        state = bench.look(opened, mode)
        (payment,) = state.payments
        assert state.total == payment.amount == order.total == Money(10353, "EUR")
        assert payment.refunded == payment.charged_back == Money(0, "EUR")

    @pytest.mark.parametrize("mode", ["payment", "subscription"])
    def test_is_told_by_the_payment_too(self, bench: Bench, mode: base.Mode) -> None:
        seen = bench.paid(mode).payments[0]

        payment = bench.provider.fetch_payment(seen.provider_id)

        assert payment.status == seen.status == "paid"
        assert payment.paid_at is not None and payment.paid_at >= payment.created_at
        assert payment.customer_id == bench.customer
        assert (payment.method, payment.brand, payment.last4) == ("card", "visa", "4242")

    def test_names_the_order_it_is_for(self, bench: Bench) -> None:
        order, opened = bench.open()
        payer.pays(page_of(opened))

        payment = bench.provider.fetch_payment(bench.look(opened).payments[0].provider_id)

        assert payment.checkout_uuid == order.uuid

    def test_is_listed_from_the_moment_it_was_begun(self, bench: Bench) -> None:
        earlier = bench.paid().payments[0]
        bench.sandbox.advance("2 days")
        later = bench.paid().payments[0]

        listed = {
            since: [payment.provider_id for payment in bench.provider.list_payments(since)]
            for since in (earlier.created_at, later.created_at)
        }

        assert listed[earlier.created_at] == [later.provider_id, earlier.provider_id]
        assert listed[later.created_at] == [later.provider_id]

    @pytest.mark.parametrize("mode", ["subscription", "setup"])
    def test_saves_the_card_for_later(self, bench: Bench, mode: base.Mode) -> None:
        method = bench.paid(mode).method

        assert method is not None
        assert (method.type, method.last4) == ("card", "4242")
        assert method.provider_id in [
            m.provider_id for m in bench.provider.list_payment_methods(bench.customer)
        ]

    def test_after_a_decline_is_paid_all_the_same(self, bench: Bench) -> None:
        _, opened = bench.open()
        payer.declines(page_of(opened))
        if bench.look(opened).status == "failed":
            _, opened = bench.open()

        payer.pays(page_of(opened))

        state = bench.look(opened)
        assert state.status == "complete"
        assert [p.status for p in state.payments] == ["paid"]

    def test_late_is_on_its_way_first_and_complete_in_the_end(self, bench: Bench) -> None:
        _, opened = bench.open()

        payer.delays(page_of(opened))

        before = bench.look(opened)
        bench.sandbox.advance("14 days")
        after = bench.look(opened)
        assert (before.status, after.status) == ("processing", "complete")
        assert [p.status for p in before.payments] == ["processing"]
        assert [p.status for p in after.payments] == ["paid"]


class TestOffer:
    @pytest.mark.parametrize(("bench", "mode", "slug", "currency"), [*offers()], indirect=["bench"])
    def test_can_be_paid(self, bench: Bench, mode: base.Mode, slug: str, currency: str) -> None:
        method = bench.can.method(slug, mode, currency)
        assert method is not None
        _, opened = bench.open(mode, method=slug)

        payer.pays(page_of(opened))

        at_once = bench.look(opened, mode)
        bench.sandbox.advance(f"{method.settle_days + 1} days")
        settled = bench.look(opened, mode)
        assert at_once.status == "complete" or (
            method.settle_days and at_once.status == "processing"
        )
        assert settled.status == "complete"

    def test_of_nothing_is_made_in_a_currency_the_provider_does_not_take(
        self, bench: Bench
    ) -> None:
        assert bench.can.offers("payment", "KPW") == ()
        assert bench.can.method("card", "payment", "KPW") is None

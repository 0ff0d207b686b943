"""A checkout is opened once, found again, and ended only while it may be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.money import Money
from app.providers import base, errors
from tests import payer
from tests.providers.contract.bench import MODES, Bench, new_key, page_of

ENDED = ("expired", "canceled")


@pytest.mark.parametrize("mode", MODES)
class TestOpen:
    def test_gives_a_page_and_is_open(self, bench: Bench, mode: base.Mode) -> None:
        order, opened = bench.open(mode)

        state = bench.look(opened, mode)

        assert page_of(opened).startswith("http")
        assert (state.status, state.url) == ("open", opened.url)
        assert (state.uuid, state.customer_id) == (order.uuid, bench.customer)
        assert not [p for p in state.payments if p.status == "paid"]

    def test_is_found_by_our_uuid(self, bench: Bench, mode: base.Mode) -> None:
        order, opened = bench.open(mode)
        bench.open(mode)

        with_customer = bench.provider.find_checkout(order.uuid, customer_id=bench.customer)
        without = bench.provider.find_checkout(order.uuid, customer_id=None)

        assert with_customer == without == opened.provider_id

    def test_twice_under_one_key_is_one_checkout(self, bench: Bench, mode: base.Mode) -> None:
        order, key = bench.order(mode), new_key()

        first, second = (bench.provider.open_checkout(order, key=key) for _ in range(2))

        assert first == second


class TestOpenElsewise:
    def test_with_another_order_under_one_key_is_our_fault(self, bench: Bench) -> None:
        key = new_key()
        bench.provider.open_checkout(bench.order(), key=key)

        with pytest.raises(errors.KeyReused):
            bench.provider.open_checkout(bench.order(), key=key)

    def test_of_an_order_nobody_made_is_not_found(self, bench: Bench) -> None:
        bench.open()

        assert bench.provider.find_checkout(new_key(), customer_id=bench.customer) is None

    @pytest.mark.parametrize("id", ["cs_test_none", "tr_none", "../customers", "x" * 300, ""])
    def test_is_missing_where_the_id_is_not_one(self, bench: Bench, id: str) -> None:
        with pytest.raises(errors.Missing):
            bench.provider.fetch_checkout(id, mode="payment")

    def test_for_a_customer_nobody_made_is_refused(self, bench: Bench) -> None:
        order = bench.order("subscription", customer_id=bench.customer + "x")

        with pytest.raises((errors.Missing, errors.Refused)):
            bench.provider.open_checkout(order, key=new_key())

    def test_leaves_the_method_to_the_page_where_none_is_chosen(self, bench: Bench) -> None:
        _, opened = bench.open(method=None)

        payer.pays(page_of(opened))

        assert bench.look(opened).status in ("complete", "processing")

    def test_for_a_payer_without_a_customer_can_be_paid(self, bench: Bench) -> None:
        order, opened = bench.open(customer_id=None, customer_email="tara@globex.example")

        payer.pays(page_of(opened))

        assert bench.look(opened).status == "complete"
        assert bench.provider.find_checkout(order.uuid, customer_id=None) == opened.provider_id

    def test_embedded_gives_a_secret_or_is_not_offered(self, bench: Bench) -> None:
        order = bench.order(embedded=True)
        if not bench.can.embedded:
            with pytest.raises(errors.Unsupported):
                bench.provider.open_checkout(order, key=new_key())
            return

        opened = bench.provider.open_checkout(order, key=new_key())

        assert opened.url is None and opened.client_secret
        assert bench.look(opened).client_secret == opened.client_secret

    def test_of_a_yen_order_charges_whole_yen(self, bench: Bench) -> None:
        total = Money(500, "JPY")
        line = base.Line("Onboarding", total, 1)
        order = bench.order(currency="JPY", total=total, tax=Money(0, "JPY"), lines=(line,))

        opened = bench.provider.open_checkout(order, key=new_key())
        payer.pays(page_of(opened))

        state = bench.look(opened)
        assert (state.total, state.payments[0].amount) == (total, total)


class TestExpire:
    @pytest.mark.parametrize("mode", MODES)
    def test_ends_an_open_checkout_where_the_provider_can(
        self, bench: Bench, mode: base.Mode
    ) -> None:
        _, opened = bench.open(mode)

        after = bench.provider.expire_checkout(opened.provider_id, mode=mode)

        assert after.status in (*ENDED, "open")
        assert bench.look(opened, mode).status == after.status
        if after.status in ENDED:
            with pytest.raises(payer.NoSuchButton):
                payer.pays(page_of(opened))

    def test_twice_is_no_error(self, bench: Bench) -> None:
        _, opened = bench.open()

        first, second = (
            bench.provider.expire_checkout(opened.provider_id, mode="payment") for _ in range(2)
        )

        assert first.status == second.status

    def test_of_a_paid_checkout_says_that_it_is_paid(self, bench: Bench) -> None:
        paid = bench.paid()

        after = bench.provider.expire_checkout(paid.provider_id, mode="payment")

        assert after.status == "complete"

    def test_of_an_unknown_checkout_says_so(self, bench: Bench) -> None:
        id = bench.open()[1].provider_id

        with pytest.raises(errors.Missing):
            bench.provider.expire_checkout(id[:-3] + "xyz", mode="payment")

    def test_happens_by_itself_when_the_time_is_over(self, bench: Bench) -> None:
        _, opened = bench.open()

        bench.sandbox.advance("2 days")

        assert bench.look(opened).status == "expired"

    def test_comes_at_the_time_that_was_asked_for_where_one_can_be(self, bench: Bench) -> None:
        at = bench.now().replace(microsecond=0) + timedelta(hours=1)

        _, opened = bench.open(expires_at=at)

        # Mollie sets the time itself, by method.
        assert opened.expires_at == at or bench.name == "mollie"

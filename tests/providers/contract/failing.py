"""Bad days: whatever goes wrong, an order is made once, and the caller knows what it may do."""

from __future__ import annotations

import pytest

from app.providers import errors
from tests import payer
from tests.providers.contract.bench import Bench, new_key, page_of


class TestFault:
    @pytest.mark.parametrize("fault", ["429", "500_before", "drop"])
    def test_before_the_commit_is_tried_again_until_it_is_made(
        self, bench: Bench, fault: str
    ) -> None:
        order = bench.order()
        bench.sandbox.fault(fault, provider=bench.name, match=bench.creates())

        opened = bench.provider.open_checkout(order, key=new_key())

        assert bench.look(opened).status == "open"
        assert len(bench.calls("POST", bench.creates())) == 2

    def test_after_the_commit_makes_nothing_twice(self, bench: Bench) -> None:
        order, key = bench.order(), new_key()
        bench.sandbox.fault("500_after", provider=bench.name, match=bench.creates())

        try:
            provider_id = bench.provider.open_checkout(order, key=key).provider_id
        except errors.Unavailable as error:
            # Stripe keeps the fault for the key: it is spent, and the order is looked for.
            assert error.replayed
            found = bench.provider.find_checkout(order.uuid, customer_id=bench.customer)
            assert found is not None
            provider_id = found

        keys = {c["idempotency_key"] for c in bench.calls("POST", bench.creates())}
        assert bench.provider.fetch_checkout(provider_id, mode="payment").status == "open"
        assert keys == {key}

    def test_that_does_not_end_is_left_to_the_caller(self, bench: Bench) -> None:
        order = bench.order()
        bench.sandbox.fault("429", provider=bench.name, match=bench.creates(), times=9)

        with pytest.raises(errors.Unavailable) as raised:
            bench.provider.open_checkout(order, key=new_key())

        assert not raised.value.permanent
        assert len(bench.calls("POST", bench.creates())) == 3

    def test_of_a_silent_provider_ends_and_can_be_repeated(self, bench: Bench) -> None:
        order, key = bench.order(), new_key()
        impatient = bench.connect(timeouts=(1.0, 0.3))
        bench.sandbox.fault(
            "timeout", provider=bench.name, match=bench.creates(), times=3, seconds=2
        )

        with pytest.raises(errors.Unavailable):
            impatient.open_checkout(order, key=key)

        bench.sandbox.clear_faults()
        opened = bench.provider.open_checkout(order, key=key)
        assert opened.provider_id == bench.provider.find_checkout(
            order.uuid, customer_id=bench.customer
        )

    def test_while_looking_is_only_a_matter_of_looking_again(self, bench: Bench) -> None:
        _, opened = bench.open()
        payer.pays(page_of(opened))
        bench.sandbox.fault("500_before", provider=bench.name, match=opened.provider_id)

        assert bench.look(opened).status == "complete"

    def test_of_an_address_nobody_serves_is_unavailable(self, bench: Bench) -> None:
        nowhere = bench.connect(api_url="http://127.0.0.1:9")

        with pytest.raises(errors.Unavailable):
            nowhere.find_customer(new_key())


class TestWrongKey:
    @pytest.mark.parametrize("key", ["sk_test_wrong", "test_wrong", "live_wrong", "nonsense"])
    def test_is_said_and_never_shown(self, bench: Bench, key: str) -> None:
        with pytest.raises(errors.BadCredentials) as raised:
            bench.connect(secret_key=key).find_customer(new_key())

        assert key not in str(raised.value)

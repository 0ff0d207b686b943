"""Who pays, and at which tax: made once, found again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.providers import base, errors
from tests.providers.contract.bench import Bench, customer_request, new_key


class TestCustomers:
    def test_are_found_by_our_uuid(self, bench: Bench) -> None:
        request = customer_request()

        made = bench.provider.ensure_customer(request, key=new_key())

        assert bench.provider.find_customer(request.uuid) == made

    def test_are_made_with_an_address(self, bench: Bench) -> None:
        address = base.Address("Hauptstr. 1", "Berlin", "DE", postal_code="10115")

        made = bench.provider.ensure_customer(
            replace(customer_request(), address=address, email=None), key=new_key()
        )

        assert made

    def test_are_made_once_for_one_key(self, bench: Bench) -> None:
        request, key = customer_request(), new_key()

        first, second = (bench.provider.ensure_customer(request, key=key) for _ in range(2))

        assert first == second

    def test_are_not_made_of_another_request_under_the_same_key(self, bench: Bench) -> None:
        key = new_key()
        bench.provider.ensure_customer(customer_request(), key=key)

        with pytest.raises(errors.KeyReused):
            bench.provider.ensure_customer(customer_request(), key=key)

    def test_nobody_made_are_not_found(self, bench: Bench) -> None:
        bench.provider.ensure_customer(customer_request(), key=new_key())

        assert bench.provider.find_customer(new_key()) is None


class TestDeletion:
    def test_leaves_no_customer_and_nothing_on_file_and_keeps_payments(self, bench: Bench) -> None:
        made = bench.subscription()
        paid = bench.subscription_now(made).payments[0].provider_id

        for _ in range(2):
            bench.provider.delete_customer(bench.customer, key=new_key())

        with pytest.raises(errors.Missing):
            bench.provider.list_payment_methods(bench.customer)
        assert bench.provider.fetch_payment(paid).status == "paid"
        assert bench.provider.list_subscriptions() == ()


class TestTaxRates:
    def test_are_made_and_found_where_the_provider_keeps_them(self, bench: Bench) -> None:
        request = base.TaxRateRequest(new_key(), "BTW", Decimal("8.1"), False, "NL")
        if not bench.can.tax_rates:
            with pytest.raises(errors.Unsupported):
                bench.provider.ensure_tax_rate(request, key=new_key())
            return

        made = bench.provider.ensure_tax_rate(request, key=new_key())

        assert bench.provider.find_tax_rate(request.uuid) == made
        assert bench.provider.find_tax_rate(new_key()) is None

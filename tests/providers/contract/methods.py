"""Saved methods are listed, charged, chosen and forgotten."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from app.money import Money
from app.providers import base, errors
from tests.providers.contract.bench import Bench, customer_request, new_key


def charge_of(bench: Bench, method_id: str) -> base.ChargeRequest:
    return base.ChargeRequest(
        new_key(), bench.customer, method_id, Money(5900, "EUR"), "Two more seats"
    )


class TestMethods:
    def test_are_listed_newest_first(self, bench: Bench) -> None:
        older = bench.method()
        bench.sandbox.advance("1 hours")
        newer = bench.method()

        listed = [m.provider_id for m in bench.provider.list_payment_methods(bench.customer)]

        assert listed.index(newer.provider_id) < listed.index(older.provider_id)

    def test_are_none_before_one_is_saved(self, bench: Bench) -> None:
        assert bench.provider.list_payment_methods(bench.customer) == ()

    def test_are_missing_for_a_customer_nobody_made(self, bench: Bench) -> None:
        with pytest.raises(errors.Missing):
            bench.provider.list_payment_methods(bench.customer[:-3] + "xyz")

    def test_chosen_are_charged_for_the_subscription_from_then_on(self, bench: Bench) -> None:
        made = bench.subscription()
        chosen = bench.method().provider_id

        bench.provider.set_default_method(
            chosen,
            customer_id=bench.customer,
            subscription_id=made.provider_id,
            key=new_key(),
        )

        method = bench.subscription_now(made).method
        assert method is not None and method.provider_id == chosen

    def test_forgotten_are_gone_and_forgetting_again_is_no_error(self, bench: Bench) -> None:
        method = bench.method()

        for _ in range(2):
            bench.provider.forget_payment_method(method.provider_id, customer_id=bench.customer)

        listed = bench.provider.list_payment_methods(bench.customer)
        assert method.provider_id not in [m.provider_id for m in listed if m.status != "invalid"]

    def test_of_another_customer_are_not_forgotten(self, bench: Bench) -> None:
        method = bench.method()
        stranger = bench.provider.ensure_customer(customer_request(), key=new_key())

        with suppress(errors.Missing):
            bench.provider.forget_payment_method(method.provider_id, customer_id=stranger)

        listed = bench.provider.list_payment_methods(bench.customer)
        assert method.provider_id in [m.provider_id for m in listed if m.status == "valid"]


class TestCharge:
    def test_of_a_saved_card_is_paid(self, bench: Bench) -> None:
        request = charge_of(bench, bench.method().provider_id)

        payment = bench.provider.charge(request, key=new_key())

        seen = bench.provider.fetch_payment(payment.provider_id)
        assert payment.status in ("paid", "processing", "open")
        assert seen.status == "paid"
        assert seen.amount == request.total
        assert seen.customer_id == bench.customer

    def test_twice_under_one_key_is_one_payment(self, bench: Bench) -> None:
        request, key = charge_of(bench, bench.method().provider_id), new_key()

        first, second = (bench.provider.charge(request, key=key) for _ in range(2))

        assert first.provider_id == second.provider_id

    def test_of_a_method_nobody_saved_is_refused(self, bench: Bench) -> None:
        request = charge_of(bench, bench.method().provider_id[:-3] + "xyz")

        with pytest.raises(errors.ProviderError) as raised:
            bench.provider.charge(request, key=new_key())

        assert raised.value.permanent

    def test_finer_than_the_provider_can_hold_is_refused_not_rounded(self, bench: Bench) -> None:
        request = charge_of(bench, bench.method().provider_id)

        with pytest.raises(errors.ProviderError) as raised:
            bench.provider.charge(replace(request, total=Money(5124, "KWD")), key=new_key())

        assert raised.value.permanent


class TestInvoices:
    def test_are_told_where_the_provider_issues_them(self, bench: Bench) -> None:
        made = bench.subscription()

        invoices = bench.provider.fetch_invoices(bench.customer, limit=10)

        assert bool(invoices) is bench.can.hosted_invoices
        for invoice in invoices:
            assert (invoice.status, invoice.total) == ("paid", Money(10353, "EUR"))
            assert invoice.subscription_id == made.provider_id
            assert invoice.payment_id == made.payments[0].provider_id
            assert invoice.hosted_url and invoice.number

    def test_are_no_more_than_were_asked_for(self, bench: Bench) -> None:
        bench.subscription()
        bench.sandbox.advance("3 months")

        assert len(bench.provider.fetch_invoices(bench.customer, limit=2)) <= 2

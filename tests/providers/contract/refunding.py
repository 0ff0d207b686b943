"""Money goes back once, never more than came, and the payment tells."""

from __future__ import annotations

import pytest

from app.money import Money
from app.providers import base, errors
from tests.providers.contract.bench import Bench, new_key


class TestRefund:
    def test_of_all_is_told_by_the_payment(self, bench: Bench) -> None:
        payment = bench.payment()

        refund = bench.refund(payment, payment.amount)

        after = bench.provider.fetch_payment(payment.provider_id)
        assert refund.amount == payment.amount
        assert refund.status in ("pending", "refunded")
        assert after.refunded == payment.amount

    def test_of_a_part_leaves_the_rest_for_another(self, bench: Bench) -> None:
        payment = bench.payment()
        part = Money(1000, "EUR")

        bench.refund(payment, part)
        bench.refund(payment, payment.amount - part)

        after = bench.provider.fetch_payment(payment.provider_id)
        assert after.refunded == payment.amount

    def test_of_more_than_was_paid_is_refused(self, bench: Bench) -> None:
        payment = bench.payment()
        bench.refund(payment, payment.amount)

        with pytest.raises(errors.Refused):
            bench.refund(payment, Money(1, "EUR"))

    def test_twice_under_one_key_is_one_refund(self, bench: Bench) -> None:
        payment, key = bench.payment(), new_key()
        half = Money(payment.amount.minor // 2, "EUR")
        request = base.RefundRequest(new_key(), payment.provider_id, half, "Paid twice")

        first, second = (bench.provider.refund(request, key=key) for _ in range(2))

        assert first.provider_id == second.provider_id
        assert bench.provider.fetch_payment(payment.provider_id).refunded == half

    def test_is_found_by_our_uuid(self, bench: Bench) -> None:
        payment = bench.payment()
        made = bench.refund(payment, payment.amount)
        assert made.uuid is not None

        found = bench.provider.find_refund(made.uuid, payment_id=payment.provider_id)
        other = bench.provider.find_refund(new_key(), payment_id=payment.provider_id)

        assert found is not None and found.provider_id == made.provider_id
        assert other is None

    def test_of_a_payment_nobody_made_is_missing(self, bench: Bench) -> None:
        payment = bench.payment()
        id = payment.provider_id[:-3] + "xyz"
        request = base.RefundRequest(new_key(), id, payment.amount, "Paid twice")

        with pytest.raises(errors.Missing):
            bench.provider.refund(request, key=new_key())

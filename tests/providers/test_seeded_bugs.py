"""The questions are worth asking: an adapter with a bug fails the one that is about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.money import zero
from app.providers import base, errors
from tests.providers.contract import bench as benches
from tests.providers.contract import failing, methods, opening, paying, refunding, subscribing
from tests.providers.contract.bench import ADAPTERS, Bench, Sandbox, new_key

Question = Callable[[Bench], None]
Adapter = Any


def ten_times_too_much(adapter: Adapter) -> Adapter:
    class TenTimesTooMuch(adapter):  # type: ignore[misc]
        def open_checkout(self, request: base.CheckoutRequest, *, key: str) -> base.OpenedCheckout:
            lines = tuple(replace(x, unit_amount=x.unit_amount * 10) for x in request.lines)
            wrong = replace(request, lines=lines, total=request.total * 10, tax=request.tax * 10)
            opened: base.OpenedCheckout = super().open_checkout(wrong, key=key)
            return opened

    return TenTimesTooMuch


def never_the_same_key(adapter: Adapter) -> Adapter:
    class NeverTheSameKey(adapter):  # type: ignore[misc]
        def open_checkout(self, request: base.CheckoutRequest, *, key: str) -> base.OpenedCheckout:
            opened: base.OpenedCheckout = super().open_checkout(request, key=new_key())
            return opened

        def charge(self, request: base.ChargeRequest, *, key: str) -> base.PaymentState:
            state: base.PaymentState = super().charge(request, key=new_key())
            return state

    return NeverTheSameKey


def blind_to_refunds(adapter: Adapter) -> Adapter:
    class BlindToRefunds(adapter):  # type: ignore[misc]
        def fetch_payment(self, provider_id: str) -> base.PaymentState:
            state: base.PaymentState = super().fetch_payment(provider_id)
            return replace(state, refunded=zero(state.amount.currency))

    return BlindToRefunds


def all_is_well(adapter: Adapter) -> Adapter:
    class AllIsWell(adapter):  # type: ignore[misc]
        def fetch_checkout(self, provider_id: str, *, mode: base.Mode) -> base.CheckoutState:
            state: base.CheckoutState = super().fetch_checkout(provider_id, mode=mode)
            return replace(state, status="complete")

    return AllIsWell


def nothing_is_missing(adapter: Adapter) -> Adapter:
    class NothingIsMissing(adapter):  # type: ignore[misc]
        def find_checkout(self, uuid: str, *, customer_id: str | None) -> str | None:
            found: str | None = super().find_checkout(uuid, customer_id=customer_id)
            return found or "cs_made_up"

        def forget_payment_method(self, method_id: str, *, customer_id: str) -> None:
            return

    return NothingIsMissing


def every_fault_is_final(adapter: Adapter) -> Adapter:
    class EveryFaultIsFinal(adapter):  # type: ignore[misc]
        def find_customer(self, uuid: str) -> str | None:
            try:
                found: str | None = super().find_customer(uuid)
            except errors.ProviderError as error:
                raise errors.Refused(str(error)) from error
            return found

        def cancel_subscription(self, provider_id: str, **how: Any) -> base.SubscriptionState:
            state: base.SubscriptionState = self.fetch_subscription(
                provider_id, customer_id=how["customer_id"]
            )
            return state

    return EveryFaultIsFinal


BUGS: list[tuple[Callable[[Adapter], Adapter], Question]] = [
    (ten_times_too_much, lambda b: paying.TestPaid().test_charges_exactly_the_total(b, "payment")),
    (
        ten_times_too_much,
        lambda b: paying.TestPaid().test_charges_exactly_the_total(b, "subscription"),
    ),
    (
        never_the_same_key,
        lambda b: opening.TestOpen().test_twice_under_one_key_is_one_checkout(b, "payment"),
    ),
    (
        never_the_same_key,
        lambda b: opening.TestOpenElsewise().test_with_another_order_under_one_key_is_our_fault(b),
    ),
    (
        never_the_same_key,
        lambda b: failing.TestFault().test_after_the_commit_makes_nothing_twice(b),
    ),
    (never_the_same_key, lambda b: methods.TestCharge().test_twice_under_one_key_is_one_payment(b)),
    (blind_to_refunds, lambda b: refunding.TestRefund().test_of_all_is_told_by_the_payment(b)),
    (
        all_is_well,
        lambda b: paying.TestPay().test_declined_charges_nothing_and_says_why(b, "payment"),
    ),
    (all_is_well, lambda b: paying.TestPay().test_canceled_charges_nothing(b, "subscription")),
    (
        all_is_well,
        lambda b: paying.TestPaid().test_late_is_on_its_way_first_and_complete_in_the_end(b),
    ),
    (
        nothing_is_missing,
        lambda b: opening.TestOpenElsewise().test_of_an_order_nobody_made_is_not_found(b),
    ),
    (
        nothing_is_missing,
        lambda b: methods.TestMethods().test_forgotten_are_gone_and_forgetting_again_is_no_error(b),
    ),
    (
        every_fault_is_final,
        lambda b: failing.TestFault().test_of_an_address_nobody_serves_is_unavailable(b),
    ),
    (
        every_fault_is_final,
        lambda b: failing.TestWrongKey().test_is_said_and_never_shown(b, "sk_test_wrong"),
    ),
    (every_fault_is_final, lambda b: subscribing.TestCancel().test_now_ends_it(b)),
]


@pytest.mark.parametrize("name", benches.NAMES)
@pytest.mark.parametrize(
    ("bug", "question"), BUGS, ids=[f"{n}-{bug.__name__}" for n, (bug, _) in enumerate(BUGS)]
)
class TestSeededBug:
    def test_fails_the_question_that_is_about_it(
        self, served: Sandbox, name: str, bug: Callable[[Adapter], Adapter], question: Question
    ) -> None:
        broken = Bench(name, served.server, bug(ADAPTERS[name]))
        sound = Bench(name, served.server)

        served.server.reset()
        with pytest.raises((AssertionError, pytest.fail.Exception, errors.ProviderError)):
            question(broken)

        served.server.reset()
        question(sound)
        broken.close()
        sound.close()

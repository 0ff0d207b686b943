"""Stripe's idempotency keys: replayed for 24 hours, refused with other parameters."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import Shop


def test_the_same_key_gives_the_same_answer_and_makes_nothing(shop: Shop) -> None:
    first = shop.call("POST", "/v1/customers", "name=a", Idempotency_Key="k")
    second = shop.call("POST", "/v1/customers", "name=a", Idempotency_Key="k")

    assert second.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Idempotency-Key"] == "k"
    assert len(shop.sdk.customers.list().data) == 1


def test_other_parameters_are_refused(shop: Shop) -> None:
    shop.sdk.customers.create({"name": "a"}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        shop.sdk.customers.create({"name": "b"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        shop.sdk.products.create({"name": "a"}, {"idempotency_key": "k"})


def test_a_key_is_forgotten_after_a_day_of_the_sandbox(shop: Shop) -> None:
    first = shop.sdk.customers.create({"name": "a"}, {"idempotency_key": "k"})
    shop.sandbox.advance("23 hours")
    assert shop.sdk.customers.create({"name": "a"}, {"idempotency_key": "k"}).id == first.id

    shop.sandbox.advance("61 minutes")

    assert shop.sdk.customers.create({"name": "b"}, {"idempotency_key": "k"}).id != first.id


def test_what_failed_validation_does_not_use_up_the_key(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.sdk.customers.create({"name": "a", "colour": "red"}, {"idempotency_key": "k"})

    assert shop.sdk.customers.create({"name": "a"}, {"idempotency_key": "k"}).name == "a"


def test_accounts_do_not_share_keys(shop: Shop) -> None:
    shop.sdk.customers.create({"name": "a"}, {"idempotency_key": "k"})

    other = shop.call(
        "POST",
        "/v1/customers",
        "name=b",
        Idempotency_Key="k",
        Authorization="Bearer sk_test_sandbox_other_replays",
    )

    assert other.status_code == 200


def test_a_declined_invoice_is_replayed_too(shop: Shop) -> None:
    subscription = shop.subscriber(card_number="4000000000000341")
    shop.sandbox.advance("32 days")
    invoice = shop.sdk.subscriptions.retrieve(subscription.id).latest_invoice

    first = shop.call("POST", f"/v1/invoices/{invoice}/pay", Idempotency_Key="k")
    attempts = shop.sdk.invoices.retrieve(invoice).attempt_count
    second = shop.call("POST", f"/v1/invoices/{invoice}/pay", Idempotency_Key="k")

    assert (first.status_code, second.status_code) == (402, 402)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert shop.sdk.invoices.retrieve(invoice).attempt_count == attempts

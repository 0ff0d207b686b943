"""Customers and their mandates."""

from __future__ import annotations

import pytest

from tests.sandbox.mollie.conftest import Shop

DEBIT = {
    "method": "directdebit",
    "consumerName": "Globex",
    "consumerAccount": "NL55INGB0000000000",
}


class TestCustomers:
    def test_one_is_made_read_changed_and_listed(self, shop: Shop) -> None:
        made = shop.sdk.customers.create({"name": "Globex", "metadata": {"portico_uuid": "u"}})

        changed = shop.sdk.customers.update(made["id"], {"email": "tara@globex.example"})

        assert changed["name"] == "Globex"
        assert shop.sdk.customers.get(made["id"]) == changed
        assert [customer["id"] for customer in shop.sdk.customers.list()] == [made["id"]]

    def test_a_deleted_one_is_gone_and_so_are_its_subscriptions(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        subscription = shop.subscription(customer_id)

        shop.sdk.customers.delete(customer_id)

        assert shop.call("GET", f"customers/{customer_id}")[0] == 410
        assert shop.call("GET", "customers")[1]["count"] == 0
        (found,) = shop.call("GET", "subscriptions")[1]["_embedded"]["subscriptions"]
        assert (found["id"], found["status"]) == (subscription["id"], "canceled")

    @pytest.mark.parametrize("body", [{"name": 7}, {"nickname": "x"}, {"locale": "de"}])
    def test_a_wrong_field_is_named(self, shop: Shop, body: dict[str, object]) -> None:
        status, answer = shop.call("POST", "customers", body)

        assert (status, answer["field"]) == (422, next(iter(body)))


class TestMandates:
    @pytest.mark.parametrize(
        ("method", "kind"),
        [
            ("creditcard", "creditcard"),
            ("ideal", "directdebit"),
            ("bancontact", "directdebit"),
            ("eps", "directdebit"),
            ("paypal", "paypal"),
        ],
    )
    def test_a_paid_first_payment_makes_one(self, shop: Shop, method: str, kind: str) -> None:
        customer_id, payment = shop.subscriber(with_method=method)

        _, mandate = shop.call("GET", f"customers/{customer_id}/mandates/{payment['mandateId']}")

        assert (mandate["method"], mandate["status"]) == (kind, "valid")

    def test_a_payment_that_is_not_paid_or_not_the_first_makes_none(self, shop: Shop) -> None:
        customer_id = shop.customer()

        shop.act(shop.first_payment(customer_id), "decline")
        shop.act(shop.payment(customerId=customer_id), "pay")

        assert shop.call("GET", f"customers/{customer_id}/mandates")[1]["count"] == 0

    def test_it_may_stay_pending_for_three_days(self, shop: Shop) -> None:
        shop.sandbox.fault("mandate_pending", provider="mollie", match="")
        customer_id, payment = shop.subscriber(with_method="ideal")
        path = f"customers/{customer_id}/mandates/{payment['mandateId']}"
        subscription = shop.subscription(
            customer_id, startDate="2099-01-01", mandateId=payment["mandateId"]
        )

        assert shop.call("GET", path)[1]["status"] == "pending"
        assert subscription["status"] == "pending"
        shop.sandbox.advance("73 hours")

        assert shop.call("GET", path)[1]["status"] == "valid"
        _, found = shop.call("GET", f"customers/{customer_id}/subscriptions/{subscription['id']}")
        assert found["status"] == "active"

    def test_a_zero_amount_makes_one_by_card_only(self, shop: Shop) -> None:
        customer_id = shop.customer()
        nothing = {"currency": "EUR", "value": "0.00"}
        body = {
            "amount": nothing,
            "description": "Card",
            "redirectUrl": "https://app.example.com/",
            "sequenceType": "first",
            "customerId": customer_id,
        }

        status, _ = shop.call("POST", "payments", {**body, "method": "ideal"})
        made, _ = shop.call("POST", "payments", {**body, "method": "creditcard"})

        assert (status, made) == (422, 201)

    def test_a_direct_debit_one_is_made_by_the_shop(self, shop: Shop) -> None:
        path = f"customers/{shop.customer()}/mandates"

        assert shop.call("POST", path, DEBIT)[0] == 201
        paypal = {"method": "paypal", "consumerName": "G", "consumerEmail": "g@globex.example"}
        assert shop.call("POST", path, paypal)[0] == 201
        assert shop.call("POST", path, {**DEBIT, "method": "creditcard"})[0] == 422
        assert shop.call("POST", path, {**DEBIT, "consumerAccount": None})[0] == 422
        assert shop.call("GET", path)[1]["count"] == 2

    def test_a_revoked_one_is_gone_and_ends_its_subscriptions(self, shop: Shop) -> None:
        customer_id, payment = shop.subscriber()
        subscription = shop.subscription(customer_id, startDate="2099-01-01")
        path = f"customers/{customer_id}/mandates/{payment['mandateId']}"

        assert shop.call("DELETE", path)[0] == 204

        assert shop.call("GET", path)[0] == 410
        assert shop.call("DELETE", path)[0] == 410
        _, found = shop.call("GET", f"customers/{customer_id}/subscriptions/{subscription['id']}")
        assert found["status"] == "canceled"

    def test_another_customers_is_not_found(self, shop: Shop) -> None:
        _, payment = shop.subscriber()

        path = f"customers/{shop.customer()}/mandates/{payment['mandateId']}"

        assert shop.call("GET", path)[0] == 404

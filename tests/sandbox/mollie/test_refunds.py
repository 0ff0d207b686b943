"""Refunds: what is refused, how they go on, when the shop is called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.mollie.conftest import Shop

EUR = {"currency": "EUR", "value": "34.51"}


@pytest.fixture
def paid(shop: Shop) -> dict[str, Any]:
    payment = shop.payment()
    shop.act(payment, "pay")
    return payment


def refund(shop: Shop, payment: dict[str, Any], value: str, **more: Any) -> tuple[int, Any]:
    body = {"amount": {"currency": "EUR", "value": value}, **more}
    return shop.call("POST", f"payments/{payment['id']}/refunds", body)


class TestCreate:
    def test_it_is_pending_and_the_payment_says_how_much(
        self, shop: Shop, paid: dict[str, Any]
    ) -> None:
        status, made = refund(shop, paid, "10.00", metadata={"portico_uuid": "u"})

        found = shop.look(paid)
        assert (status, made["status"]) == (201, "pending")
        assert made["metadata"] == {"portico_uuid": "u"}
        assert found["status"] == "paid"
        assert found["amountRefunded"]["value"] == "10.00"
        assert found["amountRemaining"]["value"] == "24.51"

    @pytest.mark.parametrize("value", ["34.52", "0.00", "x", "1"])
    def test_more_than_is_left_or_nothing_is_refused(
        self, shop: Shop, paid: dict[str, Any], value: str
    ) -> None:
        assert refund(shop, paid, value)[0] == 422

    def test_an_unpaid_payment_is_refused(self, shop: Shop) -> None:
        assert refund(shop, shop.payment(), "1.00")[0] == 422

    def test_another_currency_is_refused(self, shop: Shop, paid: dict[str, Any]) -> None:
        body = {"amount": {"currency": "USD", "value": "1.00"}}

        assert shop.call("POST", f"payments/{paid['id']}/refunds", body)[0] == 422

    def test_the_same_amount_again_within_the_hour_is_a_duplicate(
        self, shop: Shop, paid: dict[str, Any]
    ) -> None:
        refund(shop, paid, "10.00")

        assert refund(shop, paid, "10.00")[0] == 409
        assert refund(shop, paid, "10.01")[0] == 201
        shop.sandbox.advance("61 minutes")
        assert refund(shop, paid, "10.00")[0] == 201


class TestProgress:
    def test_it_is_processed_then_done_and_the_shop_is_called_for_both(
        self, shop: Shop, paid: dict[str, Any]
    ) -> None:
        _, made = refund(shop, paid, "34.51")
        path = f"payments/{paid['id']}/refunds/{made['id']}"
        before = len(shop.sandbox.deliveries())

        statuses = []
        for span in ("3 hours", "1 day"):
            shop.sandbox.advance(span)
            statuses.append(shop.call("GET", path)[1]["status"])

        assert statuses == ["processing", "refunded"]
        assert [r["object_id"] for r in shop.sandbox.deliveries()[before:]] == [paid["id"]] * 2

    def test_a_pending_one_can_be_canceled(self, shop: Shop, paid: dict[str, Any]) -> None:
        _, made = refund(shop, paid, "34.51")
        path = f"payments/{paid['id']}/refunds/{made['id']}"

        assert shop.call("DELETE", path)[0] == 204

        shop.sandbox.advance("2 days")
        assert shop.call("GET", path)[1]["status"] == "canceled"
        assert shop.look(paid)["amountRemaining"]["value"] == "34.51"
        assert shop.call("DELETE", path)[0] == 422

    def test_lists_have_it(self, shop: Shop, paid: dict[str, Any]) -> None:
        refund(shop, paid, "1.00")

        assert shop.call("GET", "refunds")[1]["count"] == 1
        assert shop.call("GET", f"payments/{paid['id']}/refunds")[1]["count"] == 1
        assert shop.call("GET", f"payments/{shop.payment()['id']}/refunds")[1]["count"] == 0

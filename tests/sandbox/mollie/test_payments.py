"""Payments: made, refused, read, changed, canceled."""

from __future__ import annotations

from typing import Any

import pytest
from mollie.api.error import NotFoundError, ResponseError, UnprocessableEntityError

from tests.sandbox.mollie.conftest import HOOK, RETURN, Shop

EUR = {"currency": "EUR", "value": "34.51"}


class TestCreate:
    def test_an_open_payment_says_where_to_pay(self, shop: Shop) -> None:
        payment = shop.payment(metadata={"portico_uuid": "u"}, locale="de_DE")

        assert payment["status"] == "open"
        assert payment["amount"] == EUR
        assert payment["method"] == "creditcard"
        assert payment["metadata"] == {"portico_uuid": "u"}
        assert payment["_links"]["checkout"]["href"].endswith(f"/mollie/checkout/{payment['id']}")
        assert shop.look(payment) == payment

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"amount": None}, "amount"),
            ({"amount": 34.51}, "amount"),
            ({"amount": {"currency": "EUR", "value": 34.51}}, "amount.value"),
            ({"amount": {"currency": "EUR", "value": "34.5"}}, "amount.value"),
            ({"amount": {"currency": "EUR", "value": "-1.00"}}, "amount.value"),
            ({"amount": {"currency": "EUR", "value": "34"}}, "amount.value"),
            ({"amount": {"currency": "JPY", "value": "34.00"}}, "amount.value"),
            ({"amount": {"currency": "KWD", "value": "34.000"}}, "amount.currency"),
            ({"amount": {"currency": "eur", "value": "34.51"}}, "amount.currency"),
            ({"amount": {"currency": "EUR", "value": "0.00"}}, "amount"),
            ({"description": None}, "description"),
            ({"description": " "}, "description"),
            ({"description": "x" * 256}, "description"),
            ({"redirectUrl": None}, "redirectUrl"),
            ({"redirectUrl": "javascript:alert(1)"}, "redirectUrl"),
            ({"redirectUrl": "http://[::1"}, "redirectUrl"),
            ({"webhookUrl": "https://10.0.0.1/h"}, "webhookUrl"),
            ({"webhookUrl": "https://intranet/h"}, "webhookUrl"),
            ({"locale": "de"}, "locale"),
            ({"method": "sofort"}, "method"),
            ({"method": "twint"}, "method"),
            ({"method": "directdebit"}, "method"),
            ({"method": "ideal", "amount": {"currency": "USD", "value": "1.00"}}, "method"),
            ({"sequenceType": "second"}, "sequenceType"),
            ({"sequenceType": "first"}, "customerId"),
            ({"sequenceType": "recurring"}, "customerId"),
            ({"mandateId": "mdt_x"}, "mandateId"),
            ({"metadata": {"much": "x" * 2000}}, "metadata"),
            ({"payment_method_types": ["card"]}, "payment_method_types"),
            ({"testmode": True}, "testmode"),
            ({"lines": [{"description": "Team"}]}, "quantity"),
        ],
    )
    def test_what_mollie_refuses_is_refused_and_leaves_nothing(
        self, shop: Shop, changes: dict[str, Any], field: str
    ) -> None:
        body = {"amount": EUR, "description": "Team", "redirectUrl": RETURN, **changes}

        status, answer = shop.call("POST", "payments", body)

        assert (status, answer["field"]) == (422, field)
        assert shop.call("GET", "payments")[1]["count"] == 0

    def test_lines_must_add_up(self, shop: Shop) -> None:
        line = {
            "description": "Team",
            "quantity": 1,
            "unitPrice": EUR,
            "totalAmount": EUR,
            "vatRate": "19.00",
            "vatAmount": {"currency": "EUR", "value": "5.51"},
        }
        wrong_tax = {**line, "vatAmount": {"currency": "EUR", "value": "5.50"}}
        wrong_sum = {**line, "quantity": 2}

        assert shop.payment(lines=[line])["lines"][0]["vatAmount"]["value"] == "5.51"
        for lines in ([wrong_tax], [wrong_sum], [line, line]):
            with pytest.raises(UnprocessableEntityError) as raised:
                shop.payment(lines=lines)
            assert raised.value.field == "lines"

    def test_what_it_does_not_play_is_named(self, shop: Shop) -> None:
        body = {"amount": EUR, "description": "Team", "redirectUrl": RETURN, "captureMode": "x"}

        status, answer = shop.call("POST", "payments", body)

        assert status == 501
        assert "captureMode" in answer["detail"]

    def test_a_body_that_is_no_json_object_is_refused(self, shop: Shop) -> None:
        for body in ("{", "[]", "7", '"x"', "[" * 100_000, "x" * 300_000):
            assert shop.call("POST", "payments", body)[0] == 400

    def test_a_local_webhook_address_is_let_through(self, shop: Shop) -> None:
        assert shop.payment(webhookUrl="http://127.0.0.1:5000/h")["webhookUrl"]
        assert shop.payment(webhookUrl="http://localhost:5000/h")["webhookUrl"]


class TestKey:
    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer live_abc", "Basic x", "Bearer x y"])
    def test_a_wrong_key_is_not_let_in(self, shop: Shop, header: str) -> None:
        status, answer = shop.call("GET", "payments", Authorization=header)

        assert status == 401
        assert answer["title"] == "Unauthorized Request"

    def test_another_account_sees_nothing(self, shop: Shop) -> None:
        payment = shop.payment()

        status, _ = shop.call(
            "GET", f"payments/{payment['id']}", Authorization="Bearer test_sandboxother"
        )

        assert status == 404


class TestIdempotency:
    BODY = {"amount": EUR, "description": "Team", "redirectUrl": RETURN}

    def test_the_same_key_and_body_make_one_payment(self, shop: Shop) -> None:
        first = shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")
        second = shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")

        assert first == second
        assert shop.call("GET", "payments")[1]["count"] == 1

    def test_the_same_key_with_another_body_is_refused(self, shop: Shop) -> None:
        shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")

        status, _ = shop.call(
            "POST", "payments", {**self.BODY, "description": "Other"}, Idempotency_Key="k1"
        )

        assert status == 400

    def test_a_key_is_forgotten_after_an_hour(self, shop: Shop) -> None:
        shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")

        shop.sandbox.advance("61 minutes")
        shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")

        assert shop.call("GET", "payments")[1]["count"] == 2

    def test_a_fault_after_the_act_is_told_once_and_the_key_brings_the_payment(
        self, shop: Shop
    ) -> None:
        shop.sandbox.fault("500_after", provider="mollie", match="/payments")

        broken, _ = shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")
        status, payment = shop.call("POST", "payments", self.BODY, Idempotency_Key="k1")

        assert (broken, status) == (500, 201)
        assert shop.call("GET", "payments")[1]["_embedded"]["payments"][0]["id"] == payment["id"]


class TestRetrieve:
    def test_an_unknown_id_is_not_found_in_mollies_words(self, shop: Shop) -> None:
        with pytest.raises(NotFoundError, match="No payment exists with token tr_unknown"):
            shop.sdk.payments.get("tr_unknown")

    def test_an_unknown_query_is_refused(self, shop: Shop) -> None:
        payment = shop.payment()

        assert shop.call("GET", f"payments/{payment['id']}?expand=x")[0] == 400

    def test_refunds_and_chargebacks_can_be_embedded(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "pay")
        shop.call("POST", f"payments/{payment['id']}/refunds", {"amount": EUR})

        found = dict(shop.sdk.payments.get(payment["id"], embed="refunds,chargebacks"))

        assert len(found["_embedded"]["refunds"]) == 1
        assert found["_embedded"]["chargebacks"] == []


class TestList:
    def test_pages_go_from_the_newest_to_the_oldest_and_back(self, shop: Shop) -> None:
        made = [shop.payment()["id"] for _ in range(5)]

        first: Any = shop.sdk.payments.list(limit=2)
        second = first.get_next()
        third = second.get_next()

        found = [payment["id"] for page in (first, second, third) for payment in page]
        assert found == made[::-1]
        assert not third.has_next()
        assert [p["id"] for p in second.get_previous()] == [p["id"] for p in first]

    @pytest.mark.parametrize("query", ["limit=0", "limit=251", "limit=x", "page=2"])
    def test_a_wrong_query_is_refused(self, shop: Shop, query: str) -> None:
        assert shop.call("GET", f"payments?{query}")[0] == 400

    def test_from_must_be_in_the_list(self, shop: Shop) -> None:
        assert shop.call("GET", "payments?from=tr_unknown")[0] == 422


class TestUpdate:
    def test_an_open_payment_changes_without_a_call(self, shop: Shop) -> None:
        payment = shop.payment()

        shop.sdk.payments.update(payment["id"], {"description": "New", "method": "ideal"})

        found = shop.look(payment)
        assert (found["description"], found["method"]) == ("New", "ideal")
        assert shop.sandbox.deliveries() == []

    def test_an_amount_never_changes(self, shop: Shop) -> None:
        status, answer = shop.call("PATCH", f"payments/{shop.payment()['id']}", {"amount": EUR})

        assert (status, answer["field"]) == (422, "amount")

    def test_a_final_payment_keeps_its_method(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "pay")

        assert shop.call("PATCH", f"payments/{payment['id']}", {"method": "ideal"})[0] == 422


class TestCancel:
    def test_an_open_payment_is_canceled_and_the_shop_is_called(self, shop: Shop) -> None:
        payment = shop.payment()

        canceled = shop.sdk.payments.delete(payment["id"])

        assert canceled["status"] == "canceled"
        assert "checkout" not in canceled["_links"]
        assert [d["object_id"] for d in shop.sandbox.deliveries()] == [payment["id"]]

    def test_ideal_and_ended_payments_cannot_be(self, shop: Shop) -> None:
        ideal, paid = shop.payment(method="ideal"), shop.payment()
        shop.act(paid, "pay")

        for payment in (ideal, paid):
            with pytest.raises(ResponseError) as raised:
                shop.sdk.payments.delete(payment["id"])
            assert raised.value.status == 422
        assert ideal["isCancelable"] is False


class TestExpiry:
    @pytest.mark.parametrize(
        ("method", "before", "after"),
        [
            ("ideal", "14 minutes", "2 minutes"),
            ("creditcard", "29 minutes", "2 minutes"),
            ("bancontact", "59 minutes", "2 minutes"),
            ("paypal", "71 hours", "2 hours"),
        ],
    )
    def test_each_method_stays_open_for_its_time(
        self, shop: Shop, method: str, before: str, after: str
    ) -> None:
        payment = shop.payment(method=method)

        shop.sandbox.advance(before)
        assert shop.look(payment)["status"] == "open"
        shop.sandbox.advance(after)

        assert shop.look(payment)["status"] == "expired"
        assert [d["object_id"] for d in shop.sandbox.deliveries()] == [payment["id"]]

    def test_a_paid_payment_does_not_expire(self, shop: Shop) -> None:
        payment = shop.payment(webhookUrl=None)
        shop.act(payment, "pay")

        shop.sandbox.advance("1 day")

        assert shop.look(payment)["status"] == "paid"


class TestWrongAmount:
    def test_the_fault_changes_what_was_paid(self, shop: Shop) -> None:
        shop.sandbox.fault("wrong_amount", provider="mollie", match="")
        payment = shop.payment()

        shop.act(payment, "pay")

        assert shop.look(payment)["amount"]["value"] == "35.51"


class TestNotPlayed:
    def test_every_other_path_says_so(self, shop: Shop) -> None:
        status, answer = shop.call("POST", "payment-links", {})

        assert status == 501
        assert "/payment-links" in answer["detail"]

    def test_the_webhook_address_is_kept(self, shop: Shop) -> None:
        assert shop.payment()["webhookUrl"] == HOOK

"""The page a payer is sent to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.mollie.conftest import RETURN, Shop

TEST_IDS = ("sandbox-pay", "sandbox-decline", "sandbox-delay", "sandbox-expire", "sandbox-cancel")


def called(shop: Shop) -> list[str]:
    return [row["object_id"] for row in shop.sandbox.deliveries()]


class TestShow:
    def test_the_order_and_every_way_out_are_on_the_page(self, shop: Shop) -> None:
        page = shop.page(shop.payment(description="Team & co"))

        assert page.status_code == 200
        assert "Pay 34.51 EUR" in page.text
        assert "Team &amp; co" in page.text
        for test_id in TEST_IDS:
            assert f'data-testid="{test_id}"' in page.text
        assert "Set-Cookie" not in page.headers

    def test_a_payment_without_a_method_lets_the_payer_choose(self, shop: Shop) -> None:
        payment = shop.payment(method=None)

        assert 'value="bancontact"' in shop.page(payment).text
        shop.act(payment, "pay", method="bancontact")

        found = shop.look(payment)
        assert (found["method"], found["status"]) == ("bancontact", "paid")

    @pytest.mark.parametrize("form", [{"method": "directdebit"}, {"method": ""}, {}])
    def test_a_method_that_is_not_offered_is_not_taken(
        self, shop: Shop, form: dict[str, str]
    ) -> None:
        payment = shop.payment(method=None)

        page = shop.act(payment, "pay", **form)

        assert page.status_code == 422
        assert "Choose how to pay" in page.text
        assert shop.look(payment)["status"] == "open"

    def test_an_unknown_payment_has_no_page(self, shop: Shop) -> None:
        for page in ("", "/3ds"):
            assert shop.page({"id": "tr_unknown"}, page).status_code == 404
            assert shop.act({"id": "tr_unknown"}, "pay", page).status_code == 404

    def test_a_payment_that_ended_says_so_and_leads_back(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "cancel")

        page = shop.page(payment)

        assert "was canceled" in page.text
        assert RETURN in page.text
        assert "sandbox-pay" not in page.text


class TestAct:
    @pytest.mark.parametrize(
        ("act", "status", "calls"),
        [
            ("pay", "paid", 1),
            ("decline", "failed", 1),
            ("cancel", "canceled", 1),
            ("expire", "expired", 1),
            ("delay", "pending", 0),
        ],
    )
    @pytest.mark.parametrize("method", ["creditcard", "ideal", "paypal"])
    def test_it_ends_as_asked_calls_the_shop_and_leads_back(
        self, shop: Shop, method: str, act: str, status: str, calls: int
    ) -> None:
        payment = shop.payment(method=method)

        answer = shop.act(payment, act)

        assert (answer.status_code, answer.headers["Location"]) == (303, RETURN)
        assert shop.look(payment)["status"] == status
        assert called(shop) == [payment["id"]] * calls

    def test_a_cancel_address_of_its_own_is_kept_to(self, shop: Shop) -> None:
        payment = shop.payment(cancelUrl="https://app.example.com/left?a=1&b=ü")

        assert (
            shop.act(payment, "cancel")
            .headers["Location"]
            .startswith("https://app.example.com/left?a=1&b=")
        )

    def test_a_delayed_payment_is_paid_a_day_later(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "delay")

        shop.sandbox.advance("23 hours")
        assert shop.look(payment)["status"] == "pending"
        shop.sandbox.advance("2 hours")

        assert shop.look(payment)["status"] == "paid"
        assert called(shop) == [payment["id"]]

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            ("4000 0000 0000 0002", "card_declined"),
            ("4000000000009995", "insufficient_funds"),
            ("4000 0000 0000 0069", "card_expired"),
            ("4000 0000 0000 0127", "invalid_cvv"),
            ("4100 0000 0000 0019", "possible_fraud"),
        ],
    )
    def test_test_cards_fail_for_their_reason(self, shop: Shop, number: str, reason: str) -> None:
        payment = shop.payment()

        shop.act(payment, "pay", card_number=number)

        found = shop.look(payment)
        assert found["status"] == "failed"
        assert found["details"]["failureReason"] == reason

    def test_an_unknown_card_number_is_asked_for_again(self, shop: Shop) -> None:
        payment = shop.payment()

        page = shop.act(payment, "pay", card_number="1234 <b>")

        assert page.status_code == 422
        assert "1234 &lt;b&gt;" in page.text
        assert shop.look(payment)["status"] == "open"

    @pytest.mark.parametrize("form", [{"act": ""}, {"act": "steal"}])
    def test_an_unknown_act_does_nothing(self, shop: Shop, form: dict[str, str]) -> None:
        payment = shop.payment()

        assert shop.act(payment, form["act"]).status_code == 422
        assert shop.look(payment)["status"] == "open"

    def test_the_name_on_the_card_is_kept(self, shop: Shop) -> None:
        payment = shop.payment()

        shop.act(payment, "pay", card_holder="Tara Tester")

        assert shop.look(payment)["details"]["cardHolder"] == "Tara Tester"

    def test_magic_amounts_fail_by_card(self, shop: Shop) -> None:
        payment = shop.payment(amount={"currency": "EUR", "value": "1007.00"})

        shop.act(payment, "pay")

        assert shop.look(payment)["details"]["failureReason"] == "insufficient_funds"

    def test_a_second_press_changes_nothing(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "pay")

        answer = shop.act(payment, "cancel")

        assert answer.headers["Location"].endswith(f"/mollie/checkout/{payment['id']}")
        assert shop.look(payment)["status"] == "paid"
        assert called(shop) == [payment["id"]]


class Test3ds:
    CARD = {"card_number": "4000 0027 6000 3184"}

    @pytest.mark.parametrize(("act", "status"), [("pass", "paid"), ("fail", "failed")])
    def test_the_bank_asks_and_the_answer_counts(self, shop: Shop, act: str, status: str) -> None:
        payment = shop.payment()

        asked = shop.act(payment, "pay", **self.CARD)
        page = shop.page(payment, "/3ds")
        answer = shop.act(payment, act, "/3ds")

        assert asked.headers["Location"].endswith("/3ds")
        assert "sandbox-3ds-pass" in page.text
        assert "sandbox-3ds-fail" in page.text
        assert answer.headers["Location"] == RETURN
        found = shop.look(payment)
        assert found["status"] == status
        assert found["details"]["cardSecurity"] == "3dsecure"

    def test_without_a_question_there_is_no_answer(self, shop: Shop) -> None:
        payment = shop.payment()

        for answer in (shop.page(payment, "/3ds"), shop.act(payment, "pass", "/3ds")):
            assert answer.headers["Location"].endswith(payment["id"])
        assert shop.look(payment)["status"] == "open"


class TestDispute:
    def test_a_paid_payment_can_be_taken_back_once(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "pay")

        shop.act(payment, "dispute")
        shop.act(payment, "dispute")

        found: dict[str, Any] = shop.look(payment)
        assert found["status"] == "paid"
        assert found["amountChargedBack"] == {"currency": "EUR", "value": "34.51"}
        assert called(shop) == [payment["id"]] * 2
        assert "took it back" in shop.page(payment).text

    def test_it_is_listed(self, shop: Shop) -> None:
        payment = shop.payment()
        shop.act(payment, "pay")
        shop.act(payment, "dispute")

        _, listed = shop.call("GET", f"payments/{payment['id']}/chargebacks")
        id = listed["_embedded"]["chargebacks"][0]["id"]

        assert shop.call("GET", f"payments/{payment['id']}/chargebacks/{id}")[0] == 200
        assert shop.call("GET", "chargebacks")[1]["count"] == 1
        assert shop.call("GET", f"payments/{payment['id']}/chargebacks/chb_x")[0] == 404

"""Subscriptions and recurring payments, on the sandbox's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.mollie.conftest import HOOK, Shop

EUR = {"currency": "EUR", "value": "34.51"}


def day(shop: Shop, days: int = 0) -> str:
    now = datetime.fromisoformat(shop.sandbox.now())
    return (now + timedelta(days=days)).date().isoformat()


def charges(shop: Shop, customer_id: str, subscription: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"customers/{customer_id}/subscriptions/{subscription['id']}/payments"
    found: list[dict[str, Any]] = shop.call("GET", path)[1]["_embedded"]["payments"]
    return found[::-1]


class TestCreate:
    def test_it_charges_from_its_start_date_on(self, shop: Shop) -> None:
        customer_id, payment = shop.subscriber()

        made = shop.subscription(customer_id, startDate=day(shop, 30), metadata={"a": "b"})

        assert made["status"] == "active"
        assert made["nextPaymentDate"] == day(shop, 30)
        assert made["mandateId"] == payment["mandateId"]
        assert charges(shop, customer_id, made) == []

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"interval": "1 year"}, "interval"),
            ({"interval": "13 months"}, "interval"),
            ({"interval": "0 days"}, "interval"),
            ({"startDate": "2020-01-01"}, "startDate"),
            ({"startDate": "1 January"}, "startDate"),
            ({"startDate": "2027-02-30"}, "startDate"),
            ({"amount": {"currency": "EUR", "value": "0.00"}}, "amount"),
            ({"mandateId": "mdt_unknown"}, "mandateId"),
            ({"times": 0}, "times"),
            ({"times": True}, "times"),
            ({"method": "ideal"}, "method"),
            ({"webhookUrl": "https://10.0.0.1/"}, "webhookUrl"),
            ({"description": None}, "description"),
        ],
    )
    def test_what_mollie_refuses_is_refused(
        self, shop: Shop, changes: dict[str, Any], field: str
    ) -> None:
        customer_id, _ = shop.subscriber()
        body = {"amount": EUR, "interval": "1 month", "description": "Team", **changes}

        status, answer = shop.call("POST", f"customers/{customer_id}/subscriptions", body)

        assert (status, answer["field"]) == (422, field)

    def test_it_needs_a_mandate(self, shop: Shop) -> None:
        body = {"amount": EUR, "interval": "1 month", "description": "Team"}

        status, _ = shop.call("POST", f"customers/{shop.customer()}/subscriptions", body)

        assert status == 422

    def test_two_running_ones_may_not_have_the_same_description(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        first = shop.subscription(customer_id)
        body = {"amount": EUR, "interval": "1 month", "description": first["description"]}
        path = f"customers/{customer_id}/subscriptions"

        refused, answer = shop.call("POST", path, body)
        shop.call("DELETE", f"{path}/{first['id']}")

        assert (refused, answer["field"]) == (422, "description")
        assert shop.call("POST", path, body)[0] == 201


class TestCharges:
    def test_a_card_is_charged_at_midnight_and_the_shop_is_called(self, shop: Shop) -> None:
        customer_id, first = shop.subscriber()
        made = shop.subscription(customer_id, startDate=day(shop, 30), metadata={"a": "b"})
        before = len(shop.sandbox.deliveries())

        shop.sandbox.advance_to(f"{day(shop, 30)}T00:00:00Z")

        (charge,) = charges(shop, customer_id, made)
        assert charge["status"] == "paid"
        assert charge["id"] != first["id"]
        assert charge["subscriptionId"] == made["id"]
        assert charge["sequenceType"] == "recurring"
        assert charge["metadata"] == {"a": "b"}
        assert charge["webhookUrl"] == HOOK
        assert charge["createdAt"].endswith("T00:00:00+00:00")
        assert "checkout" not in charge["_links"]
        called = shop.sandbox.deliveries()[before:]
        assert [(row["object_id"], row["type"]) for row in called] == [(charge["id"], None)]

    def test_a_direct_debit_takes_days(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber(with_method="ideal")
        made = shop.subscription(customer_id, startDate=day(shop, 1))

        shop.sandbox.advance("2 days")
        (pending,) = charges(shop, customer_id, made)
        shop.sandbox.advance("3 days")
        (paid,) = charges(shop, customer_id, made)

        assert (pending["method"], pending["status"]) == ("directdebit", "pending")
        assert paid["status"] == "paid"

    @pytest.mark.parametrize(
        ("form", "detail", "reason"),
        [
            ({"card_number": "4000 0000 0000 0341"}, "failureReason", "insufficient_funds"),
            ({"with_method": "ideal", "bank": "poorbank"}, "bankReasonCode", "AM04"),
        ],
    )
    def test_magic_inputs_pay_first_and_fail_later(
        self, shop: Shop, form: dict[str, str], detail: str, reason: str
    ) -> None:
        customer_id, first = shop.subscriber(**form)
        made = shop.subscription(customer_id, startDate=day(shop, 1))

        shop.sandbox.advance("6 days")

        (charge,) = charges(shop, customer_id, made)
        assert first["status"] == "paid"
        assert charge["status"] == "failed"
        assert charge["details"][detail] == reason

    def test_a_closed_account_suspends_it_until_it_has_another_mandate(self, shop: Shop) -> None:
        customer_id, first = shop.subscriber(with_method="ideal", bank="closingbank")
        made = shop.subscription(customer_id, startDate=day(shop, 1), interval="10 days")
        path = f"customers/{customer_id}/subscriptions/{made['id']}"

        shop.sandbox.advance("6 days")
        _, mandate = shop.call("GET", f"customers/{customer_id}/mandates/{first['mandateId']}")
        shop.sandbox.advance("6 days")
        _, suspended = shop.call("GET", path)
        another = shop.first_payment(customer_id)
        shop.act(another, "pay")
        shop.call("PATCH", path, {"mandateId": shop.look(another)["mandateId"]})
        shop.sandbox.advance("10 days")

        assert mandate["status"] == "invalid"
        assert suspended["status"] == "suspended"
        assert shop.call("GET", path)[1]["status"] == "active"
        statuses = [charge["status"] for charge in charges(shop, customer_id, made)]
        assert statuses == ["failed", "paid"]

    def test_a_month_end_comes_back_after_a_shorter_month(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        path = f"customers/{customer_id}/subscriptions"
        year = int(day(shop)[:4]) + 1
        made = shop.subscription(customer_id, startDate=f"{year}-01-31")

        dates = []
        for _ in range(3):
            dates.append(shop.call("GET", f"{path}/{made['id']}")[1]["nextPaymentDate"])
            shop.sandbox.advance_to(f"{dates[-1]}T00:00:00Z")

        assert [date[5:] for date in dates][0::2] == ["01-31", "03-31"]
        assert dates[1][5:] in ("02-28", "02-29")

    @pytest.mark.parametrize(("interval", "days"), [("10 days", 10), ("2 weeks", 14)])
    def test_other_intervals_count_in_days(self, shop: Shop, interval: str, days: int) -> None:
        customer_id, _ = shop.subscriber()
        made = shop.subscription(customer_id, startDate=day(shop, 1), interval=interval)
        expected = day(shop, 1 + days)

        shop.sandbox.advance("1 day")

        _, found = shop.call("GET", f"customers/{customer_id}/subscriptions/{made['id']}")
        assert found["nextPaymentDate"] == expected

    def test_it_completes_after_its_times(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        made = shop.subscription(customer_id, startDate=day(shop, 1), interval="1 day", times=2)

        shop.sandbox.advance("1 week")

        _, found = shop.call("GET", f"customers/{customer_id}/subscriptions/{made['id']}")
        assert found["status"] == "completed"
        assert found["timesRemaining"] == 0
        assert "nextPaymentDate" not in found
        assert len(charges(shop, customer_id, made)) == 2


class TestUpdate:
    def test_the_next_charge_takes_the_new_amount_and_date(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        made = shop.subscription(customer_id, startDate=day(shop, 10))
        path = f"customers/{customer_id}/subscriptions/{made['id']}"
        body = {"amount": {"currency": "EUR", "value": "99.00"}, "startDate": day(shop, 20)}

        _, changed = shop.call("PATCH", path, body)
        shop.sandbox.advance("12 days")
        none_yet = charges(shop, customer_id, made)
        shop.sandbox.advance("10 days")

        assert changed["nextPaymentDate"] == body["startDate"]
        assert none_yet == []
        assert [c["amount"]["value"] for c in charges(shop, customer_id, made)] == ["99.00"]

    def test_a_new_interval_counts_from_the_next_charge(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        made = shop.subscription(customer_id, startDate=day(shop, 5))
        path = f"customers/{customer_id}/subscriptions/{made['id']}"

        shop.call("PATCH", path, {"interval": "12 months"})
        shop.sandbox.advance("40 days")

        assert len(charges(shop, customer_id, made)) == 1

    def test_a_wrong_mandate_is_refused(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        _, other = shop.subscriber()
        made = shop.subscription(customer_id)
        path = f"customers/{customer_id}/subscriptions/{made['id']}"

        assert shop.call("PATCH", path, {"mandateId": other["mandateId"]})[0] == 422


class TestCancel:
    def test_it_charges_no_more_and_cannot_come_back(self, shop: Shop) -> None:
        customer_id, _ = shop.subscriber()
        made = shop.subscription(customer_id, startDate=day(shop, 1))
        path = f"customers/{customer_id}/subscriptions/{made['id']}"

        status, canceled = shop.call("DELETE", path)
        shop.sandbox.advance("2 days")

        assert (status, canceled["status"]) == (200, "canceled")
        assert charges(shop, customer_id, made) == []
        assert shop.call("DELETE", path)[0] == 422
        assert shop.call("PATCH", path, {"amount": EUR})[0] == 422


class TestRecurring:
    def test_a_mandate_is_charged_at_once(self, shop: Shop) -> None:
        customer_id, first = shop.subscriber()
        body = {"amount": EUR, "description": "Again", "sequenceType": "recurring"}

        status, payment = shop.call("POST", f"customers/{customer_id}/payments", body)

        assert (status, payment["status"]) == (201, "paid")
        assert payment["mandateId"] == first["mandateId"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"mandateId": "mdt_unknown"}, "mandateId"),
            ({"method": "directdebit"}, "customerId"),
            ({"amount": {"currency": "EUR", "value": "0.00"}}, "amount"),
            ({"amount": {"currency": "THB", "value": "1.00"}}, "amount"),
        ],
    )
    def test_what_the_mandate_cannot_do_is_refused(
        self, shop: Shop, changes: dict[str, Any], field: str
    ) -> None:
        customer_id, _ = shop.subscriber()
        body = {"amount": EUR, "description": "x", "sequenceType": "recurring", **changes}

        status, answer = shop.call("POST", f"customers/{customer_id}/payments", body)

        assert (status, answer["field"]) == (422, field)

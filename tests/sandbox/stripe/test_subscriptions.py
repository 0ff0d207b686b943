"""Subscriptions over time: renewal, proration, failure, cancellation, resumption."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import Shop


def now_of(shop: Shop, plan: Any) -> Any:
    return shop.sdk.subscriptions.retrieve(plan.id, {"expand": ["latest_invoice"]})


def item(plan: Any) -> Any:
    return plan["items"].data[0]


def totals(shop: Shop, plan: Any) -> list[int]:
    return [i.total for i in reversed(shop.sdk.invoices.list({"subscription": plan.id}).data)]


def day(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).date().isoformat()


class TestRenewal:
    def test_charges_the_default_method_each_period(self, shop: Shop) -> None:
        plan = shop.subscriber()

        told = shop.events_after(lambda: shop.sandbox.advance("1 month"))

        renewed = now_of(shop, plan)
        assert item(renewed).current_period_start == item(plan).current_period_end
        assert renewed.latest_invoice.billing_reason == "subscription_cycle"
        assert renewed.latest_invoice.status == "paid"
        assert told == [
            "invoice.created",
            "customer.subscription.updated",
            "invoice.finalized",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.paid",
            "invoice.payment_succeeded",
        ]

    def test_names_what_each_costs_on_the_invoice(self, shop: Shop) -> None:
        plan = shop.subscriber(price=shop.price(1900))

        (line,) = now_of(shop, plan).latest_invoice.lines.data

        assert line.description == "1 × Team (at €19.00 / month)"

    def test_on_the_31st_keeps_to_the_end_of_the_month(self, shop: Shop) -> None:
        shop.sandbox.advance_to("2027-01-31T12:00:00Z")
        plan = shop.subscriber()
        ends = [day(item(plan).current_period_end)]

        for _ in range(3):
            shop.sandbox.advance("31 days")
            ends.append(day(item(now_of(shop, plan)).current_period_end))

        assert ends == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]

    def test_a_debit_is_open_until_it_settles(self, shop: Shop) -> None:
        plan = shop.subscriber(method="sepa_debit")
        shop.sandbox.advance("6 days")

        shop.sandbox.advance("26 days")
        early = now_of(shop, plan)
        shop.sandbox.advance("6 days")

        assert (early.status, early.latest_invoice.status) == ("active", "open")
        assert now_of(shop, plan).latest_invoice.status == "paid"

    def test_a_card_that_fails_later_leads_to_past_due_and_the_end(self, shop: Shop) -> None:
        plan = shop.subscriber(card_number="4000000000000341")

        shop.sandbox.advance("32 days")
        late = now_of(shop, plan)
        shop.sandbox.advance("20 days")
        ended = now_of(shop, plan)

        assert (late.status, late.latest_invoice.status) == ("past_due", "open")
        assert late.latest_invoice.next_payment_attempt is not None
        assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
        assert ended.latest_invoice.attempt_count == 4

    def test_another_card_recovers_it(self, shop: Shop) -> None:
        plan = shop.subscriber(card_number="4000000000000341")
        shop.sandbox.advance("32 days")
        card = shop.sdk.payment_methods.attach("pm_card_visa", {"customer": plan.customer})
        shop.sdk.subscriptions.update(plan.id, {"default_payment_method": card.id})

        shop.sandbox.advance("4 days")

        recovered = now_of(shop, plan)
        assert (recovered.status, recovered.latest_invoice.status) == ("active", "paid")

    def test_an_open_invoice_can_be_paid_by_call(self, shop: Shop) -> None:
        plan = shop.subscriber(card_number="4000000000000341")
        shop.sandbox.advance("32 days")
        invoice = now_of(shop, plan).latest_invoice.id

        with pytest.raises(stripe.CardError) as declined:
            shop.sdk.invoices.pay(invoice)
        card = shop.sdk.payment_methods.attach("pm_card_visa", {"customer": plan.customer})
        paid = shop.sdk.invoices.pay(invoice, {"payment_method": card.id})

        assert declined.value.code == "card_declined"
        assert paid.status == "paid"
        assert now_of(shop, plan).status == "active"
        with pytest.raises(stripe.InvalidRequestError, match="already paid"):
            shop.sdk.invoices.pay(invoice)

    def test_a_card_that_asks_every_time_needs_the_payer(self, shop: Shop) -> None:
        session = shop.session()
        sent = shop.press(session.url, card_number="4000002760003184")
        shop.press(sent.headers["Location"], "3ds_pass")

        shop.sandbox.advance("1 month")

        assert "invoice.payment_action_required" in shop.events()
        assert shop.look(session, "subscription").subscription.status == "past_due"


class TestChange:
    def test_with_an_invoice_now_charges_the_difference_for_the_rest(self, shop: Shop) -> None:
        plan = shop.subscriber()
        price = shop.price(3000)
        middle = (item(plan).current_period_start + item(plan).current_period_end) // 2
        shop.sandbox.advance_to(datetime.fromtimestamp(middle, UTC).isoformat())
        wanted = {
            "items": [{"id": item(plan).id, "price": price}],
            "proration_behavior": "always_invoice",
            "proration_date": middle,
        }

        preview = shop.sdk.invoices.create_preview(
            {"subscription": plan.id, "subscription_details": wanted}
        )
        changed = shop.sdk.subscriptions.update(plan.id, {**wanted, "expand": ["latest_invoice"]})

        assert [line.amount for line in preview.lines.data] == [-500, 1500]
        assert preview.total == changed.latest_invoice.total == 1000
        assert changed.latest_invoice.status == "paid"
        assert item(changed).price.id == price
        assert item(changed).current_period_end == item(plan).current_period_end

    def test_with_prorations_waits_for_the_next_invoice(self, shop: Shop) -> None:
        plan = shop.subscriber()
        wanted = {
            "items": [{"id": item(plan).id, "quantity": 3}],
            "proration_date": item(plan).current_period_start,
        }

        preview = shop.sdk.invoices.create_preview(
            {"subscription": plan.id, "subscription_details": wanted}
        )
        shop.sdk.subscriptions.update(plan.id, wanted)
        shop.sandbox.advance("1 month")

        assert preview.total == 2000 + 3000
        assert totals(shop, plan) == [1000, 5000]

    def test_without_proration_counts_from_the_next_period(self, shop: Shop) -> None:
        plan = shop.subscriber()
        wanted = {
            "items": [{"id": item(plan).id, "price": shop.price(3000)}],
            "proration_behavior": "none",
        }

        shop.sdk.subscriptions.update(plan.id, wanted)
        shop.sandbox.advance("1 month")

        assert totals(shop, plan) == [1000, 3000]

    def test_to_another_interval_begins_a_period_now(self, shop: Shop) -> None:
        plan = shop.subscriber()
        yearly = shop.price(9000, "year")

        changed = shop.sdk.subscriptions.update(
            plan.id,
            {
                "items": [{"id": item(plan).id, "price": yearly}],
                "proration_date": item(plan).current_period_start,
            },
        )

        length = item(changed).current_period_end - item(changed).current_period_start
        assert length in (365 * 86_400, 366 * 86_400)
        assert totals(shop, plan) == [1000, 8000]

    def test_a_credit_is_kept_for_the_next_invoice(self, shop: Shop) -> None:
        plan = shop.subscriber(price=shop.price(3000))
        wanted = {
            "items": [{"id": item(plan).id, "price": shop.price(1000)}],
            "proration_behavior": "always_invoice",
            "proration_date": item(plan).current_period_start,
        }

        shop.sdk.subscriptions.update(plan.id, wanted)
        credit = shop.sdk.customers.retrieve(plan.customer).balance
        shop.sandbox.advance("1 month")

        assert credit == -2000
        renewal = now_of(shop, plan).latest_invoice
        assert (renewal.total, renewal.amount_due, renewal.ending_balance) == (1000, 0, -1000)

    def test_that_cannot_be_paid_may_be_undone(self, shop: Shop) -> None:
        plan = shop.subscriber(card_number="4000000000000341")
        wanted = {
            "items": [{"id": item(plan).id, "price": shop.price(9000)}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "error_if_incomplete",
        }

        with pytest.raises(stripe.CardError):
            shop.sdk.subscriptions.update(plan.id, wanted)

        assert item(now_of(shop, plan)).price.unit_amount == 1000
        assert len(totals(shop, plan)) == 1

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"items": [{"id": "si_none", "quantity": 2}]}, "items[0][id]"),
            ({"items": [{"price": "price_none"}]}, "items[0][price]"),
            ({"default_payment_method": "pm_none"}, "default_payment_method"),
            ({"proration_date": 1, "items": [{"quantity": 2}]}, "proration_date"),
        ],
    )
    def test_that_makes_no_sense_is_refused(
        self, shop: Shop, change: dict[str, Any], param: str
    ) -> None:
        plan = shop.subscriber()

        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.sdk.subscriptions.update(plan.id, change)

        assert refused.value.param == param

    def test_to_another_currency_is_refused(self, shop: Shop) -> None:
        plan = shop.subscriber()
        dollars = shop.price(currency="usd")

        with pytest.raises(stripe.InvalidRequestError, match="currency"):
            shop.sdk.subscriptions.update(
                plan.id, {"items": [{"id": item(plan).id, "price": dollars}]}
            )

    def test_keeps_metadata_it_does_not_name(self, shop: Shop) -> None:
        plan = shop.subscriber()
        shop.sdk.subscriptions.update(plan.id, {"metadata": {"a": "1", "b": "2"}})

        changed = shop.sdk.subscriptions.update(plan.id, {"metadata": {"a": "", "c": "3"}})

        assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


class TestEnd:
    def test_at_the_period_end_and_not_before(self, shop: Shop) -> None:
        plan = shop.subscriber()

        ending = shop.sdk.subscriptions.update(plan.id, {"cancel_at_period_end": True})
        shop.sandbox.advance("27 days")
        assert now_of(shop, plan).status == "active"
        shop.sandbox.advance("5 days")

        assert ending.cancel_at == item(plan).current_period_end
        assert now_of(shop, plan).status == "canceled"
        assert totals(shop, plan) == [1000]
        assert shop.events()[-1] == "customer.subscription.deleted"

    def test_can_be_taken_back(self, shop: Shop) -> None:
        plan = shop.subscriber()
        shop.sdk.subscriptions.update(plan.id, {"cancel_at_period_end": True})

        kept = shop.sdk.subscriptions.update(plan.id, {"cancel_at_period_end": False})
        shop.sandbox.advance("1 month")

        assert (kept.cancel_at, kept.canceled_at) == (None, None)
        assert totals(shop, plan) == [1000, 1000]

    def test_at_a_time(self, shop: Shop) -> None:
        plan = shop.subscriber()
        at = item(plan).current_period_start + 10 * 86_400

        shop.sdk.subscriptions.update(plan.id, {"cancel_at": at})
        shop.sandbox.advance("11 days")

        assert now_of(shop, plan).status == "canceled"

    def test_now(self, shop: Shop) -> None:
        plan = shop.subscriber()

        ended = shop.sdk.subscriptions.cancel(plan.id)

        assert (ended.status, ended.cancellation_details.reason) == (
            "canceled",
            "cancellation_requested",
        )
        assert shop.sdk.subscriptions.list({"customer": plan.customer}).data == []
        every = shop.sdk.subscriptions.list({"customer": plan.customer, "status": "all"}).data
        assert [found.id for found in every] == [plan.id]
        with pytest.raises(stripe.InvalidRequestError):
            shop.sdk.subscriptions.cancel(plan.id)

    def test_now_with_the_rest_credited(self, shop: Shop) -> None:
        plan = shop.subscriber()

        shop.sdk.subscriptions.cancel(plan.id, {"prorate": True, "invoice_now": True})

        credit = shop.sdk.customers.retrieve(plan.customer).balance
        assert -1000 <= credit <= -999

    def test_of_a_trial_without_a_method_pauses_when_asked(self, shop: Shop) -> None:
        session = shop.session(
            subscription_data={
                "trial_period_days": 7,
                "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
            }
        )
        shop.press(session.url)
        plan = shop.look(session, "subscription").subscription
        shop.sdk.payment_methods.detach(plan.default_payment_method)

        shop.sandbox.advance("8 days")
        assert now_of(shop, plan).status == "paused"
        card = shop.sdk.payment_methods.attach("pm_card_visa", {"customer": plan.customer})
        shop.sdk.subscriptions.update(plan.id, {"default_payment_method": card.id})
        resumed = shop.sdk.subscriptions.resume(plan.id)

        assert resumed.status == "active"
        assert now_of(shop, plan).latest_invoice.status == "paid"

    def test_deleting_the_customer_ends_it(self, shop: Shop) -> None:
        plan = shop.subscriber()

        shop.sdk.customers.delete(plan.customer)

        assert now_of(shop, plan).status == "canceled"
        assert shop.sdk.customers.retrieve(plan.customer).deleted

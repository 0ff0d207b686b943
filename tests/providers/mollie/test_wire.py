"""Translation to and from Mollie's JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import EXPONENTS, Money
from app.providers import base, errors
from app.providers.mollie import wire, words

UUID = "6f1d4f9e-6a57-4d0a-9f0e-3c6a5d1b2c3d"
LIVE = "https://api.mollie.com"
SANDBOX = "http://127.0.0.1:5010/mollie"
ORDER = base.CheckoutRequest(
    uuid=UUID,
    mode="subscription",
    currency="EUR",
    total=Money(3451, "EUR"),
    tax=Money(551, "EUR"),
    description="Acme Notes: Team, monthly",
    return_url="https://billing.example.com/return/1/2",
    left_url="https://billing.example.com/return/1/2/left",
    lines=(
        base.Line("Team", Money(2900, "EUR"), 1, tax_percentage=Decimal("19"), interval="month"),
    ),
    customer_id="cst_8wmqcHMN4U",
    method="card",
    locale="de",
    webhook_url="https://billing.example.com/hooks/mollie/1/s",
)
PAID: dict[str, Any] = {
    "resource": "payment",
    "id": "tr_7UhSN1zuXS",
    "mode": "test",
    "status": "paid",
    "amount": {"value": "34.51", "currency": "EUR"},
    "amountRefunded": {"value": "10.00", "currency": "EUR"},
    "sequenceType": "first",
    "method": "creditcard",
    "createdAt": "2026-11-20T10:00:00+00:00",
    "paidAt": "2026-11-20T10:02:00+00:00",
    "customerId": "cst_8wmqcHMN4U",
    "mandateId": "mdt_h3gAaD5zP",
    "metadata": {"portico_uuid": UUID},
    "details": {"cardNumber": "4242", "cardLabel": "American Express"},
    "_links": {"self": {"href": "…", "type": "application/hal+json"}},
}


class TestAmounts:
    @given(st.sampled_from(sorted(EXPONENTS)), st.integers(0, 10**12))
    def test_every_currency_goes_there_and_back_or_is_unsupported(
        self, currency: str, minor: int
    ) -> None:
        money = Money(minor, currency)
        if currency not in words.CURRENCIES:
            with pytest.raises(errors.Unsupported):
                wire.amount_out(money)
            return

        written = wire.amount_out(money)

        assert wire.amount_in(written) == money
        assert len(written["value"].partition(".")[2]) == (0 if currency in ("ISK", "JPY") else 2)

    def test_every_currency_mollie_takes_is_one_we_know(self) -> None:
        assert set(EXPONENTS) >= words.CURRENCIES
        assert {c for c in words.CURRENCIES if EXPONENTS[c] == 0} == {"ISK", "JPY"}

    @pytest.mark.parametrize(
        ("minor", "currency", "value"),
        [(0, "EUR", "0.00"), (5, "EUR", "0.05"), (1000000, "HUF", "10000.00"), (500, "JPY", "500")],
    )
    def test_amounts_are_strings_with_the_exact_decimals(
        self, minor: int, currency: str, value: str
    ) -> None:
        assert wire.amount_out(Money(minor, currency)) == {"currency": currency, "value": value}


class TestCheckoutOut:
    def test_a_subscription_begins_with_a_first_payment(self) -> None:
        body = wire.checkout_out(ORDER, api_url=LIVE)

        assert body == {
            "amount": {"currency": "EUR", "value": "34.51"},
            "description": "Acme Notes: Team, monthly #6f1d4f9e",
            "sequenceType": "first",
            "method": "creditcard",
            "customerId": "cst_8wmqcHMN4U",
            "redirectUrl": "https://billing.example.com/return/1/2",
            "webhookUrl": "https://billing.example.com/hooks/mollie/1/s",
            "locale": "de_DE",
            "lines": [
                {
                    "description": "Team",
                    "quantity": 1,
                    "unitPrice": {"currency": "EUR", "value": "34.51"},
                    "totalAmount": {"currency": "EUR", "value": "34.51"},
                    "vatRate": "19.00",
                    "vatAmount": {"currency": "EUR", "value": "5.51"},
                }
            ],
            "metadata": {"portico_uuid": UUID},
        }

    def test_the_same_order_makes_the_same_request(self) -> None:
        assert wire.checkout_out(ORDER, api_url=LIVE) == wire.checkout_out(
            replace(ORDER), api_url=LIVE
        )

    def test_a_one_time_payment_makes_no_mandate(self) -> None:
        body = wire.checkout_out(
            replace(ORDER, mode="payment", customer_id=None, method=None, locale=None), api_url=LIVE
        )

        assert body["sequenceType"] == "oneoff"
        assert not {"customerId", "method", "locale"} & set(body)

    def test_a_set_up_pays_its_small_total_without_lines(self) -> None:
        body = wire.checkout_out(
            replace(ORDER, mode="setup", total=Money(1, "EUR"), tax=Money(0, "EUR")), api_url=LIVE
        )

        assert body["sequenceType"] == "first"
        assert body["amount"] == {"currency": "EUR", "value": "0.01"}
        assert "lines" not in body

    def test_a_first_payment_needs_a_customer(self) -> None:
        with pytest.raises(errors.Refused):
            wire.checkout_out(replace(ORDER, customer_id=None), api_url=LIVE)

    @pytest.mark.parametrize("method", ["sepa", "directdebit", "creditcard", "sofort"])
    def test_a_method_it_cannot_check_out_with_is_unsupported(self, method: str) -> None:
        with pytest.raises(errors.Unsupported):
            wire.checkout_out(replace(ORDER, method=method), api_url=LIVE)

    def test_a_long_description_is_cut_and_stays_unique(self) -> None:
        text = wire.description("x" * 400, UUID)

        assert len(text) == 255
        assert text.endswith(" #6f1d4f9e")


class TestLinesOut:
    def test_inclusive_prices_show_the_tax_in_them(self) -> None:
        line = base.Line(
            "Team",
            Money(1190, "EUR"),
            3,
            tax_behavior="inclusive",
            tax_percentage=Decimal("19"),
        )
        order = replace(ORDER, lines=(line,), total=Money(3570, "EUR"), tax=Money(570, "EUR"))

        (body,) = wire.lines_out(order) or []

        assert body["quantity"] == 3
        assert body["unitPrice"]["value"] == "11.90"
        assert body["totalAmount"]["value"] == "35.70"
        assert body["vatAmount"]["value"] == "5.70"

    def test_without_a_rate_no_tax_is_named(self) -> None:
        line = base.Line("Team", Money(2900, "EUR"), 2)
        order = replace(ORDER, lines=(line,), total=Money(5800, "EUR"), tax=Money(0, "EUR"))

        (body,) = wire.lines_out(order) or []

        assert not {"vatRate", "vatAmount"} & set(body)

    @pytest.mark.parametrize(
        "changed",
        [
            {"total": Money(3450, "EUR")},
            {"tax": Money(550, "EUR")},
            {"lines": ()},
            # 3 × 0.33 net is 1.18 with tax: no unit price is a third of it.
            {
                "lines": (base.Line("Seat", Money(33, "EUR"), 3, tax_percentage=Decimal("19")),),
                "total": Money(118, "EUR"),
                "tax": Money(19, "EUR"),
            },
        ],
    )
    def test_lines_that_would_not_add_up_are_left_out(self, changed: dict[str, Any]) -> None:
        assert wire.lines_out(replace(ORDER, **changed)) is None

    @given(
        st.integers(1, 10**6),
        st.sampled_from(["0", "7", "8.1", "19", "25.5"]),
        st.sampled_from(["inclusive", "exclusive"]),
    )
    def test_the_tax_is_what_mollie_computes_from_the_total(
        self, minor: int, rate: str, behavior: Any
    ) -> None:
        percentage = Decimal(rate)
        line = base.Line("Team", Money(minor, "EUR"), 1, behavior, tax_percentage=percentage)
        net = Money(minor, "EUR")
        tax = net.portion(
            percentage if behavior == "exclusive" else 100 * percentage / (100 + percentage)
        )
        total = net + tax if behavior == "exclusive" else net

        (body,) = wire.lines_out(replace(ORDER, lines=(line,), total=total, tax=tax)) or []

        asked = total.portion(100 * percentage / (100 + percentage))
        assert wire.amount_in(body["vatAmount"]) == asked


class TestWebhookOut:
    @pytest.mark.parametrize(
        "url",
        [
            "http://localhost:5000/h",
            "http://127.0.0.1/h",
            "http://[::1]/h",
            "http://10.1.2.3/h",
            "https://portal.local/h",
            "https://intranet/h",
            "https://169.254.1.1/h",
        ],
    )
    def test_a_private_address_is_told_to_the_sandbox_only(self, url: str) -> None:
        assert wire.webhook_out(url, api_url=LIVE) is None
        assert wire.webhook_out(url, api_url=SANDBOX) == url

    def test_a_public_address_is_told(self) -> None:
        assert wire.webhook_out("https://pay.example.com/h", api_url=LIVE) is not None
        assert wire.webhook_out(None, api_url=LIVE) is None


class TestLocales:
    @pytest.mark.parametrize(
        ("tag", "locale"),
        [
            ("de", "de_DE"),
            ("en", "en_GB"),
            ("en_US", "en_US"),
            ("de-AT", "de_AT"),
            ("DE-at", "de_AT"),
            ("pt_BR", "pt_PT"),
            ("no", "nb_NO"),
            ("ja", None),
            ("", None),
            (None, None),
        ],
    )
    def test_a_tag_becomes_a_locale_mollie_knows(self, tag: str | None, locale: str | None) -> None:
        assert words.locale_out(tag) == locale


class TestSubscriptions:
    def test_it_is_written_from_its_start_date(self) -> None:
        request = base.SubscriptionRequest(
            uuid=UUID,
            customer_id="cst_8wmqcHMN4U",
            method_id="mdt_h3gAaD5zP",
            total=Money(34510, "EUR"),
            interval="year",
            start_date=date(2027, 11, 20),
            description="Acme Notes: Team, yearly",
        )

        body = wire.subscription_out(request, api_url=LIVE)

        assert body["interval"] == "12 months"
        assert body["startDate"] == "2027-11-20"
        assert body["mandateId"] == "mdt_h3gAaD5zP"
        assert "webhookUrl" not in body

    @pytest.mark.parametrize(
        ("status", "ours"),
        [
            ("pending", "active"),
            ("active", "active"),
            ("suspended", "past_due"),
            ("canceled", "canceled"),
            ("completed", "canceled"),
        ],
    )
    def test_its_status_is_read(self, status: str, ours: str) -> None:
        state = wire.subscription_in(
            {
                "id": "sub_1",
                "status": status,
                "amount": {"value": "34.51", "currency": "EUR"},
                "interval": "1 month",
                "nextPaymentDate": "2026-12-20",
            }
        )

        assert state.status == ours
        assert state.interval == "month"
        assert state.period_end == datetime(2026, 12, 20, tzinfo=UTC)


class TestPaymentIn:
    def test_a_paid_payment_tells_amounts_card_and_mandate(self) -> None:
        state = wire.payment_in(PAID)

        assert state.status == "paid"
        assert state.amount == Money(3451, "EUR")
        assert state.refunded == Money(1000, "EUR")
        assert state.charged_back == Money(0, "EUR")
        assert (state.method, state.brand, state.last4) == ("card", "amex", "4242")
        assert state.method_id == "mdt_h3gAaD5zP"
        assert state.checkout_uuid == UUID
        assert state.decline is None

    @pytest.mark.parametrize(
        ("details", "reason"),
        [
            ({"failureReason": "insufficient_funds"}, "insufficient_funds"),
            ({"failureReason": "authentication_failed"}, "authentication"),
            ({"failureReason": "card_expired"}, "expired_card"),
            ({"failureReason": "invalid_cvv"}, "incorrect_data"),
            ({"failureReason": "possible_fraud"}, "fraud"),
            ({"failureReason": "a_reason_of_tomorrow"}, "declined"),
            ({"bankReasonCode": "AM04"}, "insufficient_funds"),
            (None, "declined"),
        ],
    )
    def test_a_failed_payment_says_why(self, details: dict[str, str] | None, reason: str) -> None:
        assert wire.payment_in({**PAID, "status": "failed", "details": details}).decline == reason

    def test_a_subscriptions_payment_is_no_checkout(self) -> None:
        state = wire.payment_in({**PAID, "subscriptionId": "sub_1"})

        assert state.subscription_id == "sub_1"
        assert state.checkout_uuid is None

    @pytest.mark.parametrize(
        "broken",
        [
            {"status": "unheard_of"},
            {"amount": None},
            {"amount": {"value": "12.345", "currency": "EUR"}},
            {"amount": {"value": "x", "currency": "EUR"}},
            {"amount": "12"},
            {"createdAt": "yesterday"},
            {"createdAt": None},
        ],
    )
    def test_what_cannot_be_read_is_never_guessed(self, broken: dict[str, Any]) -> None:
        with pytest.raises(errors.Unavailable):
            wire.payment_in({**PAID, **broken})


class TestCheckoutIn:
    def test_the_address_to_pay_at_is_told_while_open_only(self) -> None:
        link = {"checkout": {"href": "https://www.mollie.com/checkout/x", "type": "text/html"}}

        open_state = wire.checkout_in({**PAID, "status": "open", "_links": link}, None)
        paid_state = wire.checkout_in({**PAID, "_links": link}, None)

        assert open_state.url == "https://www.mollie.com/checkout/x"
        assert paid_state.url is None

    @pytest.mark.parametrize(
        ("status", "ours"),
        [
            ("open", "open"),
            ("pending", "processing"),
            ("authorized", "processing"),
            ("paid", "complete"),
            ("failed", "failed"),
            ("canceled", "canceled"),
            ("expired", "expired"),
        ],
    )
    def test_its_status_is_read(self, status: str, ours: str) -> None:
        assert wire.checkout_in({**PAID, "status": status}, None).status == ours


class TestMandateIn:
    def test_a_direct_debit_mandate_is_sepa_whatever_payment_made_it(self) -> None:
        state = wire.mandate_in(
            {
                "id": "mdt_1",
                "method": "directdebit",
                "status": "pending",
                "details": {"consumerAccount": "NL55INGB0000000000"},
            }
        )

        assert (state.type, state.status, state.last4) == ("sepa", "pending", "0000")

    def test_a_card_tells_its_last_digits_and_expiry(self) -> None:
        state = wire.mandate_in(
            {
                "id": "mdt_1",
                "method": "creditcard",
                "status": "valid",
                "details": {
                    "cardNumber": "4242",
                    "cardLabel": "Visa",
                    "cardExpiryDate": "2030-12-31",
                },
            }
        )

        assert (state.type, state.brand, state.last4) == ("card", "visa", "4242")
        assert (state.exp_month, state.exp_year) == (12, 2030)

"""Requests as Stripe's parameters: each one its contract takes, and always the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import Money
from app.providers import base, errors
from app.providers.stripe import params, wire
from tests import contracts

UUID = "4f0c7f0e-58d5-4b8b-8a53-0f3c6f6f7a11"
LINE = base.Line("Team", Money(2900, "EUR"), 3, interval="month")
REQUEST = base.CheckoutRequest(
    uuid=UUID,
    mode="subscription",
    currency="EUR",
    total=Money(10353, "EUR"),
    tax=Money(1653, "EUR"),
    description="Team, 3 seats",
    return_url="https://pay.example/return/1/secret",
    left_url="https://pay.example/return/1/secret/left",
    lines=(LINE,),
    customer_id="cus_1",
    method="card",
    locale="de_DE",
)

MODES: list[base.Mode] = ["payment", "subscription", "setup"]
collects = st.builds(
    base.Collect,
    billing_address=st.booleans(),
    shipping_address=st.booleans(),
    terms=st.booleans(),
    terms_url=st.none() | st.just("https://acme.example/terms?(v=1)"),
    tax_id=st.sampled_from(["no", "optional", "required"]),
)
lines = st.builds(
    base.Line,
    name=st.text(min_size=1, max_size=40),
    unit_amount=st.builds(Money, st.integers(0, 10**8), st.sampled_from(["EUR", "JPY", "ISK"])),
    quantity=st.integers(1, 999),
    tax_behavior=st.sampled_from(["exclusive", "inclusive"]),
    interval=st.sampled_from(["month", "year", None]),
    description=st.none() | st.text(max_size=40),
    provider_price_id=st.none() | st.just("price_1"),
    provider_tax_rate_id=st.none() | st.just("txr_1"),
    images=st.lists(st.just("https://acme.example/x.png"), max_size=12).map(tuple),
)
requests = st.builds(
    base.CheckoutRequest,
    uuid=st.just(UUID),
    mode=st.sampled_from(MODES),
    currency=st.just("EUR"),
    total=st.just(Money(1, "EUR")),
    tax=st.just(Money(0, "EUR")),
    description=st.text(max_size=600),
    return_url=st.just(REQUEST.return_url),
    left_url=st.just(REQUEST.left_url),
    lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
    customer_id=st.none() | st.just("cus_1"),
    customer_email=st.none() | st.just("tara@globex.example"),
    method=st.sampled_from([None, "card", "sepa"]),
    locale=st.sampled_from([None, "de", "en_GB", "xx"]),
    expires_at=st.none() | st.just(datetime(2026, 11, 20, 12, tzinfo=UTC)),
    trial_days=st.integers(0, 30),
    embedded=st.booleans(),
    collect=collects,
)


def checked(request: base.CheckoutRequest) -> dict[str, Any]:
    written = params.checkout(request)
    contracts.check_request("stripe", "POST", "/v1/checkout/sessions", written)
    return written


class TestCheckout:
    @given(requests)
    def test_is_always_one_the_contract_takes(self, request: base.CheckoutRequest) -> None:
        checked(request)

    @given(requests)
    def test_is_the_same_for_the_same_order(self, request: base.CheckoutRequest) -> None:
        again = replace(request)

        assert repr(params.checkout(request)) == repr(params.checkout(again))

    def test_of_a_subscription_carries_our_uuid_wherever_it_may_be_looked_for(self) -> None:
        written = checked(REQUEST)

        assert written["client_reference_id"] == UUID
        assert written["metadata"] == {"portico_uuid": UUID}
        assert written["subscription_data"]["metadata"] == {"portico_uuid": UUID}

    @pytest.mark.parametrize(
        ("mode", "data"), [("payment", "payment_intent"), ("setup", "setup_intent")]
    )
    def test_of_another_mode_carries_our_uuid_too(self, mode: base.Mode, data: str) -> None:
        written = checked(replace(REQUEST, mode=mode))

        assert written[f"{data}_data"]["metadata"] == {"portico_uuid": UUID}

    def test_sells_a_price_inline_where_stripe_has_none(self) -> None:
        (item,) = checked(REQUEST)["line_items"]

        assert item == {
            "quantity": 3,
            "price_data": {
                "currency": "eur",
                "unit_amount": 2900,
                "tax_behavior": "exclusive",
                "product_data": {"name": "Team"},
                "recurring": {"interval": "month"},
            },
        }

    def test_sells_stripes_own_price_with_its_tax_rate(self) -> None:
        line = replace(LINE, provider_price_id="price_9", provider_tax_rate_id="txr_9")

        (item,) = checked(replace(REQUEST, lines=(line,)))["line_items"]

        assert item == {"quantity": 3, "price": "price_9", "tax_rates": ["txr_9"]}

    def test_leaves_nothing_on_the_page_that_changes_the_total(self) -> None:
        written = checked(REQUEST)

        assert written["adaptive_pricing"] == {"enabled": False}
        assert written["allow_promotion_codes"] is False

    def test_on_stripes_page_has_two_ways_back(self) -> None:
        written = checked(REQUEST)

        assert written["ui_mode"] == "hosted_page"
        assert written["success_url"] == REQUEST.return_url
        assert written["cancel_url"] == REQUEST.left_url

    def test_embedded_has_one_way_back(self) -> None:
        written = checked(replace(REQUEST, embedded=True))

        assert written["ui_mode"] == "embedded_page"
        assert written["return_url"] == REQUEST.return_url
        assert not {"success_url", "cancel_url"} & set(written)

    def test_of_a_set_up_sells_nothing_and_names_a_currency_only_without_a_method(self) -> None:
        chosen = checked(replace(REQUEST, mode="setup"))
        free = checked(replace(REQUEST, mode="setup", method=None))

        assert "line_items" not in chosen and "currency" not in chosen
        assert free["currency"] == "eur"

    def test_of_a_set_up_without_a_customer_makes_one(self) -> None:
        written = checked(replace(REQUEST, mode="setup", customer_id=None))

        assert written["customer_creation"] == "always"

    def test_begins_with_a_trial_where_one_is_given(self) -> None:
        assert (
            checked(replace(REQUEST, trial_days=14))["subscription_data"]["trial_period_days"] == 14
        )

    def test_with_sofort_is_klarna_once_and_refused_for_ever(self) -> None:
        once = checked(replace(REQUEST, mode="payment", method="sofort"))

        assert once["allowed_payment_method_types"] == ["klarna"]
        with pytest.raises(errors.Unsupported):
            params.checkout(replace(REQUEST, method="sofort"))


class TestCollect:
    def test_keeps_what_the_payer_enters_with_the_customer(self) -> None:
        collect = base.Collect(billing_address=True, shipping_address=True, tax_id="required")

        written = checked(replace(REQUEST, collect=collect))

        assert written["billing_address_collection"] == "required"
        assert len(written["shipping_address_collection"]["allowed_countries"]) > 200
        assert written["tax_id_collection"] == {"enabled": True, "required": "if_supported"}
        assert written["customer_update"] == {"address": "auto", "shipping": "auto", "name": "auto"}

    def test_updates_no_customer_where_there_is_none(self) -> None:
        collect = base.Collect(billing_address=True, tax_id="optional")

        written = checked(replace(REQUEST, customer_id=None, collect=collect))

        assert "customer_update" not in written

    def test_links_the_terms_in_the_pages_language(self) -> None:
        collect = base.Collect(terms=True, terms_url="https://acme.example/terms(2)")

        written = checked(replace(REQUEST, collect=collect))

        assert written["consent_collection"] == {"terms_of_service": "required"}
        assert written["custom_text"]["terms_of_service_acceptance"]["message"] == (
            "Ich stimme den [Nutzungsbedingungen](https://acme.example/terms%282%29) zu."
        )

    def test_asks_a_set_up_for_no_shipping_and_no_tax_id(self) -> None:
        collect = base.Collect(shipping_address=True, tax_id="required")

        written = checked(replace(REQUEST, mode="setup", collect=collect))

        assert not {"shipping_address_collection", "tax_id_collection"} & set(written)


class TestOtherRequests:
    @pytest.mark.parametrize("percentage", ["19", "19.0", "8.1", "0", "100", "7.75"])
    def test_write_a_tax_rate_as_a_plain_number(self, percentage: str) -> None:
        request = base.TaxRateRequest(UUID, "MwSt.", Decimal(percentage), False, "DE")

        written = params.tax_rate(request)

        contracts.check_request("stripe", "POST", "/v1/tax_rates", written)
        assert Decimal(written["percentage"]) == Decimal(percentage)
        assert "E" not in written["percentage"]

    def test_write_a_customer_without_what_is_not_known(self) -> None:
        address = base.Address("Hauptstr. 1", "Berlin", "DE", postal_code="10115")

        written = params.customer(base.CustomerRequest(UUID, "Globex", address=address))

        contracts.check_request("stripe", "POST", "/v1/customers", written)
        assert written == {
            "name": "Globex",
            "metadata": {"portico_uuid": UUID},
            "address": {
                "line1": "Hauptstr. 1",
                "postal_code": "10115",
                "city": "Berlin",
                "country": "DE",
            },
        }

    def test_write_a_charge_that_nobody_has_to_confirm(self) -> None:
        request = base.ChargeRequest(UUID, "cus_1", "pm_1", Money(5, "ISK"), "Renewal")

        written = params.charge(request)

        contracts.check_request("stripe", "POST", "/v1/payment_intents", written)
        assert written["amount"] == wire.amount(request.total) == 500
        assert written["off_session"] is True and written["confirm"] is True

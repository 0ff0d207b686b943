"""Stripe's sandbox refuses what Stripe refuses, in Stripe's words, and keeps nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import Shop

LINE = "line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=1000"
LINE += "&line_items[0][price_data][product_data][name]=Team&line_items[0][quantity]=1"
MONTHLY = LINE + "&line_items[0][price_data][recurring][interval]=month"
URL = "success_url=https://app.example.com/done"
PAY = f"mode=payment&{URL}&{LINE}"
SUBSCRIBE = f"mode=subscription&{URL}&{MONTHLY}"
SETUP = f"mode=setup&{URL}&currency=eur"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (f"{PAY}&colour=red", "colour", "parameter_unknown"),
        (f"{PAY}&line_items[0][colour]=red", "line_items[0][colour]", "parameter_unknown"),
        (
            f"{PAY}&payment_method_types[0]=card",
            "payment_method_types",
            "payment_method_types_no_longer_supported",
        ),
        (f"{PAY}&ui_mode=hosted", "ui_mode", None),
        (f"{PAY}&locale=de-AT", "locale", None),
        (f"{PAY}&expires_at=soon", "expires_at", "parameter_invalid_integer"),
        (f"{PAY}&tax_id_collection[enabled]=maybe", "tax_id_collection[enabled]", None),
        (f"{PAY}&metadata=x", "metadata", None),
        (f"{PAY}&line_items=x", "line_items", None),
        (f"{URL}&{LINE}", "mode", "parameter_missing"),
        (f"mode=payment&{URL}", "line_items", "parameter_missing"),
        (f"mode=payment&{LINE}", "success_url", "parameter_missing"),
        (f"{PAY}&success_url=somewhere", "success_url", "url_invalid"),
        (f"{PAY}&return_url=https://a.example", "return_url", None),
        (f"{PAY}&ui_mode=embedded_page", "success_url", None),
        (
            f"mode=payment&{LINE}&ui_mode=embedded_page",
            "return_url",
            "parameter_missing",
        ),
        (f"mode=payment&{URL}&{MONTHLY}", "line_items", None),
        (f"mode=subscription&{URL}&{LINE}", "line_items", None),
        (f"{SETUP}&{LINE}", "line_items", None),
        (f"mode=setup&{URL}", "currency", "parameter_missing"),
        (f"{PAY}&subscription_data[trial_period_days]=3", "subscription_data", None),
        (f"{SUBSCRIBE}&payment_intent_data[description]=x", "payment_intent_data", None),
        (f"{SUBSCRIBE}&customer_creation=always", "customer_creation", None),
        (f"{PAY}&payment_method_collection=always", "payment_method_collection", None),
        (f"{PAY}&customer=cus_nobody", "customer", "resource_missing"),
        (f"{PAY}&customer_update[name]=auto", "customer_update", None),
        (f"{PAY}&customer_email=nobody", "customer_email", "email_invalid"),
        (
            f"{PAY}&client_reference_id={'x' * 201}",
            "client_reference_id",
            "parameter_invalid_string_too_long",
        ),
        (f"{PAY}&expires_at=1", "expires_at", None),
        (f"{PAY}&expires_at=4000000000", "expires_at", None),
        (
            f"{PAY}&allowed_payment_method_types[0]=sofort",
            "allowed_payment_method_types",
            None,
        ),
        (
            f"{SUBSCRIBE}&allowed_payment_method_types[0]=klarna",
            "allowed_payment_method_types",
            None,
        ),
        (
            f"{PAY}&allowed_payment_method_types[0]=card&excluded_payment_method_types[0]=card",
            "excluded_payment_method_types",
            None,
        ),
        (
            f"{PAY}&custom_text[submit][message]={'x' * 1201}",
            "custom_text[submit][message]",
            "parameter_invalid_string_too_long",
        ),
        (
            f"{SUBSCRIBE}&subscription_data[trial_period_days]=0",
            "subscription_data[trial_period_days]",
            None,
        ),
        (
            f"{PAY}&line_items[0][quantity]=0",
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            f"{PAY}&line_items[0][tax_rates][0]=txr_none",
            "line_items[0][tax_rates][0]",
            "resource_missing",
        ),
        (
            f"{PAY}&line_items[0][price]=price_none",
            "line_items[0]",
            None,
        ),
        (f"{PAY}&currency=usd", "line_items", None),
        (
            f"{PAY}&line_items[0][price_data][unit_amount]=-1",
            "line_items[0][price_data][unit_amount]",
            "parameter_invalid_integer",
        ),
        (
            f"{PAY}&line_items[0][price_data][unit_amount]=100000000",
            "line_items[0][price_data][unit_amount]",
            "amount_too_large",
        ),
        (f"{PAY}&line_items[0][price_data][unit_amount]=10", None, "amount_too_small"),
        (
            f"{PAY}&shipping_address_collection[allowed_countries][0]=XX",
            "shipping_address_collection[allowed_countries][0]",
            None,
        ),
    ],
)
def test_a_session_that_stripe_would_not_make_is_refused(
    shop: Shop, body: str, param: str | None, code: str | None
) -> None:
    refused = shop.refusal("/v1/checkout/sessions", body)

    assert refused["status"] == 400, refused
    assert refused["type"] == "invalid_request_error"
    assert (refused.get("param"), refused.get("code")) == (param, code), refused
    assert shop.sdk.checkout.sessions.list().data == []
    assert shop.sdk.products.list().data == []


@pytest.mark.parametrize("body", [PAY, SUBSCRIBE, SETUP])
def test_the_bodies_these_cases_start_from_are_good(shop: Shop, body: str) -> None:
    assert shop.call("POST", "/v1/checkout/sessions", body).status_code == 200


def test_collecting_a_known_customers_tax_id_needs_leave_to_change_the_name(shop: Shop) -> None:
    body = f"{PAY}&customer={shop.customer()}&tax_id_collection[enabled]=true"

    refused = shop.refusal("/v1/checkout/sessions", body)

    assert refused["param"] == "customer_update[name]"
    allowed = f"{body}&customer_update[name]=auto"
    assert shop.call("POST", "/v1/checkout/sessions", allowed).status_code == 200


def test_archived_prices_and_rates_are_not_sold(shop: Shop) -> None:
    price, rate = shop.price(interval=None), shop.tax_rate()
    shop.sdk.prices.update(price, {"active": False})
    shop.sdk.tax_rates.update(rate, {"active": False})

    first = shop.refusal(
        "/v1/checkout/sessions",
        f"mode=payment&{URL}&line_items[0][price]={price}&line_items[0][quantity]=1",
    )
    second = shop.refusal("/v1/checkout/sessions", f"{PAY}&line_items[0][tax_rates][0]={rate}")

    assert first["param"] == "line_items[0][price]"
    assert second["param"] == "line_items[0][tax_rates][0]"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("discounts[0][coupon]", "half"),
        ("automatic_tax[enabled]", "true"),
        ("ui_mode", "elements"),
        ("line_items[0][adjustable_quantity][enabled]", "true"),
        ("payment_intent_data[capture_method]", "manual"),
        ("invoice_creation[enabled]", "true"),
    ],
)
def test_what_is_not_done_says_501_and_names_it(shop: Shop, parameter: str, value: str) -> None:
    refused = shop.refusal("/v1/checkout/sessions", f"{PAY}&{parameter}={value}")

    assert refused["status"] == 501
    assert parameter.partition("[")[0] in refused["message"] + refused.get("param", "")


def test_an_endpoint_that_is_not_there_says_501_and_names_it(shop: Shop) -> None:
    answer = shop.call("POST", "/v1/coupons", "percent_off=50")

    assert answer.status_code == 501
    assert "POST /v1/coupons" in answer.json()["error"]["message"]
    assert answer.headers["Stripe-Should-Retry"] == "false"


@pytest.mark.parametrize(
    "key", ["", "sk_live_abc", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "sk_test_sandbox_", "nonsense"]
)
def test_other_keys_are_refused(shop: Shop, key: str) -> None:
    answer = shop.call("GET", "/v1/customers", Authorization=f"Bearer {key}")

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert len(key) < 12 or key not in answer.text


def test_one_account_does_not_see_another(shop: Shop) -> None:
    id = shop.customer()
    other = "Bearer sk_test_sandbox_stranger"

    answer = shop.call("GET", f"/v1/customers/{id}", Authorization=other)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "resource_missing"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/customers/cus_1", "customer"),
        ("/v1/checkout/sessions/cs_1", "checkout.session"),
        ("/v1/subscriptions/sub_1", "subscription"),
        ("/v1/invoices/in_1", "invoice"),
        ("/v1/payment_intents/pi_1", "payment_intent"),
        ("/v1/setup_intents/seti_1", "setupintent"),
        ("/v1/payment_methods/pm_1", "PaymentMethod"),
        ("/v1/charges/ch_1", "charge"),
        ("/v1/refunds/re_1", "refund"),
        ("/v1/events/evt_1", "event"),
        ("/v1/prices/price_1", "price"),
        ("/v1/products/prod_1", "product"),
        ("/v1/tax_rates/txr_1", "Tax rate"),
        ("/v1/webhook_endpoints/we_1", "webhook endpoint"),
        ("/v1/invoice_payments/inpay_1", "invoice_payment"),
        ("/v1/subscription_items/si_1", "subscription_item"),
    ],
)
def test_an_unknown_id_is_missing_by_name(shop: Shop, path: str, kind: str) -> None:
    answer = shop.call("GET", path)

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"No such {kind}: '")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/tax_rates", "display_name=VAT&inclusive=false&percentage=120", "percentage"),
        ("/v1/tax_rates", "display_name=VAT&inclusive=false", "percentage"),
        ("/v1/tax_rates", "display_name=VAT&inclusive=false&percentage=high", "percentage"),
        ("/v1/prices", "currency=eur&unit_amount=100", "product"),
        ("/v1/prices", "currency=euro&unit_amount=100&product_data[name]=x", "currency"),
        ("/v1/prices", "currency=eur&product_data[name]=x", "unit_amount"),
        ("/v1/webhook_endpoints", "url=nowhere&enabled_events[0]=*", "url"),
        ("/v1/webhook_endpoints", "url=http://a.example&enabled_events[0]=x", "enabled_events[0]"),
        ("/v1/customers", "email=not an address", "email"),
        ("/v1/customers", "[x]=1", "[x]"),
        ("/v1/customers", "name[a]=1", "name"),
        ("/v1/customers", f"metadata[{'k' * 41}]=1", f"metadata[{'k' * 41}]"),
        ("/v1/refunds", "amount=5", None),
        ("/v1/payment_methods/pm_card_visa/attach", "", "customer"),
    ],
)
def test_bad_parameters_are_named(shop: Shop, path: str, body: str, param: str | None) -> None:
    refused = shop.refusal(path, body)

    assert refused["status"] == 400
    assert refused.get("param") == param, refused


def test_json_is_not_a_form(shop: Shop) -> None:
    answer = shop.call("POST", "/v1/customers", "{}", Content_Type="application/json")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"starting_after": "cus_nobody"}, "starting_after"),
    ],
)
def test_a_list_refuses_a_bad_page(shop: Shop, params: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.sdk.customers.list(params)

    assert refused.value.param == param


@pytest.mark.parametrize("path", ["nothing", "customer.default_source.a.b.c", "mode"])
def test_only_references_can_be_expanded(shop: Shop, path: str) -> None:
    session = shop.session(customer=shop.customer())

    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        shop.look(session, path)

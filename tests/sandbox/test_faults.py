"""API faults: the next calls go wrong as asked, and what was done stays done."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
import requests
import stripe

from tests import together
from tests.sandbox.shop import Shop
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

BODY = "name=Team"


def names(shop: Shop) -> list[str]:
    return [product.name for product in shop.sdk.products.list().data]


def test_429_comes_before_anything_is_done(shop: Shop) -> None:
    shop.sandbox.fault("429", provider="stripe", match="/products", times=2)

    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            shop.product()

    assert names(shop) == []
    shop.product()


def test_500_before_does_nothing_and_the_key_may_be_used_again(shop: Shop) -> None:
    shop.sandbox.fault("500_before", match="/products")

    first = shop.call("POST", "/v1/products", BODY, Idempotency_Key="k")
    second = shop.call("POST", "/v1/products", BODY, Idempotency_Key="k")

    assert (first.status_code, second.status_code) == (500, 200)
    assert names(shop) == ["Team"]


def test_500_after_has_done_it_and_is_what_the_key_replays(shop: Shop) -> None:
    shop.sandbox.fault("500_after", match="/products")

    first = shop.call("POST", "/v1/products", BODY, Idempotency_Key="k")
    second = shop.call("POST", "/v1/products", BODY, Idempotency_Key="k")

    assert (first.status_code, second.status_code) == (500, 500)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()
    assert names(shop) == ["Team"]


def test_timeout_has_done_it_and_holds_the_answer_back(shop: Shop) -> None:
    shop.sandbox.fault("timeout", match="/products", seconds=PATIENCE_SECONDS)

    with pytest.raises(requests.ReadTimeout):
        shop.http.post(
            f"{shop.sandbox.url}/stripe/v1/products",
            data=BODY,
            headers={
                "Authorization": f"Bearer {shop.key}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Idempotency-Key": "k",
            },
            timeout=1,
        )
    again = shop.call("POST", "/v1/products", BODY, Idempotency_Key="k")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert [call["status"] for call in shop.sandbox.calls("POST")] == [200, 200]
    assert [product.id for product in shop.sdk.products.list().data] == [again.json()["id"]]


def test_drop_breaks_the_connection_and_does_nothing(shop: Shop) -> None:
    shop.sandbox.fault("drop", match="/products")

    with pytest.raises(requests.ConnectionError):
        shop.call("POST", "/v1/products", BODY)

    assert names(shop) == []


def test_delay_keeps_the_key_in_flight(shop: Shop) -> None:
    shop.sandbox.fault("delay", match="/products", seconds=1)

    def post(_: int) -> int:
        return shop.call("POST", "/v1/products", BODY, Idempotency_Key="k").status_code

    statuses = together.each(post, range(3))

    assert sorted(statuses) == [200, 409, 409]
    assert names(shop) == ["Team"]


def test_only_matching_calls_of_the_provider_are_hit(shop: Shop) -> None:
    shop.sandbox.fault("500_before", provider="mollie")
    shop.sandbox.fault("500_before", match="/customers")

    shop.product()

    with pytest.raises(stripe.APIError):
        shop.customer()


def test_clearing_lets_everything_pass_again(shop: Shop) -> None:
    shop.sandbox.fault("500_before", times=100)

    shop.sandbox.clear_faults()

    shop.product()


def test_wrong_amount_makes_the_total_differ_by_one(shop: Shop) -> None:
    shop.sandbox.fault("wrong_amount", provider="stripe")
    session = shop.session()

    shop.press(session.url)

    paid = shop.look(session, "invoice.payments.data.payment.payment_intent")
    assert session.amount_total + 1 == paid.amount_total == paid.invoice.total
    assert paid.invoice.payments.data[0].payment.payment_intent.amount == paid.amount_total


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fault": "meteor"}, "fault"),
        ({"fault": "duplicate"}, "fault"),
        ({"target": "database"}, "target"),
        ({"target": None}, "target"),
        ({"provider": "paypal"}, "provider"),
        ({"match": 3}, "match"),
        ({"times": 0}, "times"),
        ({"times": "many"}, "times"),
        ({"times": 1.5}, "times"),
        ({"seconds": -1}, "seconds"),
        ({"severity": "high"}, "severity"),
    ],
)
def test_a_bad_fault_is_refused_and_names_the_field(
    sandbox: SandboxServer, change: dict[str, Any], field: str
) -> None:
    body = {"target": "api", "fault": "429", **change}
    request = urllib.request.Request(f"{sandbox.url}/control/faults", json.dumps(body).encode())

    with pytest.raises(urllib.error.HTTPError) as refused:
        OPENER.open(request, timeout=PATIENCE_SECONDS)

    with refused.value as answer:
        assert answer.code == 400
        assert json.load(answer)["error"]["field"] == field


def test_calls_are_listed_with_their_keys_and_statuses(shop: Shop) -> None:
    shop.call("POST", "/v1/products", BODY, Idempotency_Key="k")
    shop.call("GET", "/v1/nonsense")

    first, second = shop.sandbox.calls()

    at = first.pop("at")
    assert at.endswith("Z")
    assert first == {
        "provider": "stripe",
        "method": "POST",
        "path": "/stripe/v1/products",
        "idempotency_key": "k",
        "status": 200,
    }
    assert (second["path"], second["status"]) == ("/stripe/v1/nonsense", 501)

"""Where a caller may send its payers back to: the app's registered origins, in every dialect."""

from __future__ import annotations

import base64
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.billing.demo.demo_world import API_KEYS
from tests.api.conftest import Caller, checkouts
from tests.cast import World

ELSEWHERE = "https://app.example.com.evil.example/success"


def refused(answer: Any, field: str, world: World) -> None:
    """Hold an answer to a 400 that names the field, with nothing made."""
    assert answer.status_code == 400
    assert field in answer.text
    assert checkouts(world.db) == []


class TestAnOriginThatIsNotRegistered:
    def test_is_refused_by_the_provider_api(self, server: Caller, world: World) -> None:
        path = f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}/payment-providers/stripe"
        body = {
            "priceId": world.price("team").price_id,
            "taxRateId": world.rates()[0].tax_rate_id,
            "quantity": 1,
            "mode": "subscription",
            "currency": "EUR",
            "successUrl": "https://app.example.com/success",
            "cancelUrl": ELSEWHERE,
        }

        refused(server.posts(f"{path}/checkout-sessions", body), "cancelUrl", world)

    def test_is_refused_by_the_articles_api(
        self, flask_app: Flask, world: World, db: Session
    ) -> None:
        host = Caller(flask_app.test_client(), db, {"x-api-key": API_KEYS["write"]})
        body = {
            "CompanyId": str(world.globex.uuid),
            "CountryCode": "DE",
            "Articles": [{"ArticleId": 1, "ArticleTypeId": 1, "Quantity": 1}],
            "InternalReferenceId": "booking-4711",
            "ConfirmationUrl": ELSEWHERE,
        }

        answer = host.posts("/payment/stripe/v1/checkout", body)

        refused(answer, "ConfirmationUrl", world)
        assert answer.get_json()["ResponseStatus"]["Message"] == (
            "'Confirmation Url' must begin with one of the app's registered origins."
        )

    def test_is_refused_by_the_line_items_api(
        self, flask_app: Flask, world: World, db: Session
    ) -> None:
        pair = f"{world.app.uuid}:{API_KEYS['write']}".encode()
        basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        body = {
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "amount": 123,
                        "product_data": {"name": "Notebook"},
                    },
                    "quantity": 1,
                }
            ],
            "mode": "payment",
            "success_url": ELSEWHERE,
        }

        answer = Caller(flask_app.test_client(), db, basic).posts("/api/v2/checkout-sessions", body)

        refused(answer, "success_url", world)


class TestALoopbackOrigin:
    def test_is_the_apps_in_the_demo(self, flask_app: Flask, world: World, db: Session) -> None:
        host = Caller(flask_app.test_client(), db, {"x-api-key": API_KEYS["write"]})
        body = {
            "CompanyId": str(world.globex.uuid),
            "CountryCode": "DE",
            "Articles": [{"ArticleId": 1, "ArticleTypeId": 1, "Quantity": 1}],
            "InternalReferenceId": "booking-4711",
            "ConfirmationUrl": "http://127.0.0.1:34567/confirmed",
        }

        answer = host.posts("/payment/stripe/v1/checkout", body)

        assert answer.status_code == 200
        (row,) = checkouts(world.db)
        assert row.success_url == "http://127.0.0.1:34567/confirmed"

"""The APIs keep what /openapi.json says, whatever they are sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from app import create_app
from app.billing.access import tokens
from app.billing.demo.demo_world import API_KEYS
from app.billing.site import Site
from app.db.engine import Database
from app.models import Price, TaxRate
from tests.cast import World

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# How much of a call is real: the rest is whatever fits the schema, or just does not.
REAL = st.sampled_from(["credentials and ids"] * 3 + ["credentials", "nothing"])


Call = Case[Any]


@dataclass(frozen=True)
class Known:
    """What a caller of the demo world knows: credentials by scheme, places and fields by name."""

    headers: dict[str, dict[str, str]]
    places: dict[str, str]
    fields: dict[str, Any]


@pytest.fixture
def flask_app(config: Any, site: Site, database: Database, world: World) -> Flask:
    """Answer the program, which takes many calls here."""
    plenty = config.model_copy(update={"API_CALLS_PER_MINUTE": 1_000_000})
    return create_app(plenty, site=Site(config=plenty, clock=site.clock), database=database)


@pytest.fixture
def known(world: World, site: Site) -> Known:
    """Answer what Tara and the app's server know."""
    db = world.db
    key = {"x-api-key": API_KEYS["write"]}
    rate = db.scalars(select(TaxRate)).first()
    price = db.scalars(select(Price).where(Price.interval.is_(None))).first()
    assert rate is not None and price is not None
    token = tokens.issue(db, site, world.app, world.tara)
    basic = b64encode(f"{world.app.uuid}:{API_KEYS['write']}".encode()).decode()
    db.commit()
    app, tenant, tara = str(world.app.uuid), str(world.globex.uuid), str(world.tara.uuid)
    return Known(
        headers={
            "apiKey": key,
            "clientId": {"x-client-id": app},
            "apiKeyType": {"x-api-key-type": "write"},
            "bearer": {"Authorization": f"Bearer {token}"},
            "basic": {"Authorization": f"Basic {basic}"},
        },
        places={
            "appUuid": app,
            "tenantUuid": tenant,
            "tenantId": tenant,
            "userUuid": tara,
            "paymentProvider": "stripe",
        },
        fields={
            "priceId": price.price_id,
            "price": price.price_id,
            "productPriceUuid": str(price.uuid),
            "taxRateId": rate.tax_rate_id,
            "taxRate": rate.tax_rate_id,
            "taxRateUuid": str(rate.uuid),
            "tenantUuid": tenant,
            "CompanyId": tenant,
            "customer_id": tenant,
            "user_id": tara,
            "userUuid": tara,
            "currency": price.currency,
            "mode": "payment",
            "isReverseCharge": False,
            "defaultReturnUrl": "https://app.example.com/",
            "InternalReferenceId": "order-4711",
            "successUrl": "https://app.example.com/success",
            "cancelUrl": "https://app.example.com/cancel",
            "success_url": "https://app.example.com/success",
            "cancel_url": "https://app.example.com/cancel",
        },
    )


@pytest.mark.hypothesis
class TestConformance:
    def test_holds_for_every_operation(self, flask_app: Flask, known: Known) -> None:
        schema = schemathesis.openapi.from_wsgi("/openapi.json", flask_app)
        operations = [cast(Ok[Any], found).ok() for found in schema.get_all_operations()]
        assert len(operations) >= 9
        for operation in operations:
            _hold(operation, known)


def _hold(operation: Any, known: Known) -> None:
    """Call an operation with what fits its schema and what does not; the suite asks a few times,
    `make fuzz` often."""
    asked = min(hypothesis.settings().max_examples // 8, 400)
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    unfit = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @hypothesis.settings(max_examples=asked, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(fitting, unfit), real=REAL, kept=st.integers(0, 2))
    def check(case: Call, real: str, kept: int) -> None:
        if real != "nothing":
            for name in _schemes(case):
                case.headers.update(known.headers[name])
            _fit_key(case)
        if real == "credentials and ids":
            case.path_parameters.update(_known(case.path_parameters, known.places))
            if isinstance(case.body, dict):
                case.body = _mostly_real(case, known, kept)
        case.call_and_validate(checks=list(CHECKS))

    check()


def _mostly_real(case: Call, known: Known, kept: int) -> dict[str, Any]:
    """Answer the documented example with real ids and some of the generated fields."""
    content = case.operation.definition.raw["requestBody"]["content"]
    example = next(iter(content.values())).get("example") or {}
    assert isinstance(case.body, dict)
    return {
        **example,
        **_known(example, known.fields),
        **dict(list(case.body.items())[:kept]),
    }


def _fit_key(case: Call) -> None:
    if case.method.upper() == "GET" and "x-api-key" in case.headers:
        case.headers.update({"x-api-key": API_KEYS["read"], "x-api-key-type": "read"})


def _known(given: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {name: known[name] for name in given if name in known}


def _schemes(case: Call) -> Iterator[str]:
    """Answer the names of the first credentials an operation takes."""
    for alternative in case.operation.definition.raw.get("security", [])[:1]:
        yield from alternative

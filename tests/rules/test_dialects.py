"""Every dialect has the same five parts, says every failure, and says it in its own shape."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
    UnsupportedMediaType,
)
from werkzeug.test import TestResponse

from app import create_app
from app.api.dialects import Dialect
from app.billing import errors
from app.billing.errors import BillingError
from app.billing.purchase.idempotency_keys import InFlight
from app.billing.site import Site
from app.db.engine import Database
from tests.cast import World

ROOT = Path(__file__).parents[2]
FIVE = ("tenant_v1", "provider_v1", "bearer_v1", "articles_v1", "line_items_v2")
PARTS = ["routes", "who", "read", "write", "refuse"]
BY_FLASK = (
    BadRequest,
    NotFound,
    MethodNotAllowed,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
)
# One path that each of the five owns and serves nothing at, and the one where it creates.
NOWHERE = {
    "tenant_v1": "/v1/nowhere",
    "provider_v1": "/api/v1/nowhere",
    "bearer_v1": "/api/v1/apps/x/payment-providers/mollie/checkout-sessions/nowhere",
    "articles_v1": "/payment/nowhere",
    "line_items_v2": "/api/v2/nowhere",
}
CREATE = {
    "tenant_v1": "/v1/tenants/x/checkout-sessions",
    "provider_v1": "/api/v1/apps/x/tenants/x/payment-providers/stripe/checkout-sessions",
    "bearer_v1": "/api/v1/apps/x/payment-providers/mollie/checkout-sessions",
    "articles_v1": "/payment/stripe/v1/checkout",
    "line_items_v2": "/api/v2/checkout-sessions",
}


def is_list_envelope(body: Any) -> bool:
    return list(body) == ["errors"] and all(
        list(problem) == ["validation", "code", "message"] for problem in body["errors"]
    )


def is_success_envelope(body: Any) -> bool:
    return set(body) == {"success", "error", "message", "data"} and body["success"] is False


def is_response_status(body: Any) -> bool:
    return list(body) == ["ResponseStatus"] and {"ErrorCode", "Message"} <= set(
        body["ResponseStatus"]
    )


def is_flat(body: Any) -> bool:
    return set(body) == {"error", "code", "field"}


SHAPES: dict[str, Callable[[Any], bool]] = {
    "tenant_v1": is_success_envelope,
    "articles_v1": is_response_status,
    "line_items_v2": is_flat,
}


def says_as(dialect: str, answer: Any) -> bool:
    """Answer whether an answer has the shape of a dialect; those not named share one."""
    return SHAPES.get(dialect, is_list_envelope)(json.loads(answer.get_data()))


def parts(source: str) -> list[str]:
    """Answer the parts of a dialect's file in their order, all routes as one."""
    names: list[str] = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        is_route = any("blueprint" in ast.unparse(decorator) for decorator in node.decorator_list)
        name = "routes" if is_route else node.name
        if name in PARTS and name not in names:
            names.append(name)
    return names


def anticipated() -> Iterator[BillingError]:
    """Answer one error of each kind there is."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        if issubclass(kind, BillingError) and kind is not BillingError:
            yield kind("Something happened.", field="price")
    yield InFlight()


@pytest.fixture
def flask_app(config: Any, site: Site, database: Database, world: World) -> Flask:
    """Answer the whole program."""
    return create_app(site.config, site=site, database=database)


@pytest.fixture
def dialects(flask_app: Flask) -> tuple[Dialect, ...]:
    """Answer every dialect that is spoken."""
    spoken: tuple[Dialect, ...] = flask_app.extensions["dialects"]
    return spoken


class TestParts:
    @pytest.mark.parametrize("name", FIVE)
    def test_are_five_in_the_same_order(self, name: str) -> None:
        assert parts((ROOT / f"app/api/{name}.py").read_text()) == PARTS

    def test_are_missed_where_one_is_not(self) -> None:
        source = "@blueprint.post('/x')\ndef create(): ...\ndef read(): ...\ndef who(): ...\n"

        assert parts(source) == ["routes", "read", "who"]


class TestEveryError:
    def test_is_said_by_every_dialect(
        self, flask_app: Flask, dialects: tuple[Dialect, ...]
    ) -> None:
        assert set(FIVE) <= {dialect.name for dialect in dialects}
        for dialect in dialects:
            for error in anticipated():
                with flask_app.test_request_context():
                    answer = dialect.refuse(error)

                assert 400 <= answer.status_code < 600
                assert says_as(dialect.name, answer), f"{dialect.name}: {error!r}"

    def test_has_the_status_the_design_gives_it(
        self, flask_app: Flask, dialects: tuple[Dialect, ...]
    ) -> None:
        for dialect in dialects:
            newer = dialect.name in ("articles_v1", "line_items_v2")
            unavailable = errors.ProviderUnavailable("Away.", retry_after=7)
            for error, status in (
                (errors.NotAuthenticated("Who?"), 401),
                (errors.NotAllowed("No."), 403),
                (errors.Invalid("Wrong."), 400),
                (errors.Conflict("Not now."), 409 if newer else 400),
                (unavailable, 503 if newer else 500),
                (InFlight(), 409),
            ):
                with flask_app.test_request_context():
                    answer = dialect.refuse(error)

                assert answer.status_code == status, f"{dialect.name}: {error!r}"
                seconds = getattr(error, "retry_after", None)
                retry = str(seconds) if seconds else None
                assert answer.headers.get("Retry-After") == retry, f"{dialect.name}: {error!r}"

    def test_of_flask_is_said_by_every_dialect(
        self, flask_app: Flask, dialects: tuple[Dialect, ...]
    ) -> None:
        for dialect in dialects:
            for kind in BY_FLASK:
                with flask_app.test_request_context():
                    answer = dialect.refuse(kind())

                assert answer.status_code in (kind.code, 400)
                assert says_as(dialect.name, answer), f"{dialect.name}: {kind.__name__}"

    def test_of_ours_is_said_without_its_words(
        self, flask_app: Flask, dialects: tuple[Dialect, ...]
    ) -> None:
        for dialect in dialects:
            with flask_app.test_request_context():
                answer = dialect.refuse(RuntimeError("a secret of the house"))

            assert answer.status_code == 500
            assert says_as(dialect.name, answer)
            assert b"secret" not in answer.get_data()


class TestNoEnvelope:
    def test_leaks_at_an_address_that_is_none(self, flask_app: Flask) -> None:
        for name, path in NOWHERE.items():
            for method in ("GET", "POST", "PUT", "DELETE"):
                answer = flask_app.test_client().open(path, method=method)

                assert answer.status_code == 404, path
                assert says_as(name, answer), path

    def test_leaks_for_a_method_that_is_not_taken(self, flask_app: Flask) -> None:
        for name, path in CREATE.items():
            answer = flask_app.test_client().delete(path)

            assert answer.status_code == 405, path
            assert "POST" in answer.headers["Allow"]
            assert says_as(name, answer), path

    def test_leaks_for_a_caller_nobody_knows(self, flask_app: Flask) -> None:
        for sent in (b"{", b"{}", b"x" * 300_000):
            for name, path in CREATE.items():
                answer = post(flask_app, path, sent)

                assert answer.status_code in (401, 413), path
                assert says_as(name, answer), path

    def test_leaks_where_too_much_is_asked(
        self, site: Site, database: Database, world: World
    ) -> None:
        strict = site.config.model_copy(update={"API_CALLS_PER_MINUTE": 1})
        flask_app = create_app(strict, site=replace(site, config=strict), database=database)
        for name, path in CREATE.items():
            first, second = (post(flask_app, path, b"{}") for _ in range(2))

            assert (first.status_code, second.status_code) == (401, 429), path
            assert 1 <= int(second.headers["Retry-After"]) <= 60
            assert says_as(name, second), path


def post(flask_app: Flask, path: str, sent: bytes) -> TestResponse:
    """Send a body with credentials of every kind that nobody knows, one for each path."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "x-api-key": f"nobody {path}",
        "Authorization": f"Bearer {path}",
    }
    return flask_app.test_client().post(path, data=sent, headers=headers)

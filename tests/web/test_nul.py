"""A NUL is refused at the edge, wherever it stands and whoever is asked."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.cast import World
from tests.pages import Visitor

API = "/api/v1/apps/x/tenants/y/portal-links"


@pytest.fixture
def ask(flask_app: Flask, world: World) -> Visitor:
    """Answer a visitor whose CSRF tokens do not matter here."""
    flask_app.config["WTF_CSRF_ENABLED"] = False
    return Visitor(flask_app)


def send(visitor: Visitor, path: str, body: bytes, kind: str) -> TestResponse:
    return visitor.client.post(path, data=body, content_type=kind)


class TestPages:
    @pytest.mark.parametrize("path", ["/link/%00", "/sign-in?next=%00", "/sign-in?%00=x"])
    def test_say_so_plainly(self, ask: Visitor, path: str) -> None:
        page = ask.opens(path)

        assert page.status == 400
        assert page.heading == "This request cannot be read"

    def test_refuse_a_form(self, ask: Visitor) -> None:
        form = "application/x-www-form-urlencoded"

        assert send(ask, "/sign-in", b"email=a%00b&password=c", form).status_code == 400
        assert send(ask, "/sign-in", b"email=ab&password=c", form).status_code == 422

    def test_read_what_only_looks_like_one(self, ask: Visitor) -> None:
        assert ask.opens("/sign-in?next=/a%2500").status == 200


class TestApis:
    @pytest.mark.parametrize(
        "body", [rb'{"scope": "a\u0000"}', rb'{"\u0000": 1}', b'{"scope": "\x00"}', b"\x00"]
    )
    def test_refuse_a_body_in_their_own_shape(self, ask: Visitor, body: bytes) -> None:
        answer = send(ask, API, body, "application/json")

        assert answer.status_code == 400
        assert answer.get_json()["errors"][0]["code"] == "[E4000]"

    @pytest.mark.parametrize("path", [f"{API}%00", f"{API}?page=%00", "/api/v1/%00"])
    def test_refuse_an_address(self, ask: Visitor, path: str) -> None:
        answer = ask.client.get(path)

        assert answer.status_code == 400
        assert answer.get_json()["errors"][0]["code"] == "[E4000]"

    def test_read_an_escape_that_is_none(self, ask: Visitor) -> None:
        answer = send(ask, API, rb'{"scope": "a\\u0000"}', "application/json")

        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "path", ["/payment/stripe/v1/checkout", "/api/v2/checkout-sessions", "/v1/tenants/x/y"]
    )
    def test_of_every_dialect_refuse_it(self, ask: Visitor, path: str) -> None:
        answer = send(ask, path, rb'{"a": "\u0000"}', "application/json")

        assert answer.status_code == 400
        assert answer.mimetype == "application/json"

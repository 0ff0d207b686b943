"""A sender whose body is too large hears so, instead of a connection that breaks."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask, request

LARGE = 10_000_000
ENDED = {"wsgi.input_terminated": True}
# What a server says of a body that comes in chunks.
CHUNKED = ENDED | {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
PATHS = [
    "/sign-in",
    "/api/v2/checkout-sessions",
    "/hooks/stripe/7b0c1f0a-9a0e-4b6c-8f43-3f1b6a4c1e11",
]


class TestABodyThatIsTooLarge:
    @pytest.mark.parametrize("path", PATHS)
    def test_is_read_to_its_end_and_refused(self, flask_app: Flask, path: str) -> None:
        body = BytesIO(bytes(LARGE))

        answer = flask_app.test_client().post(
            path,
            input_stream=body,
            content_length=LARGE,
            content_type="application/json",
            environ_overrides=ENDED,
        )

        assert answer.status_code == 413
        assert body.tell() == LARGE

    def test_is_not_read_for_ever(self, flask_app: Flask) -> None:
        endless = 40 * 1024 * 1024
        body = BytesIO(bytes(endless))

        answer = flask_app.test_client().post(
            "/sign-in",
            input_stream=body,
            content_length=endless,
            content_type="application/json",
            environ_overrides=ENDED,
        )

        assert answer.status_code == 413
        assert body.tell() < endless

    @pytest.mark.parametrize("path", PATHS)
    def test_is_refused_too_when_it_hides_its_length(self, flask_app: Flask, path: str) -> None:
        body = BytesIO(b'{"id": "tr_1"}' + b" " * LARGE)

        answer = flask_app.test_client().post(
            path, input_stream=body, content_type="application/json", environ_overrides=CHUNKED
        )

        assert answer.status_code == 413
        assert body.tell() == 14 + LARGE


class TestABodyOfTheUsualSize:
    def test_is_read_whole_when_it_hides_its_length(self, new_app: Flask) -> None:
        new_app.add_url_rule("/echo", view_func=lambda: request.get_data(), endpoint="echo")

        answer = new_app.test_client().get(
            "/echo", input_stream=BytesIO(b"x" * 200_000), environ_overrides=CHUNKED
        )

        assert answer.data == b"x" * 200_000

    def test_is_left_to_whom_it_is_for(self, flask_app: Flask) -> None:
        answer = flask_app.test_client().post("/api/v2/checkout-sessions", data=b"{}")

        assert answer.status_code == 401

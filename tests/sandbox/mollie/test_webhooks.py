"""Mollie's calls as they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sandbox.mollie.conftest import Shop
from tests.serving import Serving


class Door:
    """Takes calls and answers each with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        door = self

        class Requests(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                door.calls.append((self.path, dict(self.headers), body))
                self.send_response(door.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/mollie/1/secret"


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    serving = Serving(door.server)
    yield door
    serving.stop()


class TestCall:
    def test_it_is_a_form_with_the_id_and_nothing_else(self, shop: Shop, door: Door) -> None:
        payment = shop.payment(webhookUrl=door.url)

        shop.act(payment, "pay")
        shop.sandbox.wait_idle()

        ((path, headers, body),) = door.calls
        assert path == "/hooks/mollie/1/secret"
        assert body == f"id={payment['id']}".encode()
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert headers["User-Agent"] == "Mollie HTTP client/1.0"

    def test_it_comes_ten_times_over_26_hours_until_answered_with_200(
        self, shop: Shop, door: Door
    ) -> None:
        door.status = 202
        shop.act(shop.payment(webhookUrl=door.url), "pay")

        shop.sandbox.advance("32 minutes")
        early = len(door.calls)
        shop.sandbox.advance("25 hours")
        late = len(door.calls)
        shop.sandbox.advance("3 days")

        assert (early, late, len(door.calls)) == (6, 9, 10)
        assert shop.sandbox.deliveries()[0]["status"] == "failed"

    def test_a_200_ends_it(self, shop: Shop, door: Door) -> None:
        shop.act(shop.payment(webhookUrl=door.url), "pay")

        shop.sandbox.advance("3 days")

        assert len(door.calls) == 1

    def test_without_an_address_there_is_no_call(self, shop: Shop) -> None:
        shop.act(shop.payment(webhookUrl=None), "pay")

        assert shop.sandbox.deliveries() == []

"""A Mollie that answers what a test has written down, on a loopback port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.providers import base
from app.providers.mollie import client
from tests.serving import Serving

KEY = "test_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM"


@dataclass
class Call:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class ScriptedMollie:
    """Answers the written answers in turn, the last one again and again."""

    url: str = ""
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)

    def answers_with(self, status: int, body: Any, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, body, named))

    def refuses_with(self, status: int, detail: str = "no", **headers: str) -> None:
        body = {"status": status, "title": "No", "detail": detail, "_links": {}}
        self.answers_with(status, body, **headers)

    def next_answer(self) -> tuple[int, Any, dict[str, str]]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def mollie() -> Iterator[ScriptedMollie]:
    scripted = ScriptedMollie()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _requests_of(scripted))
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    serving = Serving(server)
    yield scripted
    serving.stop()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def account(mollie: ScriptedMollie, naps: list[float]) -> Iterator[client.Account]:
    """An account that notes how long it would have slept."""
    connection = base.Connection(secret_key=KEY, api_url=mollie.url)
    account = client.Account(connection, sleep=naps.append)
    yield account
    account.close()


def _requests_of(scripted: ScriptedMollie) -> type[BaseHTTPRequestHandler]:
    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            scripted.connections.add(self.client_address)
            headers = {name.title(): value for name, value in self.headers.items()}
            sent = json.loads(body) if body else None
            scripted.calls.append(Call(self.command, self.path, headers, sent))
            status, answer, extra = scripted.next_answer()
            if status == 0:
                self.close_connection = True
                return
            content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/hal+json", **extra}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    return Requests

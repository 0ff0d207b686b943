"""A stand-in for Stripe's address that answers what a test tells it, and keeps what it was sent."""

from __future__ import annotations

import itertools
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import Serving
from tests.waiting import PATIENCE_SECONDS


@dataclass(frozen=True)
class Answer:
    """One answer. `hangs_up` closes the connection after it without saying so; `is_silent` never
    sends it."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    is_silent: bool = False


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: str
    connection: int


class ScriptedServer(ThreadingHTTPServer):
    """Answers in order, the last answer for ever."""

    def __init__(self, answers: list[Answer], tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._answers = answers
        self._tls = tls
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.numbers = itertools.count(1)
        self.closed = threading.Event()
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[Any, Any]:
        """Take a connection; who calls says hello later, in the connection's own thread."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def answer_to(self, request: Request) -> Answer:
        """Keep a request and choose its answer."""
        with self._lock:
            self.requests.append(request)
            return self._answers[min(len(self.requests), len(self._answers)) - 1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep silent about clients that hang up; report anything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def setup(self) -> None:
        super().setup()
        self._number = next(self.server.numbers)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body, self._number)
        answer = self.server.answer_to(request)
        self.close_connection = answer.hangs_up or answer.is_silent
        if answer.is_silent:
            self.server.closed.wait(PATIENCE_SECONDS)
        else:
            self.wfile.write(_written(answer))

    do_POST = do_DELETE = do_GET

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serve(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Serve the answers for the length of a `with` block."""
    server = ScriptedServer(list(answers), tls)
    serving = Serving(server)
    try:
        yield server
    finally:
        server.closed.set()
        serving.stop()


def _written(answer: Answer) -> bytes:
    body = answer.body.encode()
    headers = {"Content-Length": str(len(body)), **answer.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Said\r\n{head}\r\n".encode() + body

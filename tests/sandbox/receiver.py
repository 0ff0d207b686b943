"""A server that takes webhooks, for tests of what is delivered and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import Serving


@dataclass(frozen=True)
class Taken:
    """One delivery as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Keeps each delivery in `taken` and answers the next of `statuses`, at last 200."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.statuses: list[int] = []
        self.on_delivery: Callable[[Taken], None] = lambda _: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                delivery = Taken(self.path, dict(self.headers.items()), body)
                receiver.taken.append(delivery)
                receiver.on_delivery(delivery)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing in a test's output."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False
        self.url = f"http://127.0.0.1:{server.server_port}/hook"
        self._serving = Serving(server)

    def stop(self) -> None:
        self._serving.stop()

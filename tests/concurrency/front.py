"""What stands in front of several web servers: takes turns, and asks the next where one is away."""

from __future__ import annotations

import http.client
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.serving import Serving

_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.05
_OWN_HEADERS = frozenset({"connection", "transfer-encoding", "content-length", "server", "date"})


@dataclass
class Front:
    """A proxy at `url`. `answers` are (method, path, status) of what was answered, `broken` of
    what was asked again elsewhere because a server was away or broke off."""

    ports: list[int] = field(default_factory=list)
    answers: list[tuple[str, str, int]] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Answer status, headers and body of the first server that answers whole."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            port = self.ports[next(self._turn) % len(self.ports)]
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
            try:
                line.request(method, path, body, headers)
                answer = line.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            except (OSError, http.client.HTTPException):
                self.broken.append((method, path))
                time.sleep(_PAUSE_SECONDS)
            finally:
                line.close()
        return 502, [], b"no server answers"


@contextmanager
def serve() -> Iterator[Front]:
    """Give a proxy that listens; its servers are named later."""
    front = Front()

    class Taker(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, said = front.ask(self.command, self.path, dict(self.headers), body)
            front.answers.append((self.command, self.path, status))
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _OWN_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever asked has hung up; the test looks at what came of it."""

    server = Server(("127.0.0.1", 0), Taker)
    front.url = f"http://127.0.0.1:{server.server_port}"
    serving = Serving(server)
    try:
        yield front
    finally:
        serving.stop()

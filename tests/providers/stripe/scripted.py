"""A stand-in for Stripe's address that answers what a test tells it, and keeps what it was sent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO


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


class ScriptedServer:
    """Answers in order, the last answer for ever."""

    def __init__(self, answers: list[Answer], tls: ssl.SSLContext | None = None) -> None:
        self._answers = answers
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.closed = threading.Event()
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    def stop(self) -> None:
        self.closed.set()
        # Wakes accept(), which a plain close does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self._start(self._serve, connection, len(self._open))

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                while (request := _read(lines, number)) is not None:
                    answer = self._next(request)
                    if answer.is_silent:
                        self.closed.wait()
                        return
                    connection.sendall(_written(answer))
                    if answer.hangs_up:
                        return

    def _next(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            return self._answers[min(len(self.requests), len(self._answers)) - 1]


@contextmanager
def serve(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Serve the answers for the length of a `with` block."""
    server = ScriptedServer(list(answers), tls)
    try:
        yield server
    finally:
        server.stop()


def _read(lines: BinaryIO, number: int) -> Request | None:
    first = lines.readline().decode().split()
    if not first:
        return None
    headers = {}
    while line := lines.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = lines.read(int(headers.get("content-length", 0)))
    return Request(first[0], first[1], headers, body.decode(), number)


def _written(answer: Answer) -> bytes:
    body = answer.body.encode()
    headers = {"Content-Length": str(len(body)), **answer.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Said\r\n{head}\r\n".encode() + body

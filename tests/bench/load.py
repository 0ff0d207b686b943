"""Sends requests over kept connections, as many at a time as there are connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie

CONNECTIONS = 32
_AT_MOST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes over the wire."""

    wire: bytes

    @classmethod
    def get(cls, path: str, headers: Mapping[str, str] | None = None) -> Request:
        return cls(_wire("GET", path, headers or {}, b""))

    @classmethod
    def post(cls, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Request:
        return cls(_wire("POST", path, headers or {}, body))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took from the first byte sent."""

    head: bytes
    body: bytes
    seconds: float

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def cookies(self) -> dict[str, str]:
        return {
            name: morsel.value
            for line in self._lines("set-cookie")
            for name, morsel in SimpleCookie(line).items()
        }

    @property
    def location(self) -> str:
        return next(self._lines("location"), "")

    def _lines(self, name: str) -> Iterator[str]:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                yield value.strip()


def send(port: int, requests: Sequence[Request], connections: int = CONNECTIONS) -> list[Answer]:
    """Send each request once and give the answers in the same order; at most two minutes."""
    return asyncio.run(_send(port, requests, connections))


async def _send(port: int, requests: Sequence[Request], connections: int) -> list[Answer]:
    answers: dict[int, Answer] = {}
    left = iter(enumerate(requests))
    async with asyncio.timeout(_AT_MOST_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(requests))):
            group.create_task(_converse(port, left, answers))
    return [answers[place] for place in range(len(requests))]


async def _converse(
    port: int, left: Iterator[tuple[int, Request]], answers: dict[int, Answer]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for place, request in left:
        begun = time.perf_counter()
        writer.write(request.wire)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        answers[place] = Answer(head, body, time.perf_counter() - begun)
    writer.close()
    await writer.wait_closed()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError(f"an answer without a length: {head!r}")
    return int(rest.partition(b"\r\n")[0])


def _wire(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if method != "GET" else []
    return "\r\n".join([*lines, "", ""]).encode() + body

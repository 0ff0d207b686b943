"""A provider that answers at once: canned objects of Stripe's over kept connections.

It stands for the provider in every measurement and is not counted. What is called below `/floor`
is counted apart. `/bench/calls` gives the calls since it was last asked, `/bench/moments` when they
came, `/bench/delay/<ms>` makes every later answer wait.

What is named by the 32 hexadecimal digits of a checkout's uuid is that checkout, paid, and the plan
it began (`purchases.py`).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from pathlib import Path

from tests.bench import purchases

_OBJECTS = {
    "checkout/sessions": ("cs_test_bench", Path(__file__).with_name("session.json").read_text()),
    "customers": ("cus_bench", '{"id": "ID", "object": "customer", "livemode": false}'),
    "tax_rates": ("txr_bench", '{"id": "ID", "object": "tax_rate", "inclusive": false}'),
    "webhook_endpoints": (
        "we_bench",
        '{"id": "ID", "object": "webhook_endpoint", "secret": "whsec_bench"}',
    ),
}
_PATH = re.compile(r"(?:/(floor))?/v1/([a-z_/]+?)(?:/([a-z]+_\w+))?$")


class Upstream:
    """What all connections share: the calls, the numbering, the delay."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.moments: list[float] = []
        self.delay = 0.0
        self._made = 0

    def answer(self, method: str, path: str) -> tuple[int, str]:
        """Answer a status and a body."""
        if path == "/bench/calls":
            calls, self.calls = self.calls, Counter()
            return 200, json.dumps(calls)
        if path == "/bench/moments":
            moments, self.moments = self.moments, []
            return 200, json.dumps(moments)
        if path.startswith("/bench/delay/"):
            self.delay = int(path.rpartition("/")[2]) / 1000
            return 200, "{}"
        self.moments.append(time.monotonic())
        paid = purchases.answer(path) if method == "GET" else None
        if paid is not None:
            self.calls[f"portal GET {paid[0]}"] += 1
            return 200, paid[1]
        return self._object(method, path.partition("?")[0])

    def _object(self, method: str, path: str) -> tuple[int, str]:
        found = _PATH.match(path)
        if found is None or found[2] not in _OBJECTS:
            self.calls[f"{method} {path} (unknown)"] += 1
            return 404, '{"error": {"type": "invalid_request_error", "message": "not canned"}}'
        self.calls[f"{found[1] or 'portal'} {method} {found[2]}"] += 1
        prefix, body = _OBJECTS[found[2]]
        self._made += 1
        return 200, body.replace("ID", found[3] or f"{prefix}{self._made}", 2)


class Conversation(asyncio.Protocol):
    """One kept connection."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, rest = self._read.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if len(rest) < (int(length[1]) if length else 0):
            return
        self._read = b""
        method, path = head.decode("latin-1").split(" ", 2)[:2]
        delay = 0.0 if path.startswith("/bench/") else self._upstream.delay
        status, body = self._upstream.answer(method, path)
        wire = (
            f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nRequest-Id: req_bench\r\n"
            f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
        ).encode()
        if delay:
            asyncio.get_running_loop().call_later(delay, self._transport.write, wire)
        else:
            self._transport.write(wire)


async def serve() -> None:
    """Listen on a free port, print it, and answer until the process is ended."""
    upstream = Upstream()
    server = await asyncio.get_running_loop().create_server(
        lambda: Conversation(upstream), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())

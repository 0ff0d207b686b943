"""Webhooks as Stripe sends them: signed, of usual size, each with its own id."""

from __future__ import annotations

import hmac
import json
import time
import uuid
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from tests.bench.floors import WEBHOOK_SECRET
from tests.bench.load import Answer, Request

_SESSION = json.loads(Path(__file__).with_name("session.json").read_text())


@dataclass(frozen=True, slots=True)
class Call:
    """An event as it arrives."""

    body: bytes
    headers: dict[str, str]


def requests(path: str, count: int) -> list[Request]:
    """Answer new events for the door at `path`."""
    return [_request(path) for _ in range(count)]


def to(path: str) -> partial[list[Request]]:
    """Answer what makes events for one door."""
    return partial(requests, path)


def is_right(answer: Answer) -> bool:
    """Answer whether the event was taken."""
    return answer.status == 200


def signed(secret: str) -> Call:
    """Answer a new event, signed with this secret."""
    body = json.dumps(_event()).encode()
    now = int(time.time())
    signature = hmac.new(secret.encode(), b"%d.%s" % (now, body), sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={now},v1={signature}", "Content-Type": "application/json"}
    return Call(body, headers)


def _request(path: str) -> Request:
    call = signed(WEBHOOK_SECRET)
    return Request.post(path, call.body, call.headers)


def _event() -> dict[str, object]:
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "api_version": "2025-10-29.clover",
        "created": int(time.time()),
        "data": {"object": {**_SESSION, "id": f"cs_test_{uuid.uuid4().hex}"}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    }

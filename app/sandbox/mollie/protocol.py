"""Mollie's way of being called: a bearer key, JSON bodies, one hour of idempotency."""

import json
import re
from datetime import timedelta
from typing import Any

from flask import Request

from app.sandbox.gateway import Provider, Refusal, Route
from app.sandbox.mollie.refusals import refusal
from app.sandbox.store import Json

KEY = re.compile(r"Bearer (test_sandbox\w*)", re.ASCII)
BODY_LIMIT = 256 * 1024
REASONS = {
    "rate_limited": (429, "You have sent too many requests. Please try again later."),
    "broken": (500, "An unexpected error occurred on our side."),
    "in_flight": (409, "A request with this idempotency key is still being processed."),
    "key_reused": (400, "This idempotency key was used with different request data."),
}


class MollieProvider(Provider):
    """Keys are kept for an hour and for POST only; a fault is not replayed, the answer is."""

    name = "mollie"
    created_status = 201
    replay_window = timedelta(hours=1)
    replays_errors = False

    def key(self, request: Request) -> str:
        match = KEY.fullmatch(request.headers.get("Authorization", ""))
        if match is None:
            raise refusal(401, "Missing authentication, or failed to authenticate")
        # What follows two underscores only tells the keys of one account apart.
        return match[1].partition("__")[0]

    def read(self, request: Request, route: Route) -> Json:
        """Give `{"query": …, "body": …}`; each endpoint checks its own fields."""
        return {"query": request.args.to_dict(), "body": _body(request)}

    def refuse(self, reason: str, method: str, path: str) -> Refusal:
        if reason == "not_implemented":
            return refusal(501, f"This sandbox does not play {method} {path}.")
        return refusal(*REASONS[reason])


def _body(request: Request) -> Json:
    text = request.get_data(cache=False)
    if len(text) > BODY_LIMIT:
        raise refusal(400, "The request body is too large.")
    if not text.strip():
        return {}
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal(400, "The request body is no valid JSON.") from None
    if not isinstance(body, dict):
        raise refusal(400, "The request body must be a JSON object.")
    return body

"""How often an API may be called: so many calls a minute with one key or token."""

from __future__ import annotations

import logging
import math
import time
from hashlib import sha256

from flask import Flask, g, request, session
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.api.counters import Counters
from config import Config

log = logging.getLogger(__name__)

_NAMES = ("x-api-key", "Authorization")


class Limits:
    """Counts where `LIMITS_URL` says, by wall time; while that does not answer, in this process."""

    def __init__(self, config: Config) -> None:
        ours = config.LIMITS_URL == "memory://"
        self._here = FixedWindowRateLimiter(Counters())
        self._store = (
            self._here if ours else FixedWindowRateLimiter(storage_from_string(config.LIMITS_URL))
        )
        self._calls = RateLimitItemPerMinute(config.API_CALLS_PER_MINUTE)
        self._starts = RateLimitItemPerMinute(config.STARTS_PER_MINUTE)

    def guard(self, flask_app: Flask, blueprint: str) -> None:
        """Count every call of a blueprint; all of one caller count together."""

        def count() -> None:
            self._count(self._calls, "api", _caller())

        flask_app.before_request_funcs.setdefault(blueprint, []).append(count)

    def guard_starts(self, flask_app: Flask, blueprint: str) -> None:
        """Count what a person sends from a page on which purchases start."""

        def count() -> None:
            if request.method == "POST":
                self._count(self._starts, "starts", _visitor())

        flask_app.before_request_funcs.setdefault(blueprint, []).append(count)

    def _count(self, limit: RateLimitItem, *names: str) -> None:
        counting = self._store
        try:
            is_within = counting.hit(limit, "portico", *names)
        except counting.storage.base_exceptions:
            log.warning("LIMITS_URL does not answer; calls are counted in this process")
            counting = self._here
            is_within = counting.hit(limit, "portico", *names)
        if not is_within:
            ends = counting.get_window_stats(limit, "portico", *names).reset_time
            g.retry_after = max(1, math.ceil(ends - time.time()))
            raise TooManyRequests(retry_after=g.retry_after)


def retry_after() -> int:
    """Answer after how many seconds a caller that was refused may come back."""
    return int(g.get("retry_after", 1))


def _caller() -> str:
    # Counted before we know whether the key is good, so that guessing costs us nothing more.
    shown = next((request.headers[name] for name in _NAMES if name in request.headers), None)
    return sha256(shown.encode()).hexdigest() if shown else request.remote_addr or "nobody"


def _visitor() -> str:
    return str(session.get("_user_id") or request.remote_addr)

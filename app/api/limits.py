"""How often an API may be called: so many calls a minute with one key or token."""

from __future__ import annotations

import math
import time
from hashlib import sha256
from typing import cast

from flask import Blueprint, Flask, g, request, session
from flask_limiter import Limiter, RequestLimit

from app.api.counters import Counters
from config import Config

_OURS = f"{Counters.STORAGE_SCHEME[0]}://"
_NAMES = ("x-api-key", "Authorization")


def install(flask_app: Flask, config: Config) -> Limiter:
    """Answer a limiter that counts where `LIMITS_URL` says, by wall time."""
    return Limiter(
        key_func=_caller,
        app=flask_app,
        default_limits=[],
        headers_enabled=False,
        storage_uri=_OURS if config.LIMITS_URL == "memory://" else config.LIMITS_URL,
        strategy="fixed-window",
        key_prefix="portico",
        on_breach=_note,
        # Where the store does not answer, calls go on and are counted here.
        in_memory_fallback_enabled=config.LIMITS_URL != "memory://",
    )


def guard(limiter: Limiter, blueprint: Blueprint, config: Config) -> None:
    """Count every call of a blueprint; all of one caller count together."""
    limiter.shared_limit(f"{config.API_CALLS_PER_MINUTE} per minute", scope="api")(blueprint)


def guard_starts(limiter: Limiter, flask_app: Flask, config: Config) -> None:
    """Count what a person sends from the portal's checkout."""
    blueprint = cast(Blueprint, flask_app.blueprints["checkout"])
    limiter.shared_limit(
        f"{config.STARTS_PER_MINUTE} per minute",
        scope="starts",
        key_func=_visitor,
        methods=["POST"],
    )(blueprint)


def retry_after() -> int:
    """Answer after how many seconds a caller that was refused may come back."""
    return int(g.get("retry_after", 1))


def _caller() -> str:
    # Counted before we know whether the key is good, so that guessing costs us nothing more.
    shown = next((request.headers[name] for name in _NAMES if name in request.headers), None)
    return sha256(shown.encode()).hexdigest() if shown else request.remote_addr or "nobody"


def _visitor() -> str:
    return str(session.get("_user_id") or request.remote_addr)


def _note(limit: RequestLimit) -> None:
    g.retry_after = max(1, math.ceil(limit.window.reset_time - time.time()))

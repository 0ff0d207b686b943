"""Billing time and wall time, both UTC.

Billing time is wall time plus an offset, so that the demo and tests can live through a year in a
minute. Sign-in, CSRF, tokens, links, limits and signature checks use wall time.
"""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Protocol

log = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0
_TIMEOUT_SECONDS = 2.0
# The sandbox is on this machine: a proxy in the environment must not be asked for it.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wall() -> datetime:
    """Answer the wall time."""
    return datetime.now(UTC)


class Clock(Protocol):
    """Something that knows the billing time."""

    def now(self) -> datetime:
        """Answer the billing time."""
        ...


class WallClock:
    """Billing time is wall time: every installation that takes real money."""

    def now(self) -> datetime:
        """Answer the wall time."""
        return wall()


class SandboxClock:
    """Billing time is read from the sandbox's clock and kept for a second; every answer of the
    sandbox tells it too, so that what follows from an answer carries its time.

    While the sandbox does not answer, the last offset known goes on.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._offset = timedelta(0)
        self._read_at = -_FRESH_SECONDS
        self._reading = threading.Lock()

    def now(self) -> datetime:
        """Answer the sandbox's time, at most a second old."""
        if time.monotonic() - self._read_at >= _FRESH_SECONDS and self._reading.acquire(
            blocking=self._read_at < 0
        ):
            try:
                self._read()
            finally:
                self._reading.release()
        return wall() + self._offset

    def hear(self, told: str) -> None:
        """Take a later time from an answer of the sandbox, whose time only moves on. It goes back
        where all is begun again, and that is read."""
        try:
            offset = datetime.fromisoformat(told) - wall()
        except (ValueError, TypeError):
            log.warning("the sandbox tells a time that cannot be read: %.40s", told)
            return
        self._offset = max(self._offset, offset)

    def _read(self) -> None:
        try:
            with _DIRECT.open(self._url, timeout=_TIMEOUT_SECONDS) as answer:
                now = datetime.fromisoformat(json.load(answer)["now"])
            self._offset = now - wall()
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            log.warning("the sandbox's clock does not answer at %s", self._url)
        self._read_at = time.monotonic()


def clock_at(url: str | None) -> Clock:
    """Answer the sandbox's clock where one is set, else wall time."""
    return SandboxClock(url) if url else WallClock()

"""Pace: what works in the background asks a provider no faster than it may be asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# What asks for longer is left for the next sweep rather than waited for.
LONGEST_REST = 10.0
_MARGIN = 1.05
_kept: ContextVar[Pace | None] = ContextVar("pace", default=None)


class Pace:
    """Gives every call to an account its turn, `per_second` of them evenly spread, so that no
    second has more: Stripe refuses what comes faster than 25 a second in test mode and 100 in live
    mode (Stripe, "Rate limits").

    Shared by the threads of a process. `turns` counts the turns given.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # A little more than its share, since calls do not take equally long to get there.
        self._gap = _MARGIN / per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next: dict[Hashable, float] = {}
        self.turns = 0

    def wait(self, account: Hashable) -> None:
        """Wait for an account's next turn and take it."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next.get(account, now))
            self._next[account] = turn + self._gap
            self.turns += 1
        if turn > now:
            self._sleep(turn - now)

    def rest(self, account: Hashable, seconds: float) -> None:
        """Give an account no turn for a while, because it asked for that."""
        with self._lock:
            until = self._clock() + seconds
            self._next[account] = max(until, self._next.get(account, until))


@contextmanager
def keeping(pace: Pace) -> Iterator[None]:
    """Let every call of this thread wait for its turn meanwhile; outside, calls wait for nothing:
    a payer at the button does not stand in line behind a sweep."""
    token = _kept.set(pace)
    try:
        yield
    finally:
        _kept.reset(token)


def wait(account: Hashable) -> None:
    """Wait for a turn, where this thread keeps a pace. Adapters call this before each request."""
    pace = _kept.get()
    if pace is not None:
        pace.wait(account)


def rest(account: Hashable, seconds: float | None) -> None:
    """Note that a provider asked us to slow down, where this thread keeps a pace; without saying
    for how long, a second."""
    pace = _kept.get()
    if pace is not None:
        pace.rest(account, min(seconds or 1.0, LONGEST_REST))

"""Jumps: where billing time is a sandbox's, a month may pass in a second, and what falls due in it
is not left to the next minute of wall time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from app import clock
from app.clock import Clock

log = logging.getLogger(__name__)

_JUMP = timedelta(seconds=5)
_LOOK_SECONDS = 1.0


class Jumps:
    """Watches how far a clock is ahead of wall time; `act` is called after a jump, and again a
    second later where it answers False."""

    def __init__(self, watched: Clock, act: Callable[[], bool]) -> None:
        self._clock, self._act = watched, act
        self._seen = self._ahead()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="jumps")

    def start(self) -> None:
        """Look every second from now on, in a thread of its own."""
        self._thread.start()

    def stop(self, *, seconds: float) -> None:
        """Look no more; what is being done has a while to finish."""
        self._leaving.set()
        self._thread.join(seconds)

    def look(self) -> None:
        """Act if the clock has jumped since it was acted last. One that went back is begun anew."""
        ahead = self._ahead()
        if ahead < self._seen or (ahead - self._seen > _JUMP and self._act()):
            self._seen = ahead

    def _ahead(self) -> timedelta:
        return self._clock.now() - clock.wall()

    def _run(self) -> None:
        while not self._leaving.wait(_LOOK_SECONDS):
            try:
                self.look()
            except Exception:
                log.exception("what a jump of the clock made due waits for the next minute")

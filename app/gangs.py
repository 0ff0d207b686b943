"""Gangs: a piece of work done by few threads at once, however often it is asked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Gang:
    """Runs a verb that works until nothing is left, in at most `most` threads of this process.

    Who asks while all are at it leaves at once, and one of them runs once more: what came after
    its last look is not left lying. So a burst of nudges does not take every thread of a worker.
    """

    def __init__(self, work: Callable[[], object], *, most: int = 1) -> None:
        self._work, self._most = work, most
        self._lock = threading.Lock()
        self._busy = 0
        self._again = False

    def run(self) -> None:
        """Work until nothing is left, or leave it to those who are at it. Raises what went wrong
        where nobody asked meanwhile; else it is logged, and the work begun once more."""
        goes_on = self._join()
        while goes_on:
            try:
                self._work()
            except BaseException:
                if not self._goes_on():
                    raise
                log.exception("a piece of work failed, and is begun once more")
            else:
                goes_on = self._goes_on()

    def _join(self) -> bool:
        with self._lock:
            if self._busy >= self._most:
                self._again = True
                return False
            self._busy += 1
            return True

    def _goes_on(self) -> bool:
        with self._lock:
            goes_on, self._again = self._again, False
            if not goes_on:
                self._busy -= 1
            return goes_on

"""Where calls are counted in a process of its own: in memory, without a thread per count."""

from __future__ import annotations

import threading
import time
from typing import Any

from limits.storage import Storage


class Counters(Storage):
    """Fixed windows in memory.

    The library's own memory store starts a timer thread to clear what has run out, which costs more
    than the rest of a count; here it is cleared while counting, once many keys are known.
    """

    STORAGE_SCHEME = ["counters"]
    _MANY = 10_000

    def __init__(self, uri: str | None = None, **options: Any) -> None:
        super().__init__(uri, **options)
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails by itself."""
        return RuntimeError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count and answer how many there are in the window of a key, `expiry` seconds long."""
        now = time.time()
        with self._lock:
            count, ends = self._counted.get(key, (0, 0.0))
            if ends <= now:
                self._forget(now)
                count, ends = 0, now + expiry
            self._counted[key] = (count + amount, ends)
            return count + amount

    def get(self, key: str) -> int:
        """Answer how many there are in the window of a key."""
        count, ends = self._counted.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Answer when the window of a key ends, in seconds of the epoch."""
        return self._counted.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Memory answers always."""
        return True

    def reset(self) -> int:
        """Forget everything and answer how many keys there were."""
        with self._lock:
            known = len(self._counted)
            self._counted.clear()
        return known

    def clear(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._counted.pop(key, None)

    def _forget(self, now: float) -> None:
        if len(self._counted) >= self._MANY:
            self._counted = {
                key: window for key, window in self._counted.items() if window[1] > now
            }

"""Replay the first answer given to an idempotency key, as each provider does."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from app.sandbox.clock import Clock, iso, read_iso
from app.sandbox.store import Json, Store


class InFlight(Exception):
    """The first call with this key has not been answered yet."""


class Reused(Exception):
    """The key came with other content before."""


class Replays:
    """Answers live in the store for the provider's window; keys in flight only in memory."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._in_flight: set[tuple[str, str]] = set()

    @contextmanager
    def claim(self, space: str, key: str, content: str, window: timedelta) -> Iterator[Json | None]:
        """Give the stored answer, or None and hold the key until the block ends.

        Raises InFlight or Reused.
        """
        with self._store.transaction():
            found = self._find(space, key, window)
            if found is not None and found["content"] != _digest(content):
                raise Reused
            if (space, key) in self._in_flight:
                raise InFlight
            if found is None:
                self._in_flight.add((space, key))
        try:
            yield found["answer"] if found else None
        finally:
            if found is None:
                with self._store.lock:
                    self._in_flight.discard((space, key))

    def keep(self, space: str, key: str, content: str, answer: Json) -> None:
        row = {"at": iso(self._clock.now()), "content": _digest(content), "answer": answer}
        self._store.put(space, "replays", key, row)

    def forget(self) -> None:
        self._in_flight.clear()

    def _find(self, space: str, key: str, window: timedelta) -> Json | None:
        row = self._store.get(space, "replays", key)
        if row is None or read_iso(row["at"]) + window <= self._clock.now():
            return None
        return row


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()

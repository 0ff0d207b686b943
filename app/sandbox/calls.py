"""Remember which API calls were made, for whoever asks /control/calls."""

from app.sandbox.store import Json, Store

KEPT_CALLS = 20_000


class Calls:
    """The newest twenty thousand, oldest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, call: Json) -> None:
        """Keep a call, and let go of the oldest."""
        with self._store.transaction():
            number = self._store.count("calls")
            self._store.put("", "calls", str(number), call)
            self._store.delete("", "calls", str(number - KEPT_CALLS))

    def all(self) -> list[Json]:
        """Answer every call that is kept."""
        return self._store.find("", "calls")

"""Remember which API calls were made, for whoever asks /control/calls."""

from app.sandbox.store import Json, Store

KEPT_CALLS = 20_000


class Calls:
    """The newest twenty thousand, oldest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, call: Json) -> None:
        with self._store.transaction():
            number = (self._store.get("", "counters", "calls") or {"number": 0})["number"] + 1
            self._store.put("", "counters", "calls", {"number": number})
            self._store.put("", "calls", str(number), call)
            self._store.delete("", "calls", str(number - KEPT_CALLS))

    def all(self) -> list[Json]:
        return self._store.find("", "calls")

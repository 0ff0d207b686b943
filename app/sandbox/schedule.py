"""Do timed work in the order it falls due: expiries, renewals, settlements."""

import heapq
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.sandbox.clock import iso, read_iso
from app.sandbox.store import Store

if TYPE_CHECKING:
    from app.sandbox.world import Account

Work = Callable[..., None]
KINDS: dict[str, Work] = {}


def timed(name: str) -> Callable[[Work], Work]:
    """Register a function `(account, **args)` as timed work under a lasting name.

    It is called once, at its own time, inside a transaction. It must look at the state it finds:
    work is never taken back, so a session that was paid meanwhile simply does not expire.
    """

    def register(work: Work) -> Work:
        KINDS[name] = work
        return work

    return register


class Schedule:
    """Jobs live in the store; the heap in memory is only their order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heap: list[tuple[datetime, int, str]] = []
        self.reload()

    def reload(self) -> None:
        """Take up the jobs of the store."""
        jobs = self._store.find("", "jobs")
        self._heap = [(read_iso(job["due"]), job["number"], job["id"]) for job in jobs]
        heapq.heapify(self._heap)

    def add(self, due: datetime, name: str, space: str, args: dict[str, Any]) -> None:
        """Have timed work done at `due`; raises KeyError for a name nobody registered."""
        if name not in KINDS:
            raise KeyError(f"no timed work is registered as {name!r}")
        with self._store.transaction():
            number = self._store.count("jobs")
            id = str(number)
            job = {"id": id, "number": number, "due": iso(due), "name": name}
            self._store.put("", "jobs", id, {**job, "space": space, "args": args})
            entry = (read_iso(iso(due)), number, id)
            self._store.after_commit(lambda: self._push(entry))

    def next_due(self) -> datetime | None:
        """Answer when the next job is due."""
        with self._store.lock:
            return self._heap[0][0] if self._heap else None

    def run_next(self, now: datetime, account_of: Callable[[str], "Account"]) -> bool:
        """Do the earliest work due at `now`; say whether there was any."""
        with self._store.transaction():
            if not self._heap or self._heap[0][0] > now:
                return False
            id = heapq.heappop(self._heap)[2]
            job = self._store.get("", "jobs", id)
            if job is not None:
                self._store.delete("", "jobs", id)
                KINDS[job["name"]](account_of(job["space"]), **job["args"])
            return True

    def _push(self, entry: tuple[datetime, int, str]) -> None:
        with self._store.lock:
            heapq.heappush(self._heap, entry)

"""Post webhooks in the background, in order for each receiver, and again until they are taken."""

import contextlib
import heapq
import http.client
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from app.sandbox.clock import Clock, iso, read_iso
from app.sandbox.faults import SECONDS, WEBHOOK_FAULTS, Faults
from app.sandbox.ids import Ids
from app.sandbox.store import Json, Store

WORKERS = 4
TIMEOUT_SECONDS = 15.0
IDLE_SECONDS = 0.5
log = logging.getLogger(__name__)

Lane = tuple[str, str]
Entry = tuple[datetime, int, str]


class Sender(ABC):
    """How one provider posts: its headers, what counts as taken, when it tries again."""

    waits: Sequence[timedelta] = ()

    @abstractmethod
    def headers(self, delivery: Json) -> dict[str, str]:
        """Make the headers of one attempt; signatures use wall time, as receivers check it."""

    @abstractmethod
    def is_taken(self, status: int) -> bool:
        """Say whether this HTTP status ends the attempts."""


SENDERS: dict[str, Sender] = {}


class Outbox:
    """Deliveries are rows; one attempt at a time for each receiver's URL, several URLs at once."""

    def __init__(self, store: Store, clock: Clock, faults: Faults, ids: Ids) -> None:
        self._store, self._clock, self._faults, self._ids = store, clock, faults, ids
        self._changed = threading.Condition(threading.Lock())
        self._lanes: dict[Lane, list[Entry]] = {}
        self._busy: dict[Lane, str] = {}
        self._held: dict[Lane, list[str]] = {}
        self._stopped = False
        self._threads: list[threading.Thread] = []
        self.reload()

    def start(self) -> None:
        """Begin to deliver."""
        for number in range(WORKERS):
            name = f"sandbox-delivery-{number}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Begin no further attempt."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stop, and wait for the attempts under way."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def reload(self) -> None:
        """Take up what the store says is still to be delivered."""
        pending = self._store.find("", "deliveries", lambda row: row["status"] == "pending")
        with self._changed:
            self._lanes, self._held = {}, {}
            for row in pending:
                heapq.heappush(self._lanes.setdefault(_lane(row), []), _entry(row))

    def all(self) -> list[Json]:
        """Answer every delivery there was, oldest first."""
        return self._store.find("", "deliveries")

    def add(self, delivery: Json) -> None:
        """Put a delivery on its way after the commit, or let a fault have it."""
        subjects = [delivery["type"] or "", delivery["object_id"]]
        fault = self._faults.take("webhook", delivery["provider"], subjects, WEBHOOK_FAULTS)
        kind = fault["fault"] if fault else None
        row = {**delivery, "attempts": 0, "status": "dropped" if kind == "drop" else "pending"}
        wait = 0.0
        if fault and kind in ("delay", "reorder"):
            wait = fault["seconds"] if fault["seconds"] is not None else SECONDS[kind]
        self._add_row(row, wait, held=kind == "reorder")
        if kind == "duplicate":
            self._add_row(row, 0.0, held=False)

    def resend(self, id: str) -> Json | None:
        """Post a delivery once more, now, whatever became of it; None when there is none."""
        with self._store.transaction():
            row = self._store.get("", "deliveries", id)
            if row is not None:
                row.update(status="pending", due=iso(self._clock.now()))
                self._store.put("", "deliveries", id, row)
                self._push_after_commit(row)
        return row

    def next_due(self) -> datetime | None:
        """Answer when the next attempt is due."""
        with self._changed:
            return min((heap[0][0] for heap in self._lanes.values() if heap), default=None)

    def wait_idle(self) -> None:
        """Wait until nothing that is due still waits for its attempt."""
        with self._changed:
            self._changed.notify_all()
            while not self._stopped and (self._busy or self._due_lane(free_only=False)):
                self._changed.wait(IDLE_SECONDS)

    def _add_row(self, row: Json, wait: float, *, held: bool) -> None:
        number = (self._store.get("", "counters", "deliveries") or {"number": 0})["number"] + 1
        self._store.put("", "counters", "deliveries", {"number": number})
        due = iso(self._clock.now() + timedelta(seconds=wait))
        row = {**row, "id": str(number), "number": number, "due": due}
        self._store.put("", "deliveries", row["id"], row)
        if row["status"] == "pending":
            self._push_after_commit(row, held=held)

    def _push_after_commit(self, row: Json, *, held: bool = False) -> None:
        self._store.after_commit(lambda: self._push(row, held=held))

    def _push(self, row: Json, *, held: bool = False) -> None:
        with self._changed:
            heapq.heappush(self._lanes.setdefault(_lane(row), []), _entry(row))
            if held:
                self._held.setdefault(_lane(row), []).append(row["id"])
            self._changed.notify_all()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            lane, id = taken
            try:
                self._deliver(lane, id)
            except Exception:
                # A thread that ended here would let whoever waits for deliveries wait for ever.
                log.exception("delivery %s could not be attempted", id)

    def _deliver(self, lane: Lane, id: str) -> None:
        try:
            try:
                self._attempt(id)
            finally:
                self._release(lane, id)
        finally:
            with self._changed:
                del self._busy[lane]
                self._changed.notify_all()

    def _take(self) -> tuple[Lane, str] | None:
        with self._changed:
            while not self._stopped:
                lane = self._due_lane(free_only=True)
                if lane is not None:
                    id = heapq.heappop(self._lanes[lane])[2]
                    self._busy[lane] = id
                    return lane, id
                self._changed.wait(IDLE_SECONDS)
            return None

    def _release(self, lane: Lane, id: str) -> None:
        with self._changed:
            released = [other for other in self._held.pop(lane, []) if other != id]
        for other in released:
            self.resend(other)

    def _due_lane(self, *, free_only: bool) -> Lane | None:
        now = self._clock.now()
        due = [
            (heap[0], lane)
            for lane, heap in self._lanes.items()
            if heap and heap[0][0] <= now and not (free_only and lane in self._busy)
        ]
        return min(due)[1] if due else None

    def _attempt(self, id: str) -> None:
        row = self._store.get("", "deliveries", id)
        if row is None or row["status"] != "pending":
            return
        sender = SENDERS[row["provider"]]
        status = _post(row["url"], row["body"], sender.headers(row))
        with self._store.transaction():
            row = self._store.get("", "deliveries", id)
            if row is not None:
                self._record(row, sender, status)

    def _record(self, row: Json, sender: Sender, status: int | None) -> None:
        row["attempts"] += 1
        if status is not None and sender.is_taken(status):
            row["status"] = "delivered"
        elif row["attempts"] > len(sender.waits):
            row["status"] = "failed"
        else:
            row["due"] = iso(self._clock.now() + sender.waits[row["attempts"] - 1])
            self._push_after_commit(row)
        self._store.put("", "deliveries", row["id"], row)


def _lane(row: Json) -> Lane:
    return row["space"], row["url"]


def _entry(row: Json) -> Entry:
    return read_iso(row["due"]), row["number"], row["id"]


def _post(url: str, body: str, headers: dict[str, str]) -> int | None:
    """Post once, following no redirect; None when no answer came, or the URL cannot be called."""
    try:
        parts = urlsplit(url)
        https = parts.scheme == "https"
        connection_type = http.client.HTTPSConnection if https else http.client.HTTPConnection
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = connection_type(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", path, body.encode(), {**headers, "Connection": "close"})
            response = connection.getresponse()
            response.read()
            return response.status
    except (OSError, http.client.HTTPException, ValueError):
        return None

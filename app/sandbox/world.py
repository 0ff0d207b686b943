"""Hold one sandbox together: its store, clock, ids, timed work, deliveries, faults, mails."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.sandbox.calls import Calls
from app.sandbox.clock import Clock
from app.sandbox.deliveries import Outbox
from app.sandbox.faults import MONEY_FAULTS, Faults
from app.sandbox.ids import Ids
from app.sandbox.mailbox import Mailbox
from app.sandbox.replays import Replays
from app.sandbox.schedule import Schedule
from app.sandbox.store import Json, Store

KEPT = frozenset({"accounts", "webhook_endpoints", "counters", "seed"})
TICK_SECONDS = 0.25
log = logging.getLogger(__name__)


class World:
    """The other company: everything it knows and everything it will still do."""

    def __init__(
        self,
        *,
        seed: str | None = None,
        state: Path | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.store = Store(state)
        self.clock = Clock(self.store, wall)
        self.ids = Ids(self.store, seed)
        self.schedule = Schedule(self.store)
        self.faults = Faults(self.store)
        self.calls = Calls(self.store)
        self.replays = Replays(self.store, self.clock)
        self.outbox = Outbox(self.store, self.clock, self.faults, self.ids)
        self.mailbox = Mailbox(self.store, self.clock, self.faults)
        self.base_url = "http://127.0.0.1"
        self.stopping = threading.Event()
        self._advancing = threading.Lock()
        self._ticker = threading.Thread(target=self._tick, name="sandbox-ticker", daemon=True)

    def start(self) -> None:
        """Begin to do timed work and to deliver as wall time passes."""
        self._ticker.start()
        self.outbox.start()

    def stop(self) -> None:
        """Let nobody wait any longer: held answers, an advancing clock, deliveries."""
        self.stopping.set()
        self.outbox.stop()

    def close(self) -> None:
        """End the threads and let go of the file; safe to call twice."""
        self.stop()
        self.outbox.close()
        if self._ticker.is_alive():
            self._ticker.join()
        self.store.close()

    def account(self, provider: str, key: str) -> "Account":
        """Give the account a key opens, made on first use."""
        space = f"{provider}:{key}"
        if self.store.get("", "accounts", space) is None:
            self.store.put("", "accounts", space, {"provider": provider, "key": key})
        return Account(self, provider, space)

    def account_in(self, space: str) -> "Account":
        """Give the account of a space."""
        return Account(self, space.partition(":")[0], space)

    def owner_of(self, provider: str, kind: str, id: str) -> "Account | None":
        """Find the account that holds an object, for hosted pages, which carry no key."""
        spaces = [s for s in self.store.spaces_of(kind, id) if s.startswith(f"{provider}:")]
        return self.account_in(spaces[0]) if spaces else None

    def advance_to(self, target: datetime) -> None:
        """Move the clock to `target`, doing each thing due on the way at its own time.

        Returns when every delivery due by then has been attempted. Holds no lock that a call to
        the sandbox needs: whoever is called back may call in.
        """
        with self._advancing:
            # What is on its way now is attempted before time moves: its retries count from now.
            self.outbox.wait_idle()
            while not self.stopping.is_set():
                due = self._next_due()
                if due is None or due > target:
                    break
                self.clock.move_to(due)
                self.schedule.run_next(self.clock.now(), self.account_in)
                self.outbox.wait_idle()
            self.clock.move_to(target)
            self._run_due()
            self.outbox.wait_idle()

    def reset(self) -> None:
        """Forget objects, faults, calls, deliveries; put the clock back to wall time."""
        with self._advancing, self.store.transaction():
            self.store.clear(KEPT)
            self.clock.reset()
            self.schedule.reload()
            self.outbox.reload()
            self.replays.forget()

    def _next_due(self) -> datetime | None:
        dues = [due for due in (self.schedule.next_due(), self.outbox.next_due()) if due]
        return min(dues) if dues else None

    def _run_due(self) -> None:
        while self.schedule.run_next(self.clock.now(), self.account_in):
            pass

    def _tick(self) -> None:
        while not self.stopping.wait(TICK_SECONDS):
            if self._advancing.acquire(blocking=False):
                try:
                    self._run_due()
                except Exception:
                    log.exception("timed work failed and is dropped")
                finally:
                    self._advancing.release()


@dataclass(frozen=True)
class Account:
    """What one key sees of the world: its own objects, and the verbs resources need."""

    world: World
    provider: str
    space: str

    @property
    def key(self) -> str:
        """The key that opens it."""
        return self.space.partition(":")[2]

    def now(self) -> datetime:
        """Answer the sandbox's present."""
        return self.world.clock.now()

    def timestamp(self) -> int:
        """Answer the sandbox's present as Unix time."""
        return int(self.now().timestamp())

    def mint(self, prefix: str, length: int = 24) -> str:
        """Give an id nobody has had."""
        return self.world.ids.mint(self.space, prefix, length)

    def derive(self, purpose: str, prefix: str = "", length: int = 24) -> str:
        """Give the same id for the same purpose each time."""
        return self.world.ids.derive(self.space, purpose, prefix, length)

    def load(self, kind: str, id: str) -> Json | None:
        """Give a copy of an object; None when there is none."""
        return self.world.store.get(self.space, kind, id)

    def save(self, kind: str, value: Json) -> Json:
        """Store a value under its own `id`."""
        self.world.store.put(self.space, kind, value["id"], value)
        return value

    def delete(self, kind: str, id: str) -> None:
        """Forget an object."""
        self.world.store.delete(self.space, kind, id)

    def find(self, kind: str, matches: Callable[[Json], bool] | None = None) -> list[Json]:
        """List copies, oldest first."""
        return self.world.store.find(self.space, kind, matches)

    def later(self, due: datetime | timedelta, name: str, **args: Any) -> None:
        """Schedule timed work, at a time or after a span."""
        moment = self.now() + due if isinstance(due, timedelta) else due
        self.world.schedule.add(moment, name, self.space, args)

    def takes_fault(self, kind: str, *subjects: str) -> bool:
        """Use up a `mandate_pending` or `wrong_amount` that fits one of these paths or ids."""
        assert kind in MONEY_FAULTS
        return self.world.faults.take("", self.provider, list(subjects), (kind,)) is not None

    def deliver(
        self, *, url: str, body: str, event_id: str, type: str | None, object_id: str, **extra: Any
    ) -> None:
        """Post `body` to `url` once this transaction is kept; `extra` is for the sender."""
        self.world.outbox.add(
            {
                "provider": self.provider, "space": self.space, "url": url, "body": body,
                "event_id": event_id, "type": type, "object_id": object_id, "extra": extra,
            }
        )  # fmt: skip

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything inside happen or not happen."""
        return self.world.store.transaction()

"""The courier: a thread of the worker that has deliveries made as soon as they are due."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from app.billing.site import Site
from app.billing.webhooks import addresses, deliveries, handouts
from app.billing.webhooks.deliveries import Due
from app.db.engine import Database

log = logging.getLogger(__name__)

# So many calls at once, and so many to one endpoint: one that is slow keeps a few hands busy, and
# never all of them.
HANDS = 16
HANDS_PER_ENDPOINT = 4
_LOOK_SECONDS = 0.5


class Courier:
    """Looks twice a second, when nudged, and whenever an attempt is over.

    The tables are its queue: several couriers share the work, and one that dies loses nothing.
    """

    def __init__(
        self, database: Database, site: Site, *, look_up: addresses.LookUp = addresses.look_up
    ) -> None:
        self._database, self._site, self._look_up = database, site, look_up
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._counting = threading.Lock()
        self._in_hand: set[int] = set()
        self._busy: Counter[int] = Counter()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own; a courier that runs goes on."""
        with self._counting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="courier")
                self._thread.start()

    def nudge(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self, *, seconds: float | None = None) -> None:
        """End after the calls at hand, or wait for them no longer than that."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        with ThreadPoolExecutor(HANDS, thread_name_prefix="courier") as hands:
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    self._look(hands)
                except Exception:
                    # The database may be out of reach for a while; the next look comes by itself.
                    log.exception("the courier could not look at what is due")
                self._wake.wait(_LOOK_SECONDS)

    def _look(self, hands: ThreadPoolExecutor) -> None:
        now = self._site.clock.now()
        with self._database.reader() as db:
            has_new = handouts.is_due(db)
            db.commit()
        if has_new:
            with self._database.writer() as db:
                handouts.hand_out(db, now=now)
        with self._database.reader() as db:
            found = deliveries.due(db, now=now, beside=self._full())
            db.commit()
        for due in found:
            if self._take(due):
                self._hand(hands, due)

    def _full(self) -> list[int]:
        with self._counting:
            return [row for row, calls in self._busy.items() if calls >= HANDS_PER_ENDPOINT]

    def _take(self, due: Due) -> bool:
        with self._counting:
            is_free = self._busy[due.endpoint_id] < HANDS_PER_ENDPOINT
            if not is_free or due.id in self._in_hand or len(self._in_hand) >= HANDS:
                return False
            self._in_hand.add(due.id)
            self._busy[due.endpoint_id] += 1
            return True

    def _hand(self, hands: ThreadPoolExecutor, due: Due) -> None:
        try:
            hands.submit(self._deliver, due)
        except BaseException:
            self._put_down(due)
            raise

    def _put_down(self, due: Due) -> None:
        with self._counting:
            self._in_hand.discard(due.id)
            self._busy[due.endpoint_id] -= 1

    def _deliver(self, due: Due) -> None:
        try:
            with self._database.writer() as db:
                deliveries.attempt(db, self._site, due.id, look_up=self._look_up)
        except Exception:
            log.exception("delivery %s could not be attempted", due.id)
        finally:
            self._put_down(due)
            self._wake.set()

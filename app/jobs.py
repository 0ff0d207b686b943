"""Jobs: nudges for the worker. The tables are the truth; a lost job only waits for the sweep."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache

from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.api import Task

import config as settings
from app import mails
from app.billing.reconciliation import sweep
from app.billing.site import Site, site_for
from app.billing.webhooks.couriers import Courier
from app.db.base import Base
from app.db.engine import Database
from app.gangs import Gang
from app.jumps import Jumps
from app.logs import context
from app.models import Mail, WebhookDelivery, WebhookEvent

log = logging.getLogger(__name__)

_SEEN = "portico.worker.seen"
_SEEN_SECONDS = 150
_GATHER_SECONDS = 0.05
_LEAVE_SECONDS = 3.0

config = settings.load()


def _queue() -> Huey:
    if config.QUEUE == "postgres":
        dsn = config.DATABASE_URL.replace("postgresql+psycopg://", "postgresql://")
        return PostgresHuey("portico", dsn=dsn, results=False)
    config.folder.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("portico", filename=str(config.folder / "queue.sqlite3"), results=False)


huey = _queue()


@huey.pre_execute()  # type: ignore[untyped-decorator]
def _begin(task: Task) -> None:
    context.begin(job_id=task.id, job=task.name)


@huey.post_execute()  # type: ignore[untyped-decorator]
def _end(_task: Task, _value: object, _error: Exception | None) -> None:
    context.end()


@huey.task()  # type: ignore[untyped-decorator]
def process_events() -> None:
    """Look at what waiting events are about."""
    _events.run()


@huey.task()  # type: ignore[untyped-decorator]
def send_mails() -> None:
    """Send the mails that are due."""
    _mails.run()


@huey.task()  # type: ignore[untyped-decorator]
def end_checkout(checkout_id: int) -> None:
    """End a checkout at the second its caller chose."""
    with _database().writer() as db:
        sweep.end_on_time(db, _site(), checkout_id)


def end_checkout_after(checkout_id: int, lifetime: timedelta) -> None:
    """Have a checkout ended when its lifetime is over."""
    try:
        end_checkout.schedule((checkout_id,), delay=lifetime.total_seconds())
    except Exception:
        # The queue is out of reach; the sweep finds the checkout by its deadline.
        log.exception("the end of checkout %s could not be queued", checkout_id)


@huey.periodic_task(crontab())  # type: ignore[untyped-decorator]
def sweep_due() -> None:
    """Look at everything that is due, every minute."""
    _sweep()


@huey.periodic_task(crontab())  # type: ignore[untyped-decorator]
def look_after() -> None:
    """Say that a worker is there, and send what a nudge was lost for, every minute."""
    _report()
    _courier().nudge()
    _mails.run()


@huey.on_startup()  # type: ignore[untyped-decorator]
def _report() -> None:
    huey.storage.put_data(_SEEN, str(time.time()).encode())


@huey.on_startup()  # type: ignore[untyped-decorator]
def _deliver() -> None:
    # Not a job: a receiver that is slow must not keep the worker's few threads from their work.
    _courier().start()


@huey.on_startup()  # type: ignore[untyped-decorator]
def _listen() -> None:
    with _making:
        if _tell_courier not in _database().listeners:
            _database().listeners += [hear, _tell_courier]


@huey.on_startup()  # type: ignore[untyped-decorator]
def _follow_clock() -> None:
    if config.CLOCK_URL:
        _jumps()


@huey.on_shutdown()  # type: ignore[untyped-decorator]
def _leave() -> None:
    huey.storage.put_data(_SEEN, b"0")
    _courier().stop(seconds=_LEAVE_SECONDS)
    if config.CLOCK_URL:
        _jumps().stop(seconds=_LEAVE_SECONDS)


def is_worker_alive() -> bool:
    """A worker has reported in the last two and a half minutes."""
    seconds = worker_seen_seconds()
    return seconds is not None and seconds < _SEEN_SECONDS


def worker_seen_seconds() -> float | None:
    """Answer how long ago a worker reported; None where none has, or the last one left."""
    seen = huey.storage.peek_data(_SEEN)
    if not isinstance(seen, bytes) or float(seen) == 0:
        return None
    return max(0.0, time.time() - float(seen))


def waiting() -> int:
    """Answer how many jobs are in the queue."""
    return int(huey.pending_count())


def hear(kinds: frozenset[type[Base]]) -> None:
    """Have mails sent as soon as the change they tell of is committed; a listener of `Database`."""
    if Mail in kinds:
        nudge_mails()


def _tell_courier(kinds: frozenset[type[Base]]) -> None:
    if kinds & {WebhookEvent, WebhookDelivery}:
        _courier().nudge()


class _Nudge:
    """Queues one job for many reasons: a call sets a flag, and a thread of this process empties it,
    so that storing an event costs no write to the queue."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job = job
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        self._wanted.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True, name="nudge")
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._job()
            except Exception:
                # The queue is out of reach; what was stored waits for the worker's next minute.
                log.exception("the worker could not be nudged")
            time.sleep(_GATHER_SECONDS)


nudge = _Nudge(process_events)
nudge_mails = _Nudge(send_mails)
_making = threading.Lock()


def _courier() -> Courier:
    # Each thread of the worker asks for it as it starts.
    with _making:
        return _only_courier()


@cache
def _only_courier() -> Courier:
    return Courier(_database(), _site())


def _jumps() -> Jumps:
    with _making:
        return _only_jumps()


@cache
def _only_jumps() -> Jumps:
    jumps = Jumps(_site().clock, _sweep)
    jumps.start()
    return jumps


@cache
def _site() -> Site:
    return site_for(config)


@cache
def _database() -> Database:
    return Database(config.DATABASE_URL, pool=config.DATABASE_POOL)


def _sweep() -> bool:
    swept = sweep.everywhere_unless_running(_database(), _site())
    log.info("swept %s", swept or "elsewhere")
    return swept is not None


def _process_events() -> None:
    with _database().writer() as db:
        sweep.process_events(db, _site())


def _send_mails() -> None:
    with _database().writer() as db:
        mails.send_due(db, _site())


# Looks wait for providers most of the time, and must leave threads for everything else.
_events = Gang(_process_events, most=config.EVENT_THREADS)
_mails = Gang(_send_mails)

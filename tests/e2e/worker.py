"""A worker for journeys: a thread that looks at stored events when the doors nudge it."""

from __future__ import annotations

import threading

from app import mails
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.db.engine import Database
from tests import together
from tests.waiting import PATIENCE_SECONDS


class Worker:
    """Does what the queue's worker does, and can be waited for."""

    def __init__(self, database: Database, site: Site) -> None:
        self._database, self._site = database, site
        self._changed = threading.Condition()
        self._wanted = self._done = 0
        self._stopped = False
        self._failures: list[Exception] = []
        self._running = together.start(self._run)

    @property
    def done(self) -> int:
        """Answer up to which nudge everything was looked at."""
        with self._changed:
            return self._done

    def nudge(self) -> None:
        """Ask for a look at what is stored."""
        with self._changed:
            self._wanted += 1
            self._changed.notify_all()

    def wait_idle(self) -> None:
        """Wait until everything asked for so far has been looked at; raises what a look raised."""
        with self._changed:
            wanted = self._wanted
            is_done = self._changed.wait_for(lambda: self._done >= wanted, PATIENCE_SECONDS)
        self._raise()
        assert is_done, together.lines()

    def sweep(self) -> None:
        """Do what the worker does every minute."""
        with self._database.writer() as db:
            sweep.run(db, self._site)

    def send_mails(self) -> None:
        """Do what the worker does when a mail was written."""
        with self._database.writer() as db:
            mails.send_due(db, self._site)

    def stop(self) -> None:
        """End after the look at hand; raises what a look raised."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._running.answer()
        self._raise()

    def _run(self) -> None:
        while (wanted := self._next()) is not None:
            try:
                with self._database.writer() as db:
                    sweep.process_events(db, self._site)
            except Exception as error:
                self._failures.append(error)
            with self._changed:
                self._done = wanted
                self._changed.notify_all()

    def _raise(self) -> None:
        for error in self._failures:
            raise error

    def _next(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._wanted > self._done)
            return None if self._stopped else self._wanted

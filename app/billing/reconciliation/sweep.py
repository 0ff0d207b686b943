"""The sweep: looks at whatever is due until nothing is, so that nothing that was lost stays lost.

What is due stands in the tables. A row is put off by the same statement that takes it, so that
sweeps running at once share the work, one that is stopped leaves the rest to the next, and a row
that fails does not come first for ever. Providers are asked at the pace the settings name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.errors import BillingError
from app.billing.plans import plan_looks
from app.billing.reconciliation import dues, errands, fates, leases
from app.billing.reconciliation.patience import Patience
from app.billing.site import Site
from app.billing.truth import deeds, events
from app.db.engine import Database
from app.models import Act, CheckoutSession, ProviderAccount, Subscription
from app.providers import errors, pace

log = logging.getLogger(__name__)

LEASE = "sweep"
_ACCOUNTS_AT_ONCE = 8
_RENEW_SECONDS = 20
Look = Callable[[Session, Site, int], object]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each were looked at, how many could not be, and how many errands were done
    beside (mails, deliveries, reminders)."""

    events: int = 0
    checkouts: int = 0
    acts: int = 0
    subscriptions: int = 0
    failures: int = 0
    errands: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def run(db: Session, site: Site) -> Swept:
    """Look at everything that is due, one account after the other, and run the errands. Commits
    after each look.

    Safe to run twice and at once. What fails is left for the next sweep and stops nothing else.
    """
    errands.before(db, site)
    swept = _run(db, site)
    return swept + Swept(errands=errands.after(db, site))


def everywhere(database: Database, site: Site) -> Swept:
    """Do what `run` does, the accounts side by side, so that one that is slow or down holds up no
    other."""
    with database.writer() as db:
        errands.before(db, site)
        accounts = _accounts(db)
    swept = _side_by_side(database, site, accounts)
    with database.writer() as db:
        return swept + Swept(errands=errands.after(db, site))


def everywhere_unless_running(database: Database, site: Site) -> Swept | None:
    """Do what `everywhere` does; None where another process is at it."""
    with database.writer() as db:
        if not leases.take(db, LEASE):
            return None
    try:
        return everywhere(database, site)
    finally:
        with database.writer() as db:
            leases.release(db, LEASE, done_at=site.clock.now())


def process_events(db: Session, site: Site) -> int:
    """Look at what waiting events are about, until none is left; answers how many there were."""
    done, _ = _process_events(db, site, Patience())
    return done


def end_on_time(db: Session, site: Site, checkout_id: int) -> None:
    """End a checkout whose deadline has come. Commits; what cannot be done now waits for the
    sweep."""
    _Sweeping(db, site).try_(dues.Due(checkout_id, 0), fates.end_if_late)


def _run(db: Session, site: Site, account_id: int | None = None) -> Swept:
    with pace.keeping(site.pace):
        sweeping = _Sweeping(db, site, account_id)
        return Swept(
            events=sweeping.events(),
            checkouts=sweeping.each(CheckoutSession, fates.meet),
            acts=sweeping.each(Act, deeds.perform),
            subscriptions=sweeping.each(Subscription, _follow),
            failures=sweeping.failures,
        )


def _side_by_side(database: Database, site: Site, accounts: list[int]) -> Swept:
    if not accounts:
        return Swept()

    def sweep_one(account_id: int) -> Swept:
        with database.writer() as db:
            return _run(db, site, account_id)

    with ThreadPoolExecutor(min(len(accounts), _ACCOUNTS_AT_ONCE), "sweep") as pool:
        running = {pool.submit(sweep_one, account_id) for account_id in accounts}
        left = running
        while left:
            _, left = wait(left, timeout=_RENEW_SECONDS)
            with database.writer() as db:
                leases.renew(db, LEASE)
    return sum((one.result() for one in running), Swept())


def _accounts(db: Session) -> list[int]:
    found = list(db.scalars(select(ProviderAccount.id).order_by(ProviderAccount.id)))
    db.commit()
    return found


def _process_events(
    db: Session, site: Site, patience: Patience, account_id: int | None = None
) -> tuple[int, int]:
    done = failures = 0
    while taken := events.take(db, site, account_id=account_id, skip=patience.down):
        done += len(taken)
        failures += events.look_at(db, site, taken, patience)
    return done, failures


def _follow(db: Session, site: Site, subscription_id: int) -> None:
    plan_looks.look(db, site, subscription_id, cause="sweep")


class _Sweeping:
    """Goes through what is due; what fails is counted and does not stop the others."""

    def __init__(self, db: Session, site: Site, account_id: int | None = None) -> None:
        self._db, self._site, self._account_id = db, site, account_id
        self._begun = site.clock.now()
        self._patience = Patience()
        self.failures = 0

    def events(self) -> int:
        """Look at what waiting events are about."""
        done, failures = _process_events(self._db, self._site, self._patience, self._account_id)
        self.failures += failures
        return done

    def each(self, model: dues.Looked, look: Look) -> int:
        """Look at each row of a kind that was due when the sweep began."""
        seen: set[int] = set()
        while row := self._take(model):
            # A look may leave a row due at once; it is taken up again by the next sweep.
            if row.id not in seen:
                seen.add(row.id)
                self.try_(row, look)
        return len(seen)

    def try_(self, row: dues.Due, look: Look) -> None:
        """Look at one row."""
        try:
            look(self._db, self._site, row.id)
        except errors.ProviderError as error:
            self._patience.failed(row.account_id, error)
            self._fail(row, error)
        except BillingError as error:
            self._fail(row, error)
        except Exception:
            # A fault of ours in one row must not keep the others from being looked at.
            log.exception("a look at row %s failed", row.id)
            self._db.rollback()
            self.failures += 1
        else:
            self._patience.answered(row.account_id)

    def _take(self, model: dues.Looked) -> dues.Due | None:
        return dues.take(
            self._db,
            model,
            due=self._begun,
            now=self._site.clock.now(),
            account_id=self._account_id,
            skip=self._patience.down,
        )

    def _fail(self, row: dues.Due, error: Exception) -> None:
        log.warning("a look at row %s waits for the next sweep: %s", row.id, error)
        self._db.rollback()
        self.failures += 1

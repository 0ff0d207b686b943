"""Provider events: stored once each when they knock, then taken as reasons to look.

Events are taken some at a time, and those about the same purchase are done by one look: it begins
after all of them have come, so it sees at least what each of them tells of.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.claims import HOLD
from app.billing.errors import BillingError
from app.billing.plans import plan_looks
from app.billing.purchase import checkouts
from app.billing.reconciliation.patience import Patience
from app.billing.site import Site
from app.billing.truth import deadlines, event_subjects
from app.billing.truth.event_subjects import NOTHING, Name, Subject
from app.db import once
from app.db.base import table
from app.models import ProviderEvent
from app.providers import base, errors

log = logging.getLogger(__name__)

_TRIES = 12
# Enough that the events of one purchase come together; what cannot be looked at well before the
# claims run out is given back.
AT_ONCE = 60
_WORTH_OF_A_CLAIM = HOLD / 2
_EVENT = table(ProviderEvent)
# Rows that are stored together are stored in this order.
ORDER = ("provider_account_id", "object_id", "provider_event_id")
_UNDONE = ("received", "processing")
Condition = ColumnElement[bool]


class Taken(NamedTuple):
    """An event that is ours to look at."""

    id: int
    account_id: int
    object_id: str
    provider_event_id: str | None
    tries: int

    @property
    def name(self) -> Name:
        """What it is about."""
        return self.account_id, self.object_id

    @property
    def cause(self) -> str:
        """How a timeline names it."""
        return f"event {self.provider_event_id or self.object_id}"


def receive(
    db: Session, account_id: int, event: base.ProviderEvent, *, payload: str, now: datetime
) -> bool:
    """Store an event and commit; False where it is known, or one about the same object waits."""
    row = row_of(account_id, event, payload=payload, now=now)
    stored = once.insert(db, ProviderEvent, row)
    db.commit()
    return stored is not None


def row_of(
    account_id: int, event: base.ProviderEvent, *, payload: str, now: datetime
) -> dict[str, Any]:
    """Answer the row of an event that has just come."""
    return {
        "provider_account_id": account_id,
        "provider_event_id": event.provider_event_id,
        "type": event.type,
        "object_id": event.object_id,
        "payload": payload,
        "state": "received",
        "received_at": now,
        "next_try_at": now,
    }


def take(
    db: Session,
    site: Site,
    *,
    limit: int = AT_ONCE,
    account_id: int | None = None,
    skip: Collection[int] = (),
) -> list[Taken]:
    """Claim events that wait, or whose processing stopped in the middle, oldest first; commits.

    One that nobody has tried is always due: who took it in may know of a later time than we do.
    `account_id` keeps to one account, `skip` leaves accounts out. Others who take meanwhile get
    other events.
    """
    now = site.clock.now()
    wanted = [or_(_EVENT.c.tries == 0, _EVENT.c.next_try_at <= now), *_free()]
    if skip:
        wanted.append(_EVENT.c.provider_account_id.not_in(skip))
    if account_id is not None:
        wanted.append(_EVENT.c.provider_account_id == account_id)
    due = (
        select(_EVENT.c.id)
        .where(*wanted)
        .order_by(_EVENT.c.next_try_at, _EVENT.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return _claim(db, _EVENT.c.id.in_(due), now=now)


def process(db: Session, site: Site, event_id: int) -> None:
    """Look at what one event is about, if nobody else does. Commits.

    An event is done when the look is; one whose provider does not answer waits for the next try.
    """
    mine = _claim(
        db,
        _EVENT.c.id == event_id,
        *_free(),
        now=site.clock.now(),
    )
    look_at(db, site, mine)


def look_at(db: Session, site: Site, taken: list[Taken], patience: Patience | None = None) -> int:
    """Look at what claimed events are about, once per purchase and plan; answers how many could
    not be done. Commits."""
    return _Looking(db, site, taken, patience or Patience()).run() if taken else 0


class _Looking:
    """One round of looks, and what came of each."""

    def __init__(self, db: Session, site: Site, taken: list[Taken], patience: Patience) -> None:
        self._db, self._site, self._patience = db, site, patience
        self._taken = taken
        self._came: dict[tuple[str, int], Exception | None] = {}
        self._until = clock.wall() + _WORTH_OF_A_CLAIM

    def run(self) -> int:
        known = self._find(self._taken)
        first = [event for event in self._taken if event.name in known]
        failures = self._look_at_all(first, known)
        rest = [event for event in self._taken if event.name not in known]
        if rest:
            # What a look at a purchase has found may be what the others are about.
            known |= self._find(rest)
            failures += self._look_at_all(rest, known)
        return failures

    def _look_at_all(self, events: list[Taken], known: dict[Name, Subject]) -> int:
        done: list[Taken] = []
        failures = 0
        for event in events:
            if event.account_id in self._patience.down or clock.wall() > self._until:
                _give_back(self._db, event, now=self._site.clock.now())
                continue
            error = self._look(event, known)
            if error is None:
                done.append(event)
            else:
                failures += self._keep(event, error)
        _end(self._db, done, "done", now=self._site.clock.now())
        return failures

    def _find(self, events: Iterable[Taken]) -> dict[Name, Subject]:
        found = event_subjects.find(self._db, [event.name for event in events])
        self._db.commit()
        return found

    def _look(self, event: Taken, known: dict[Name, Subject]) -> Exception | None:
        try:
            subject = known.get(event.name)
            if subject is None:
                subject = event_subjects.ask(self._db, self._site, event.name)
        except errors.ProviderError as error:
            return error
        except Exception as error:
            return error
        known[event.name] = subject
        return self._at_checkout(subject, event) or self._at_plan(subject, event, known)

    def _at_checkout(self, subject: Subject, event: Taken) -> Exception | None:
        return self._once("checkout", subject.checkout_id, checkouts.sync, event)

    def _at_plan(
        self, subject: Subject, event: Taken, known: dict[Name, Subject]
    ) -> Exception | None:
        plan = subject.subscription_id
        if plan is None or ("subscription", plan) in self._came:
            return self._came.get(("subscription", plan or 0))
        # A payment may be older than the latest that a look at a plan brings.
        named = [one.object_id for one in self._taken if _names_payment(one, plan, known)]
        look = partial(plan_looks.look, also=named)
        return self._once("subscription", plan, look, event)

    def _once(
        self, kind: str, row_id: int | None, sync: Callable[..., object], event: Taken
    ) -> Exception | None:
        if row_id is None:
            return None
        if (kind, row_id) not in self._came:
            self._came[kind, row_id] = self._try(row_id, sync, event)
        return self._came[kind, row_id]

    def _try(self, row_id: int, sync: Callable[..., object], event: Taken) -> Exception | None:
        try:
            sync(self._db, self._site, row_id, cause=event.cause)
        except Exception as error:
            self._db.rollback()
            return error
        self._patience.answered(event.account_id)
        return None

    def _keep(self, event: Taken, error: Exception) -> int:
        """Write why an event is not done; answers whether that is a failure."""
        self._db.rollback()
        now = self._site.clock.now()
        if isinstance(error, errors.Missing):
            _end(self._db, [event], "done", now=now, error=str(error))
            return 0
        if isinstance(error, errors.ProviderError):
            self._patience.failed(event.account_id, error)
            _postpone(self._db, event, error, now=now)
        elif isinstance(error, BillingError):
            log.warning("event %s waits for the next sweep: %s", event.id, error)
        else:
            # A fault of ours in one row must not keep the others from being looked at.
            log.error("event %s failed", event.id, exc_info=error)
        return 1


def _names_payment(event: Taken, plan: int | None, known: dict[Name, Subject]) -> bool:
    is_payment = event.object_id.startswith(("tr_", "pi_"))
    return is_payment and known.get(event.name, NOTHING).subscription_id == plan


def _free() -> list[Condition]:
    now = clock.wall()
    return [
        _EVENT.c.state.in_(_UNDONE),
        or_(_EVENT.c.claimed_until.is_(None), _EVENT.c.claimed_until < now),
    ]


def _claim(db: Session, *wanted: Condition, now: datetime) -> list[Taken]:
    claimed = db.connection().execute(
        update(_EVENT)
        .where(*wanted)
        .values(
            state="processing",
            claimed_until=clock.wall() + HOLD,
            # Put off first, so that an event that stops its process does not come first again.
            next_try_at=now + deadlines.pause(1),
            tries=_EVENT.c.tries + 1,
        )
        .returning(
            _EVENT.c.id,
            _EVENT.c.provider_account_id,
            _EVENT.c.object_id,
            _EVENT.c.provider_event_id,
            _EVENT.c.tries,
        )
    )
    taken = sorted(Taken(*row) for row in claimed)
    db.commit()
    return taken


def _give_back(db: Session, event: Taken, *, now: datetime) -> None:
    """Leave an event to the next who comes: it was not tried."""
    db.execute(
        update(_EVENT)
        .where(_EVENT.c.id == event.id)
        .values(claimed_until=None, next_try_at=now, tries=_EVENT.c.tries - 1)
    )
    db.commit()


def _postpone(db: Session, event: Taken, error: errors.ProviderError, *, now: datetime) -> None:
    log.warning("event %s waits: %s", event.id, error)
    if error.permanent or event.tries >= _TRIES:
        _end(db, [event], "failed", now=now, error=str(error))
        return
    db.execute(
        update(_EVENT)
        .where(_EVENT.c.id == event.id)
        .values(
            next_try_at=now + deadlines.pause(event.tries),
            claimed_until=None,
            error=str(error),
        )
    )
    db.commit()


_ENDED = (
    update(_EVENT)
    .where(_EVENT.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=bindparam("ended"),
        done_at=bindparam("now"),
        claimed_until=None,
        error=bindparam("why"),
    )
)


def _end(
    db: Session, ended: list[Taken], state: str, *, now: datetime, error: str | None = None
) -> None:
    if not ended:
        return
    ids = [event.id for event in ended]
    db.connection().execute(_ENDED, {"ids": ids, "ended": state, "now": now, "why": error})
    db.commit()

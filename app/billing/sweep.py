"""The sweep: looks at whatever is due, so that nothing that was lost stays lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing import (
    acts,
    checkouts,
    deadlines,
    deeds,
    events,
    idempotency_keys,
    openings,
    subscriptions,
)
from app.billing.errors import BillingError
from app.billing.site import Site
from app.models import CheckoutSession, Subscription
from app.providers import errors

log = logging.getLogger(__name__)

_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each were looked at, and how many could not be."""

    events: int
    checkouts: int
    acts: int
    subscriptions: int
    failures: int


def run(db: Session, site: Site) -> Swept:
    """Look at every event, checkout, act and subscription that is due. Commits after each.

    Safe to run twice and at once: each look is claimed or compared. One that fails is left for the
    next sweep and does not stop this one.
    """
    sweeping = _Sweeping(db)
    idempotency_keys.forget_expired(db)
    return Swept(
        events=sweeping.each(
            events.due(db, now=site.clock.now()), lambda row: events.process(db, site, row)
        ),
        checkouts=sweeping.each(_due_checkouts(db, site), lambda row: _check(db, site, row)),
        acts=sweeping.each(
            acts.due(db, now=site.clock.now()), lambda row: deeds.perform(db, site, row)
        ),
        subscriptions=sweeping.each(
            subscriptions.due(db, now=site.clock.now()), lambda row: _follow(db, site, row)
        ),
        failures=sweeping.failures,
    )


def process_events(db: Session, site: Site) -> int:
    """Look at what waiting events are about, until none is left; answers how many there were."""
    done = 0
    while rows := events.due(db, now=site.clock.now()):
        done += _Sweeping(db).each(rows, lambda row: events.process(db, site, row))
    db.commit()
    return done


def end_on_time(db: Session, site: Site, checkout_id: int) -> None:
    """End a checkout whose deadline has come. Commits; what cannot be done now waits for the
    sweep."""
    _Sweeping(db).each([checkout_id], lambda row: _end_if_late(db, site, row))


class _Sweeping:
    """Goes through rows; one that fails is counted and does not stop the others."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self.failures = 0

    def each(self, rows: list[int], look: Callable[[int], None]) -> int:
        self._db.commit()
        for row in rows:
            try:
                look(row)
            except (errors.ProviderError, BillingError) as error:
                log.warning("a look at row %s waits for the next sweep: %s", row, error)
                self._fail()
            except Exception:
                # A fault of ours in one row must not keep the others from being looked at; each
                # row was put off before, so this one does not come first again.
                log.exception("a look at row %s failed", row)
                self._fail()
        return len(rows)

    def _fail(self) -> None:
        self._db.rollback()
        self.failures += 1


def _due_checkouts(db: Session, site: Site) -> list[int]:
    return list(
        db.scalars(
            select(CheckoutSession.id)
            .where(CheckoutSession.next_check_at <= site.clock.now())
            .order_by(CheckoutSession.next_check_at)
            .limit(100)
        )
    )


def _check(db: Session, site: Site, checkout_id: int) -> None:
    # Put off first: a look that fails, or a process that dies of it, must not come first for ever.
    _put_off(db, site, CheckoutSession, checkout_id)
    checkout = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    fate = _fate(checkout, now=site.clock.now())
    if fate == "wait" and checkout.is_deferred:
        checkout.next_check_at = checkout.deadline or checkout.created_at + deadlines.DEFERRED
    db.commit()
    if fate == "sync":
        checkouts.sync(db, site, checkout_id, cause="sweep")
    elif fate == "expire":
        checkouts.expire(db, site, checkout_id, cause="deadline")
    elif fate == "resume":
        openings.resume(db, site, checkout_id)
    elif fate == "drop":
        checkouts.drop_unclaimed(db, site, checkout_id)


def _end_if_late(db: Session, site: Site, checkout_id: int) -> None:
    checkout = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    fate = _fate(checkout, now=site.clock.now())
    db.commit()
    if fate == "expire":
        checkouts.expire(db, site, checkout_id, cause="deadline")
    elif fate == "drop":
        checkouts.drop_unclaimed(db, site, checkout_id)


def _fate(
    checkout: CheckoutSession, *, now: datetime
) -> Literal["sync", "expire", "resume", "drop", "wait"]:
    is_late = checkout.deadline is not None and checkout.deadline <= now
    if checkout.state != "starting":
        return "expire" if is_late and checkout.state == "open" else "sync"
    age = now - checkout.created_at
    if checkout.payable and checkout.superseded_at:
        return "drop"
    if checkout.is_deferred and checkout.request is None:
        return "drop" if is_late or age >= deadlines.DEFERRED else "wait"
    if checkout.is_deferred or checkout.is_kept:
        return "drop" if is_late else "resume"
    return "drop" if age >= deadlines.UNCLAIMED else "wait"


def _follow(db: Session, site: Site, subscription_id: int) -> None:
    _put_off(db, site, Subscription, subscription_id)
    subscriptions.sync(db, site, subscription_id, cause="sweep")


def _put_off(
    db: Session, site: Site, model: type[CheckoutSession] | type[Subscription], row_id: int
) -> None:
    db.execute(
        update(model)
        .where(model.id == row_id)
        .values(next_check_at=site.clock.now() + _PAUSE)
        .execution_options(synchronize_session=False)
    )
    db.commit()

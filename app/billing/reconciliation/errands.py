"""Errands: what a sweep does beside looking at providers, each a line in a table."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app.billing.mail import reminders
from app.billing.purchase import idempotency_keys
from app.billing.reconciliation import leases
from app.billing.site import Site
from app.db.base import table
from app.models import CheckoutSession, Subscription
from app.models.checkout_session import PENDING

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)


class Errand(NamedTuple):
    """A verb to run, at most once in `every` (billing time); it answers how many it did. Commits
    what it does; safe to run twice and at once."""

    name: str
    do: Callable[[Session, Site], int]
    every: timedelta = timedelta(0)


def before(db: Session, site: Site) -> int:
    """Run what makes rows due."""
    return _run(db, site, _BEFORE)


def after(db: Session, site: Site) -> int:
    """Run what follows from the looks: telling people and programs."""
    return _run(db, site, _AFTER)


def _run(db: Session, site: Site, errands: tuple[Errand, ...]) -> int:
    done = 0
    for errand in errands:
        if errand.every and not leases.is_due(
            db, f"errand:{errand.name}", errand.every, now=site.clock.now()
        ):
            continue
        try:
            done += errand.do(db, site)
            db.commit()
        except Exception:
            # One errand's fault must not keep the others from being run; the next sweep tries it.
            log.exception("the errand %s failed", errand.name)
            db.rollback()
            leases.forget(db, f"errand:{errand.name}")
    return done


def _remind(db: Session, site: Site) -> int:
    """Make due whatever may still change and would not be looked at within a day, whatever became
    of its next look."""
    now = site.clock.now()
    return _make_due(db, CheckoutSession, CheckoutSession.state.in_(PENDING), now) + _make_due(
        db, Subscription, Subscription.status != "canceled", now
    )


def _make_due(
    db: Session,
    model: type[CheckoutSession] | type[Subscription],
    may_change: object,
    now: datetime,
) -> int:
    rows = table(model)
    made = db.connection().execute(
        update(rows)
        .where(
            may_change,  # type: ignore[arg-type]
            or_(rows.c.next_check_at.is_(None), rows.c.next_check_at > now + _DAY),
        )
        .values(next_check_at=now)
    )
    return made.rowcount


def _forget_keys(db: Session, site: Site) -> int:
    idempotency_keys.forget_expired(db)
    return 0


_BEFORE = (Errand("remind", _remind, every=_DAY),)
_AFTER = (
    Errand("forget idempotency keys", _forget_keys),
    Errand("remind of charges", reminders.of_charges, every=timedelta(hours=6)),
    Errand("remind of cards", reminders.of_cards, every=_DAY),
)

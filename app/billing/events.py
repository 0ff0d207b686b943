"""Provider events: stored once each when they knock, then taken as reasons to look."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing import checkouts, deadlines, subscriptions
from app.billing.claims import HOLD
from app.billing.site import Site
from app.db import once
from app.models import CheckoutSession, Payment, ProviderAccount, ProviderEvent
from app.providers import base, errors

log = logging.getLogger(__name__)

_TRIES = 12


def receive(
    db: Session, account_id: int, event: base.ProviderEvent, *, payload: str, now: datetime
) -> bool:
    """Store an event and commit; False where it is known, or one about the same object waits."""
    stored = once.insert(
        db,
        ProviderEvent,
        {
            "provider_account_id": account_id,
            "provider_event_id": event.provider_event_id,
            "type": event.type,
            "object_id": event.object_id,
            "payload": payload,
            "state": "received",
            "received_at": now,
            "next_try_at": now,
        },
    )
    db.commit()
    return stored is not None


def due(db: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Answer the events that wait, and those whose processing stopped in the middle."""
    return list(
        db.scalars(
            select(ProviderEvent.id)
            .where(
                ProviderEvent.state.in_(("received", "processing")),
                ProviderEvent.next_try_at <= now,
                or_(
                    ProviderEvent.claimed_until.is_(None),
                    ProviderEvent.claimed_until < clock.wall(),
                ),
            )
            .order_by(ProviderEvent.next_try_at, ProviderEvent.id)
            .limit(limit)
        )
    )


def process(db: Session, site: Site, event_id: int) -> None:
    """Look at what an event is about, if nobody else does. Commits.

    An event is done when the look is; one whose provider does not answer waits for the next try.
    """
    if not _claim(db, site, event_id):
        return
    event = db.get_one(ProviderEvent, event_id, populate_existing=True)
    try:
        _look(db, site, event)
    except errors.Missing as error:
        _end(db, event_id, "done", now=site.clock.now(), error=str(error))
    except errors.ProviderError as error:
        _postpone(db, site, event_id, error)
    else:
        _end(db, event_id, "done", now=site.clock.now())


def _claim(db: Session, site: Site, event_id: int) -> bool:
    now = clock.wall()
    claimed = db.execute(
        update(ProviderEvent)
        .where(
            ProviderEvent.id == event_id,
            ProviderEvent.state.in_(("received", "processing")),
            or_(ProviderEvent.claimed_until.is_(None), ProviderEvent.claimed_until < now),
        )
        .values(
            state="processing",
            claimed_until=now + HOLD,
            # Put off first, so that an event that stops its process does not come first again.
            next_try_at=site.clock.now() + deadlines.pause(1),
            tries=ProviderEvent.tries + 1,
        )
        .returning(ProviderEvent.id)
        .execution_options(synchronize_session=False)
    ).first()
    db.commit()
    return claimed is not None


def _look(db: Session, site: Site, event: ProviderEvent) -> None:
    account_id, object_id = event.provider_account_id, event.object_id
    cause = f"event {event.provider_event_id or event.object_id}"
    checkout_id = _checkout(db, account_id, object_id)
    subscription_id = _subscription(db, account_id, object_id)
    account = db.get_one(ProviderAccount, account_id)
    db.commit()
    if checkout_id is None and subscription_id is None:
        checkout_id, subscription_id = _ask(db, site, account, object_id)
    if checkout_id is not None:
        checkouts.sync(db, site, checkout_id, cause=cause)
    if subscription_id is not None:
        subscriptions.sync(db, site, subscription_id, cause=cause)


def _checkout(db: Session, account_id: int, object_id: str) -> int | None:
    found = db.scalars(
        select(CheckoutSession.id).where(
            CheckoutSession.provider_account_id == account_id,
            CheckoutSession.provider_id == object_id,
        )
    ).first()
    return (
        found
        or db.scalars(
            select(Payment.checkout_id).where(
                Payment.provider_account_id == account_id, Payment.provider_id == object_id
            )
        ).first()
    )


def _subscription(db: Session, account_id: int, object_id: str) -> int | None:
    found = subscriptions.find(db, account_id, object_id)
    return (
        found
        or db.scalars(
            select(Payment.subscription_id).where(
                Payment.provider_account_id == account_id, Payment.provider_id == object_id
            )
        ).first()
    )


def _ask(
    db: Session, site: Site, account: ProviderAccount, object_id: str
) -> tuple[int | None, int | None]:
    """Ask the provider what an unknown payment belongs to; anything else is of no concern."""
    if not object_id.startswith(("tr_", "pi_")):
        return None, None
    payment = site.provider(account).fetch_payment(object_id)
    subscription_id = (
        subscriptions.find(db, account.id, payment.subscription_id)
        if payment.subscription_id
        else None
    )
    checkout_id = _by_uuid(db, account.id, payment.checkout_uuid)
    db.commit()
    return checkout_id, subscription_id


def _by_uuid(db: Session, account_id: int, uuid: str | None) -> int | None:
    if uuid is None:
        return None
    try:
        wanted = UUID(uuid)
    except ValueError:
        return None
    return db.scalars(
        select(CheckoutSession.id).where(
            CheckoutSession.provider_account_id == account_id, CheckoutSession.uuid == wanted
        )
    ).first()


def _postpone(db: Session, site: Site, event_id: int, error: errors.ProviderError) -> None:
    db.rollback()
    event = db.get_one(ProviderEvent, event_id, populate_existing=True)
    log.warning("event %s waits: %s", event_id, error)
    if error.permanent or event.tries >= _TRIES:
        _end(db, event_id, "failed", now=site.clock.now(), error=str(error))
        return
    event.next_try_at = site.clock.now() + deadlines.pause(event.tries)
    event.claimed_until = None
    event.error = str(error)
    db.commit()


def _end(
    db: Session, event_id: int, state: str, *, now: datetime, error: str | None = None
) -> None:
    db.execute(
        update(ProviderEvent)
        .where(ProviderEvent.id == event_id)
        .values(state=state, done_at=now, claimed_until=None, error=error)
        .execution_options(synchronize_session=False)
    )
    db.commit()

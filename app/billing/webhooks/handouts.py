"""Hands what happened out to the endpoints that want to hear of it, once and in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.billing.errors import Conflict
from app.billing.webhooks.delivery_ends import TRIES
from app.billing.webhooks.webhook_types import PING
from app.db import once
from app.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

_BATCH = 200

_Next = dict[tuple[int, int], datetime]


def is_due(db: Session) -> bool:
    """Answer whether something has happened that is not handed out yet."""
    return db.scalar(select(WebhookEvent.id).where(_is_new()).limit(1)) is not None


def hand_out(db: Session, *, now: datetime) -> int:
    """Give each endpoint its delivery of each new event, in the order they were written; answers
    how many events there were. Commits after each batch; safe when several do it at once."""
    done = 0
    while events := _new(db):
        endpoints = _enabled(db, {event.app_id for event in events})
        waiting = _waiting(db, endpoints, {event.lane for event in events}, now=now)
        for event in events:
            for endpoint in endpoints:
                if _wants(endpoint, event):
                    at = waiting.get((endpoint.id, event.lane), now)
                    _insert(db, event, endpoint, at=at)
        _mark(db, events)
        db.commit()
        done += len(events)
    db.commit()
    return done


def ping(db: Session, endpoint: WebhookEndpoint, *, now: datetime) -> WebhookDelivery:
    """Write a `ping` for one endpoint alone, tried once, and answer its delivery. Raises Conflict
    where the endpoint is disabled."""
    if not endpoint.is_enabled:
        raise Conflict("This endpoint is disabled. Enable it first.")
    event = WebhookEvent(
        effect=f"ping:{uuid4()}",
        app_id=endpoint.app_id,
        lane=0,
        livemode=False,
        type=PING,
        payload={"endpoint": str(endpoint.uuid)},
        at=now,
        is_handed_out=True,
    )
    delivery = WebhookDelivery(
        event=event, endpoint=endpoint, lane=event.lane, tries_left=1, next_try_at=now
    )
    db.add(delivery)
    db.flush()
    return delivery


def _is_new() -> ColumnElement[bool]:
    return WebhookEvent.is_handed_out.is_(False)


def _new(db: Session) -> Sequence[WebhookEvent]:
    # Locked, and not skipping what others have locked: two who hand out do it one after the other,
    # so that no later event of a lane is given out before an earlier one.
    found = select(WebhookEvent).where(_is_new()).order_by(WebhookEvent.id).limit(_BATCH)
    return db.scalars(found.with_for_update().execution_options(populate_existing=True)).all()


def _enabled(db: Session, app_ids: Iterable[int]) -> Sequence[WebhookEndpoint]:
    return db.scalars(
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.app_id.in_(app_ids),
            WebhookEndpoint.disabled_at.is_(None),
            WebhookEndpoint.removed_at.is_(None),
        )
        .order_by(WebhookEndpoint.id)
        .execution_options(populate_existing=True)
    ).all()


def _waiting(
    db: Session, endpoints: Iterable[WebhookEndpoint], lanes: Iterable[int], *, now: datetime
) -> _Next:
    """Answer by (endpoint, lane) until when an earlier delivery is put off: looking at those behind
    it before then would be in vain."""
    rows = db.execute(
        select(
            WebhookDelivery.webhook_endpoint_id,
            WebhookDelivery.lane,
            func.max(WebhookDelivery.next_try_at),
        )
        .where(
            WebhookDelivery.state == "waiting",
            WebhookDelivery.webhook_endpoint_id.in_([endpoint.id for endpoint in endpoints]),
            WebhookDelivery.lane.in_(lanes),
            WebhookDelivery.next_try_at > now,
        )
        .group_by(WebhookDelivery.webhook_endpoint_id, WebhookDelivery.lane)
    )
    return {(endpoint_id, lane): at for endpoint_id, lane, at in rows if at}


def _wants(endpoint: WebhookEndpoint, event: WebhookEvent) -> bool:
    is_its_own = endpoint.app_id == event.app_id
    return is_its_own and (not endpoint.types or event.type in endpoint.types)


def _insert(db: Session, event: WebhookEvent, endpoint: WebhookEndpoint, *, at: datetime) -> None:
    once.insert(
        db,
        WebhookDelivery,
        {
            "webhook_event_id": event.id,
            "webhook_endpoint_id": endpoint.id,
            "lane": event.lane,
            "tries_left": TRIES,
            "next_try_at": at,
        },
    )


def _mark(db: Session, events: Iterable[WebhookEvent]) -> None:
    db.execute(
        update(WebhookEvent)
        .where(WebhookEvent.id.in_([event.id for event in events]))
        .values(is_handed_out=True)
        .execution_options(synchronize_session=False)
    )

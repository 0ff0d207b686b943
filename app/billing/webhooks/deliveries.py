"""Deliveries: each event to each endpoint that wants it, signed, in order, until it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from app import clock
from app.billing.errors import Conflict, NotFound
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.billing.webhooks import addresses, delivery_ends, handouts, posts, webhook_messages
from app.billing.webhooks.posts import Reply
from app.models import Price, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

# Longer than a look-up and a call may take, so that a claim that has run out is a process that
# died.
HOLD = timedelta(seconds=60)


class Due(NamedTuple):
    """A delivery that may be attempted now, and whose."""

    id: int
    endpoint_id: int


def due(
    db: Session, *, now: datetime, beside: Iterable[int] = (), limit: int = 100
) -> Sequence[Due]:
    """Answer deliveries to attempt, the longest due first, none for the endpoints in `beside`."""
    wanted = (
        select(WebhookDelivery.id, WebhookDelivery.webhook_endpoint_id)
        .join(WebhookDelivery.endpoint)
        .where(
            WebhookDelivery.next_try_at <= now,
            WebhookEndpoint.disabled_at.is_(None),
            WebhookDelivery.webhook_endpoint_id.not_in(list(beside)),
            *_may_be_claimed(),
        )
        .order_by(WebhookDelivery.next_try_at, WebhookDelivery.id)
        .limit(limit)
    )
    return [Due(*row) for row in db.execute(wanted)]


def deliver_due(db: Session, site: Site, *, look_up: addresses.LookUp = addresses.look_up) -> int:
    """Hand out what is new and attempt all that is due, one after the other; answers how many
    attempts there were. Commits. A worker does it many at a time: `couriers.Courier`.

    An endpoint that failed is left alone for the rest of this round, so that it does not keep the
    others waiting.
    """
    handouts.hand_out(db, now=site.clock.now())
    attempts, failed = 0, set[int]()
    while found := due(db, now=site.clock.now(), beside=failed, limit=1):
        ((delivery_id, endpoint_id),) = found
        db.commit()
        attempts += attempt(db, site, delivery_id, look_up=look_up)
        if db.get_one(WebhookDelivery, delivery_id, populate_existing=True).state != "delivered":
            failed.add(endpoint_id)
    db.commit()
    return attempts


def attempt(
    db: Session, site: Site, delivery_id: int, *, look_up: addresses.LookUp = addresses.look_up
) -> bool:
    """Call the endpoint of a delivery once and write down what came of it; False where somebody
    else does, or it is not its turn. Commits before the call and after it.

    Pauses and ends count billing time; claims and signatures wall time.
    """
    attempt_id = _claim(db, delivery_id)
    if attempt_id is None:
        return False
    delivery = db.scalars(
        _whole().where(WebhookDelivery.id == delivery_id).execution_options(populate_existing=True)
    ).one()
    db.commit()
    reply = _call(site, delivery, look_up)
    delivery_ends.write(db, delivery, attempt_id, reply, now=site.clock.now())
    db.commit()
    return True


def listed(
    db: Session,
    endpoint: WebhookEndpoint,
    *,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 10,
) -> tuple[list[WebhookDelivery], int]:
    """Answer an endpoint's deliveries with their attempts, the newest first, and how many there are
    in that state; `after` is the last one seen. Raises NotFound where that is none of its own."""
    of_endpoint = [WebhookDelivery.webhook_endpoint_id == endpoint.id]
    if state is not None:
        of_endpoint.append(WebhookDelivery.state == state)
    found = _whole().where(*of_endpoint).order_by(WebhookDelivery.id.desc()).limit(limit)
    if after is not None:
        found = found.where(WebhookDelivery.id < find(db, endpoint, after).id)
    total = db.scalar(select(func.count(WebhookDelivery.id)).where(*of_endpoint))
    return list(db.scalars(found.options(selectinload(WebhookDelivery.attempts)))), total or 0


def latest(db: Session, endpoint: WebhookEndpoint, *, limit: int = 10) -> list[WebhookDelivery]:
    """Answer an endpoint's newest deliveries with their attempts, the newest first."""
    found = _whole().where(WebhookDelivery.webhook_endpoint_id == endpoint.id)
    newest = found.order_by(WebhookDelivery.id.desc()).limit(limit)
    return list(db.scalars(newest.options(selectinload(WebhookDelivery.attempts))))


def find(db: Session, endpoint: WebhookEndpoint, uuid: UUID) -> WebhookDelivery:
    """Answer a delivery of an endpoint with its attempts; raises NotFound."""
    found = db.scalars(
        _whole()
        .options(selectinload(WebhookDelivery.attempts))
        .where(WebhookDelivery.webhook_endpoint_id == endpoint.id, WebhookDelivery.uuid == uuid)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


def resend(db: Session, delivery: WebhookDelivery, *, now: datetime) -> None:
    """Attempt a delivery again now, whatever became of it. One that had ended is tried once, so
    that it does not hold up what comes after it.

    Raises Conflict where its endpoint is disabled.
    """
    if not delivery.endpoint.is_enabled:
        raise Conflict("This endpoint is disabled. Enable it first.")
    if delivery.state != "waiting":
        delivery.state, delivery.tries_left, delivery.ended_at = "waiting", 1, None
    delivery.next_try_at = now
    db.flush()


def _call(site: Site, delivery: WebhookDelivery, look_up: addresses.LookUp) -> Reply:
    text = webhook_messages.body(delivery.event)
    try:
        headers = webhook_messages.sign(site, delivery.endpoint, delivery.event, text)
    except Unreadable as error:
        return Reply(error=f"The secret is {error}.")
    is_open = site.config.brings_sandbox
    return posts.post(
        delivery.endpoint.url, text.encode(), headers, is_open=is_open, look_up=look_up
    )


def _claim(db: Session, delivery_id: int) -> int | None:
    """Claim a delivery and write the attempt that begins, in one commit."""
    taken = db.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, *_may_be_claimed())
        .values(claimed_until=clock.wall() + HOLD, tries_left=WebhookDelivery.tries_left - 1)
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        db.commit()
        return None
    begun = WebhookAttempt(webhook_delivery_id=delivery_id, at=clock.wall())
    db.add(begun)
    db.flush()
    attempt_id = begun.id
    db.commit()
    return attempt_id


def _may_be_claimed() -> tuple[ColumnElement[bool], ...]:
    earlier = aliased(WebhookDelivery)
    is_earlier = (
        select(earlier.id)
        .where(
            earlier.webhook_endpoint_id == WebhookDelivery.webhook_endpoint_id,
            earlier.lane == WebhookDelivery.lane,
            earlier.webhook_event_id < WebhookDelivery.webhook_event_id,
            earlier.state == "waiting",
        )
        .exists()
    )
    claimed_until = WebhookDelivery.claimed_until
    return (
        WebhookDelivery.state == "waiting",
        or_(claimed_until.is_(None), claimed_until < clock.wall()),
        ~is_earlier,
    )


def _whole() -> Select[WebhookDelivery]:
    event = joinedload(WebhookDelivery.event)
    return select(WebhookDelivery).options(
        joinedload(WebhookDelivery.endpoint),
        event.joinedload(WebhookEvent.app),
        event.joinedload(WebhookEvent.tenant),
        event.joinedload(WebhookEvent.price).joinedload(Price.product),
    )

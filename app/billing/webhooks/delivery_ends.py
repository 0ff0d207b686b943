"""How an attempt to deliver ends: taken, tried again later, given up, or the endpoint disabled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, update
from sqlalchemy.orm import Session

from app.billing.webhooks import endpoints
from app.billing.webhooks.posts import Reply
from app.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

# Between the tries, three days in all (Standard Webhooks: "Retries").
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TRIES = len(PAUSES) + 1
# An endpoint that took nothing for so long, over so many attempts, is not called any more.
FAILING = timedelta(days=3)
FAILURES = 10
_GONE = 410


def write(
    db: Session, delivery: WebhookDelivery, attempt_id: int, reply: Reply, *, now: datetime
) -> None:
    """Write what came back of an attempt, and what follows: done, another try, or the end of it."""
    _note(db, attempt_id, reply)
    # The endpoint comes first, as where it is disabled: whoever writes both locks them in one
    # order.
    if reply.is_success:
        _praise(db, delivery.webhook_endpoint_id)
    else:
        _blame(db, delivery, reply, now=now)
    is_over = reply.is_success or reply.status == _GONE or delivery.tries_left <= 0
    state = "delivered" if reply.is_success else "failed" if is_over else "waiting"
    ended_at = now if is_over else None
    _set(
        db,
        WebhookDelivery.id == delivery.id,
        {"state": state, "claimed_until": None, "ended_at": ended_at},
    )
    _put_off_lane(db, delivery, now if is_over else now + pause(delivery))


def pause(delivery: WebhookDelivery) -> timedelta:
    """Answer how long to wait after an attempt that failed and was not the last one.

    Up to a tenth longer than in the table, by the delivery's own uuid: what failed at the same time
    does not come back at the same time.
    """
    made = TRIES - delivery.tries_left
    spread = 1 + (delivery.uuid.int % 100) / 1000
    return PAUSES[min(max(made, 1), len(PAUSES)) - 1] * spread


def _note(db: Session, attempt_id: int, reply: Reply) -> None:
    db.execute(
        update(WebhookAttempt)
        .where(WebhookAttempt.id == attempt_id)
        .values(
            response_status=reply.status,
            response_body=reply.body,
            response_ms=reply.milliseconds,
            error=reply.error,
        )
        .execution_options(synchronize_session=False)
    )


def _put_off_lane(db: Session, delivery: WebhookDelivery, at: datetime) -> None:
    """Those behind it have their turn, or need not be looked at until it has."""
    lane = and_(
        WebhookDelivery.webhook_endpoint_id == delivery.webhook_endpoint_id,
        WebhookDelivery.lane == delivery.lane,
        WebhookDelivery.next_try_at.is_not(None),
    )
    _set(db, lane, {"next_try_at": at})


def _set(db: Session, which: ColumnElement[bool], values: dict[str, Any]) -> None:
    db.execute(
        update(WebhookDelivery)
        .where(which, WebhookDelivery.state == "waiting")
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _praise(db: Session, endpoint_id: int) -> None:
    db.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_not(None))
        .values(failing_since=None, failures=0)
        .execution_options(synchronize_session=False)
    )


def _blame(db: Session, delivery: WebhookDelivery, reply: Reply, *, now: datetime) -> None:
    db.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == delivery.webhook_endpoint_id)
        .values(
            failures=WebhookEndpoint.failures + 1,
            failing_since=func.coalesce(WebhookEndpoint.failing_since, now),
        )
        .execution_options(synchronize_session=False)
    )
    endpoint = db.get_one(WebhookEndpoint, delivery.webhook_endpoint_id, populate_existing=True)
    if not endpoint.is_enabled:
        return
    if reply.status == _GONE:
        endpoints.disable(db, endpoint, reason="gone", now=now, error=_said(reply))
    elif _has_failed_for_long(endpoint, now=now):
        endpoints.disable(db, endpoint, reason="failing", now=now, error=_said(reply))


def _has_failed_for_long(endpoint: WebhookEndpoint, *, now: datetime) -> bool:
    since = endpoint.failing_since
    return since is not None and now - since >= FAILING and endpoint.failures >= FAILURES


def _said(reply: Reply) -> str:
    return reply.error or f"HTTP {reply.status}"

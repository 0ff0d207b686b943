"""Traffic: what providers told us and what we told the app, call by call, the newest first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select, union_all
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing.errors import NotFound
from app.billing.operations import listings
from app.billing.reconciliation import replays
from app.billing.site import Site
from app.billing.truth import event_subjects, events
from app.billing.webhooks import deliveries, webhook_messages
from app.models import (
    App,
    CheckoutSession,
    Price,
    ProviderAccount,
    ProviderEvent,
    Subscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

EVENT_STATES = ("received", "processing", "done", "failed")
DELIVERY_STATES = ("waiting", "delivered", "failed")
PAGE = 25
_SECRET = re.compile(r"secret|password|token|authorization|api_?key|credential", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"\b(?:whsec|sk_test|sk_live|rk_test|rk_live|live|test)_[\w+/=-]{8,}")
HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `older` names its last row where others follow."""

    rows: list[Any]
    accounts: Mapping[int, ProviderAccount]
    older: UUID | None


@dataclass(frozen=True, slots=True)
class About:
    """What a provider's call was about, where we know it."""

    checkout: UUID | None = None
    subscription: UUID | None = None


def received(
    db: Session,
    app: App,
    *,
    state: str | None = None,
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page:
    """Answer what an app's providers told us, in the order in which it came."""
    accounts = listings.accounts_of(db, app)
    row = ProviderEvent
    wanted: list[ColumnElement[bool]] = [] if state is None else [row.state == literal(state)]
    first = _event_id(db, accounts, before) if before else None
    if first is not None:
        wanted.append(row.id < first)
    parts = [
        select(row.id).where(row.provider_account_id == account, *wanted) for account in accounts
    ]
    found = _latest(db, parts, limit + 1)
    rows = {r.id: r for r in db.scalars(select(row).where(row.id.in_(found)))} if found else {}
    shown = [rows[row_id] for row_id in found[:limit]]
    return Page(shown, accounts, shown[-1].uuid if len(found) > limit else None)


def event(db: Session, app: App, uuid: UUID) -> ProviderEvent:
    """Answer a provider's call with its account; raises NotFound."""
    found = db.scalars(
        select(ProviderEvent)
        .join(ProviderEvent.provider_account)
        .options(joinedload(ProviderEvent.provider_account))
        .where(ProviderEvent.uuid == uuid, ProviderAccount.app_id == app.id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such event here.")
    return found


def about(db: Session, told: ProviderEvent) -> About:
    """Answer what a provider's call was about."""
    name = (told.provider_account_id, told.object_id)
    subject = event_subjects.find(db, [name]).get(name, event_subjects.NOTHING)
    return About(
        _uuid(db, CheckoutSession, subject.checkout_id),
        _uuid(db, Subscription, subject.subscription_id),
    )


def replay(db: Session, site: Site, app: App, uuid: UUID) -> ProviderEvent:
    """Look again at what a stored call was about, now, and answer it: done, waiting for the
    provider, or failed. Commits. Raises NotFound."""
    told = event(db, app, uuid)
    replays.again(db, name=str(told.uuid), now=site.clock.now())
    db.commit()
    events.process(db, site, told.id)
    return event(db, app, uuid)


def sent(
    db: Session,
    app: App,
    *,
    state: str | None = None,
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page:
    """Answer what an app's endpoints were told, removed ones too, with event and endpoint."""
    row = WebhookDelivery
    endpoints = list(db.scalars(select(WebhookEndpoint.id).where(WebhookEndpoint.app_id == app.id)))
    wanted: list[ColumnElement[bool]] = [] if state is None else [row.state == state]
    first = _delivery_id(db, endpoints, before) if before else None
    if first is not None:
        wanted.append(row.id < first)
    parts = [
        select(row.id).where(row.webhook_endpoint_id == endpoint, *wanted) for endpoint in endpoints
    ]
    found = _latest(db, parts, limit + 1)
    loaded = _deliveries().where(row.id.in_(found))
    rows = {r.id: r for r in db.scalars(loaded)} if found else {}
    shown = [rows[row_id] for row_id in found[:limit]]
    return Page(shown, {}, shown[-1].uuid if len(found) > limit else None)


def delivery(db: Session, app: App, uuid: UUID) -> WebhookDelivery:
    """Answer a delivery with event, endpoint and attempts; raises NotFound."""
    found: WebhookDelivery | None = db.scalars(
        _deliveries()
        .join(WebhookDelivery.endpoint)
        .options(selectinload(WebhookDelivery.attempts))
        .where(WebhookDelivery.uuid == uuid, WebhookEndpoint.app_id == app.id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery here.")
    return found


def resend(db: Session, site: Site, app: App, uuid: UUID) -> WebhookDelivery:
    """Have a delivery attempted again and answer it; a worker does it at once. Raises NotFound,
    Conflict where its endpoint is disabled."""
    found = delivery(db, app, uuid)
    deliveries.resend(db, found, now=site.clock.now())
    return found


def told(found: WebhookDelivery) -> str:
    """Answer what was sent, laid out for reading."""
    return readable(webhook_messages.body(found.event))


def readable(payload: str) -> str:
    """Answer a payload laid out for reading, without what is secret in it."""
    try:
        content = json.loads(payload)
    except ValueError:
        return _SECRET_TEXT.sub(HIDDEN, payload)
    return json.dumps(_hidden(content), ensure_ascii=False, indent=2, sort_keys=True)


def _hidden(content: Any) -> Any:
    if isinstance(content, dict):
        return {
            name: HIDDEN if _SECRET.search(name) and isinstance(value, str) else _hidden(value)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [_hidden(part) for part in content]
    return _SECRET_TEXT.sub(HIDDEN, content) if isinstance(content, str) else content


def _latest(db: Session, parts: Sequence[Select[Any]], limit: int) -> list[int]:
    if not parts:
        return []
    each = [
        part.order_by(part.selected_columns[0].desc()).limit(limit).subquery() for part in parts
    ]
    merged = union_all(*(select(one.c.id) for one in each)).subquery()
    return list(db.scalars(select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)))


def _deliveries() -> Select[Any]:
    told = joinedload(WebhookDelivery.event)
    return select(WebhookDelivery).options(
        joinedload(WebhookDelivery.endpoint),
        told.joinedload(WebhookEvent.app),
        told.joinedload(WebhookEvent.tenant),
        told.joinedload(WebhookEvent.price).joinedload(Price.product),
    )


def _event_id(db: Session, accounts: Mapping[int, ProviderAccount], uuid: UUID) -> int | None:
    return db.scalar(
        select(ProviderEvent.id).where(
            ProviderEvent.uuid == uuid, ProviderEvent.provider_account_id.in_(list(accounts))
        )
    )


def _delivery_id(db: Session, endpoints: Sequence[int], uuid: UUID) -> int | None:
    return db.scalar(
        select(WebhookDelivery.id).where(
            WebhookDelivery.uuid == uuid, WebhookDelivery.webhook_endpoint_id.in_(endpoints)
        )
    )


def _uuid(db: Session, model: type[Any], row_id: int | None) -> UUID | None:
    return db.scalar(select(model.uuid).where(model.id == row_id)) if row_id else None

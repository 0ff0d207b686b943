"""Traffic: what providers told us and what we told the app, call by call, the newest first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, select, union_all
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

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

Call = type[ProviderEvent] | type[WebhookDelivery]

# A line shows few of a row's columns, and each that is read costs.
_CALL = load_only(
    ProviderEvent.uuid,
    ProviderEvent.provider_account_id,
    ProviderEvent.type,
    ProviderEvent.object_id,
    ProviderEvent.state,
    ProviderEvent.received_at,
)
_DELIVERY = (
    load_only(WebhookDelivery.uuid, WebhookDelivery.state),
    joinedload(WebhookDelivery.event).load_only(WebhookEvent.type, WebhookEvent.at),
    joinedload(WebhookDelivery.endpoint).load_only(WebhookEndpoint.url),
)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `older` names its last row where others follow."""

    rows: list[Any]
    accounts: Mapping[int, ProviderAccount]
    older: UUID | None


class _Wanted(NamedTuple):
    """Which calls are listed: of some owners, in a state, before one of them."""

    owner: SQLColumnExpression[int]
    owners: Sequence[int]
    state: str | None
    before: UUID | None


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
    found = select(ProviderEvent).options(_CALL)
    wanted = _Wanted(ProviderEvent.provider_account_id, list(accounts), state, before)
    rows, older = _latest(db, ProviderEvent, wanted, found, limit)
    return Page(rows, accounts, older)


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
    """Answer what an app's endpoints were told, removed ones too."""
    of_app = select(WebhookEndpoint.id).where(WebhookEndpoint.app_id == app.id)
    endpoints = list(db.scalars(of_app))
    wanted = _Wanted(WebhookDelivery.webhook_endpoint_id, endpoints, state, before)
    found = select(WebhookDelivery).options(*_DELIVERY)
    rows, older = _latest(db, WebhookDelivery, wanted, found, limit)
    return Page(rows, {}, older)


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


def _latest(
    db: Session, row: Call, wanted: _Wanted, loaded: Select[Any], limit: int
) -> tuple[list[Any], UUID | None]:
    """The latest of what is wanted, read owner by owner along an index, and where others follow the
    last of them."""
    conditions = _conditions(db, row, wanted)
    parts = [
        select(row.id)
        .where(wanted.owner == owner, *conditions)
        .order_by(row.id.desc())
        .limit(limit + 1)
        .subquery()
        for owner in wanted.owners
    ]
    if not parts:
        return [], None
    merged = union_all(*(select(part.c.id) for part in parts)).subquery()
    ids = db.scalars(select(merged.c.id).order_by(merged.c.id.desc()).limit(limit + 1)).all()
    rows = {found.id: found for found in db.scalars(loaded.where(row.id.in_(ids)))} if ids else {}
    shown = [rows[row_id] for row_id in ids[:limit]]
    return shown, shown[-1].uuid if len(ids) > limit else None


def _conditions(db: Session, row: Call, wanted: _Wanted) -> list[ColumnElement[bool]]:
    conditions = [] if wanted.state is None else [row.state == wanted.state]
    if wanted.before:
        theirs = wanted.owner.in_(wanted.owners)
        first = db.scalar(select(row.id).where(row.uuid == wanted.before, theirs))
        if first is not None:
            conditions.append(row.id < first)
    return conditions


def _deliveries() -> Select[Any]:
    told = joinedload(WebhookDelivery.event)
    return select(WebhookDelivery).options(
        joinedload(WebhookDelivery.endpoint),
        told.joinedload(WebhookEvent.app),
        told.joinedload(WebhookEvent.tenant),
        told.joinedload(WebhookEvent.price).joinedload(Price.product),
    )


def _uuid(db: Session, model: type[Any], row_id: int | None) -> UUID | None:
    return db.scalar(select(model.uuid).where(model.id == row_id)) if row_id else None

"""Listings: an app's checkouts, subscriptions, payments and invoices, page by page, newest first.

Every list is read along an index that gives its order, account by account, so that a page costs as
much of a million rows as of a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload
from sqlalchemy.orm.interfaces import LoaderOption

from app import providers
from app.models import (
    App,
    CheckoutSession,
    Invoice,
    Payment,
    Price,
    ProviderAccount,
    Subscription,
    Tenant,
)
from app.models.checkout_session import STATES
from app.models.invoice import STATUSES as INVOICE_STATUSES
from app.models.subscription import STATUSES

Kind = Literal["checkouts", "subscriptions", "payments", "invoices"]
Listed = CheckoutSession | Subscription | Payment | Invoice
PAGE = 25
PROVIDERS = providers.NAMES
PAYMENT_STATUSES = ("open", "action_needed", "processing", "paid", "failed", "canceled", "expired")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of a mode, and where they are given of a state, a provider, a tenant, and of the
    days from `since` to `until` in UTC."""

    livemode: bool
    state: str | None = None
    provider: str | None = None
    tenant_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `older` names its last row where others follow. `tenants` are by id."""

    rows: list[Any]
    tenants: Mapping[int, Tenant]
    accounts: Mapping[int, ProviderAccount]
    older: UUID | None


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a kind is listed: by which moment, with which states, and what a line of it needs."""

    model: type[Any]
    at: InstrumentedAttribute[datetime]
    state: InstrumentedAttribute[str]
    states: Sequence[str]
    loads: tuple[LoaderOption, ...] = ()


_SHAPES: dict[Kind, _Shape] = {
    "checkouts": _Shape(
        CheckoutSession,
        CheckoutSession.created_at,
        CheckoutSession.state,
        STATES,
        (joinedload(CheckoutSession.price).joinedload(Price.product),),
    ),
    "subscriptions": _Shape(
        Subscription,
        Subscription.started_at,
        Subscription.status,
        STATUSES,
        (joinedload(Subscription.price).joinedload(Price.product),),
    ),
    "payments": _Shape(Payment, Payment.attempted_at, Payment.status, PAYMENT_STATUSES),
    "invoices": _Shape(
        Invoice, Invoice.issued_at, Invoice.status, INVOICE_STATUSES, (joinedload(Invoice.payment),)
    ),
}


def states(kind: Kind) -> Sequence[str]:
    """Answer the states a list can be narrowed to."""
    return _SHAPES[kind].states


def page(
    db: Session,
    app: App,
    kind: Kind,
    wanted: Wanted,
    *,
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page:
    """Answer the rows that follow `before`, the newest first; one that is not the app's begins at
    the newest."""
    shape = _SHAPES[kind]
    accounts = accounts_of(db, app)
    found = _ids(db, app, shape, wanted, accounts, before, limit + 1)
    shown = found[:limit]
    rows = _load(db, shape, shown)
    return Page(
        rows=rows,
        tenants=tenants_of(db, rows),
        accounts=accounts,
        older=rows[-1].uuid if len(found) > limit else None,
    )


def accounts_of(db: Session, app: App) -> dict[int, ProviderAccount]:
    """Answer an app's accounts at providers by id, of both modes, those it had before too."""
    found = select(ProviderAccount).where(ProviderAccount.app_id == app.id)
    return {account.id: account for account in db.scalars(found)}


def tenants_of(db: Session, rows: Sequence[Any]) -> dict[int, Tenant]:
    """Answer the tenants some rows belong to, by id."""
    ids = {row.tenant_id for row in rows if row.tenant_id is not None}
    if not ids:
        return {}
    return {tenant.id: tenant for tenant in db.scalars(select(Tenant).where(Tenant.id.in_(ids)))}


def _ids(
    db: Session,
    app: App,
    shape: _Shape,
    wanted: Wanted,
    accounts: Mapping[int, ProviderAccount],
    before: UUID | None,
    limit: int,
) -> list[int]:
    place = _place(db, app, shape, before) if before else None
    asked = statement(shape, wanted, list(accounts.values()), place, limit)
    return [] if asked is None else [row_id for row_id, _ in db.execute(asked)]


def statement(
    shape: _Shape,
    wanted: Wanted,
    accounts: Sequence[ProviderAccount],
    place: Row[int, datetime] | None,
    limit: int,
) -> Select[Any] | None:
    """Answer the question for the ids of a page, each with its moment; None where nothing can be
    found."""
    if wanted.tenant_id is not None:
        return _of_tenant(shape, wanted, accounts, place, limit)
    parts = [
        _narrowed(shape, wanted, place)
        .where(shape.model.provider_account_id == account.id)
        .order_by(shape.at.desc(), shape.model.id.desc())
        .limit(limit)
        .subquery()
        for account in accounts
        if _fits(account, wanted)
    ]
    if not parts:
        return None
    merged = union_all(*(select(part.c.id, part.c.at) for part in parts)).subquery()
    return (
        select(merged.c.id, merged.c.at)
        .order_by(merged.c.at.desc(), merged.c.id.desc())
        .limit(limit)
    )


def _of_tenant(
    shape: _Shape,
    wanted: Wanted,
    accounts: Sequence[ProviderAccount],
    place: Row[int, datetime] | None,
    limit: int,
) -> Select[Any]:
    """A tenant has few rows: they are found by the tenant, and put in order afterwards."""
    fitting = [account.id for account in accounts if _fits(account, wanted)]
    # Walking the whole list in its order until a tenant's rows come would be the other way.
    theirs = (
        _narrowed(shape, wanted, place)
        .where(
            shape.model.tenant_id == wanted.tenant_id,
            shape.model.provider_account_id.in_(fitting),
        )
        .offset(0)
        .cte("theirs")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        select(theirs.c.id, theirs.c.at)
        .order_by(theirs.c.at.desc(), theirs.c.id.desc())
        .limit(limit)
    )


def _narrowed(shape: _Shape, wanted: Wanted, place: Row[int, datetime] | None) -> Select[Any]:
    asked = select(shape.model.id, shape.at.label("at")).where(*_conditions(shape, wanted))
    if place is not None:
        row_id, at = place
        asked = asked.where(tuple_(shape.at, shape.model.id) < (at, row_id))
    return asked


def _conditions(shape: _Shape, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(shape.state == wanted.state)
    if wanted.since is not None:
        conditions.append(shape.at >= _midnight(wanted.since))
    if wanted.until is not None:
        conditions.append(shape.at <= datetime.combine(wanted.until, time.max, UTC))
    return conditions


def _fits(account: ProviderAccount, wanted: Wanted) -> bool:
    is_there = wanted.provider in (None, account.provider)
    return is_there and account.livemode == wanted.livemode


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _place(db: Session, app: App, shape: _Shape, before: UUID) -> Row[int, datetime] | None:
    asked = select(shape.model.id, shape.at).where(
        shape.model.uuid == before, shape.model.app_id == app.id
    )
    return db.execute(asked).one_or_none()


def _load(db: Session, shape: _Shape, ids: Sequence[int]) -> list[Any]:
    if not ids:
        return []
    asked = select(shape.model).where(shape.model.id.in_(ids)).options(*shape.loads)
    known = {row.id: row for row in db.scalars(asked)}
    return [known[row_id] for row_id in ids]

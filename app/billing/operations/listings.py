"""Listings: an app's checkouts, subscriptions, payments and invoices, page by page, newest first.

Every list is read along an index that gives its order, account by account, so that a page costs as
much of a million rows as of a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, bindparam, select, tuple_, union_all
from sqlalchemy.orm import Session, load_only
from sqlalchemy.orm.interfaces import LoaderOption

from app import providers
from app.billing.operations.lines import SHAPES, Kind, Shape
from app.models import App, ProviderAccount, Tenant

PAGE = 25
PROVIDERS = providers.NAMES


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


_ACCOUNTS = select(ProviderAccount).where(ProviderAccount.app_id == bindparam("app_id"))
_SHOWN_TENANT = load_only(Tenant.uuid, Tenant.name)


def states(kind: Kind) -> Sequence[str]:
    """Answer the states a list can be narrowed to."""
    return SHAPES[kind].states


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
    accounts = accounts_of(db, app)
    fitting = [account.id for account in accounts.values() if _fits(account, wanted)]
    if not fitting:
        return Page(rows=[], tenants={}, accounts=accounts, older=None)
    place = _place(db, app, kind, before) if before else {}
    asked = _asked(wanted) | place
    narrowed_by = frozenset(asked)
    if wanted.state is not None and wanted.state in SHAPES[kind].worked_out:
        narrowed_by = narrowed_by - {"state"} | {wanted.state}
    values = {**asked, **{f"account_{n}": row_id for n, row_id in enumerate(fitting)}}
    statement = _statement(kind, narrowed_by, len(fitting), limit + 1)
    found = db.execute(statement, values).all()
    shown = found[:limit]
    return Page(
        rows=[row for row, _ in shown],
        tenants={tenant.id: tenant for _, tenant in shown if tenant is not None},
        accounts=accounts,
        older=shown[-1][0].uuid if len(found) > limit else None,
    )


def accounts_of(db: Session, app: App) -> dict[int, ProviderAccount]:
    """Answer an app's accounts at providers by id, of both modes, those it had before too."""
    return {account.id: account for account in db.scalars(_ACCOUNTS, {"app_id": app.id})}


def tenants_of(db: Session, rows: Sequence[Any]) -> dict[int, Tenant]:
    """Answer the tenants some rows belong to, by id."""
    ids = {row.tenant_id for row in rows if row.tenant_id is not None}
    if not ids:
        return {}
    asked = select(Tenant).where(Tenant.id.in_(ids)).options(_SHOWN_TENANT)
    return {tenant.id: tenant for tenant in db.scalars(asked)}


def loads(kind: Kind) -> tuple[LoaderOption, ...]:
    """Answer what is to be loaded of rows of which only a line is shown."""
    return SHAPES[kind].loads


@lru_cache(maxsize=512)
def _statement(kind: Kind, narrowed_by: frozenset[str], accounts: int, limit: int) -> Select[Any]:
    """The question for a page, by what it is narrowed by: each row with its tenant.

    Built once: building it costs more than running it.
    """
    shape = SHAPES[kind]
    by_tenant = "tenant_id" in narrowed_by
    found = (_of_tenant if by_tenant else _of_accounts)(shape, narrowed_by, accounts, limit)
    return (
        select(shape.model, Tenant)
        .join(found, found.c.id == shape.model.id)
        .outerjoin(Tenant, Tenant.id == shape.model.tenant_id)
        .options(*shape.loads, _SHOWN_TENANT)
        .order_by(found.c.at.desc(), found.c.id.desc())
    )


def _of_accounts(shape: Shape, narrowed_by: frozenset[str], accounts: int, limit: int) -> Subquery:
    """Of each account as many as a page holds, in the order of its index, and the first of all."""
    parts = [
        _narrowed(shape, narrowed_by)
        .where(shape.model.provider_account_id == bindparam(f"account_{n}"))
        .order_by(shape.at.desc(), shape.model.id.desc())
        .limit(limit)
        .subquery()
        for n in range(accounts)
    ]
    return _first(union_all(*(select(part.c.id, part.c.at) for part in parts)).subquery(), limit)


def _of_tenant(shape: Shape, narrowed_by: frozenset[str], accounts: int, limit: int) -> Subquery:
    """A tenant has few rows: they are found by the tenant, and put in order afterwards."""
    fitting: list[ColumnElement[int]] = [bindparam(f"account_{n}") for n in range(accounts)]
    # Walking the whole list in its order until a tenant's rows come would be the other way.
    theirs = (
        _narrowed(shape, narrowed_by)
        .where(shape.model.provider_account_id.in_(fitting))
        .offset(0)
        .cte("theirs")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return _first(theirs, limit)


def _first(found: Any, limit: int) -> Subquery:
    return (
        select(found.c.id, found.c.at)
        .order_by(found.c.at.desc(), found.c.id.desc())
        .limit(limit)
        .subquery()
    )


def _narrowed(shape: Shape, narrowed_by: frozenset[str]) -> Select[Any]:
    """Narrow a question by what `_asked` and `_place` gave, and by a state that is worked out."""
    after = tuple_(bindparam("before_at", type_=shape.at.type), bindparam("before_id"))
    conditions: dict[str, ColumnElement[bool]] = {
        "tenant_id": shape.model.tenant_id == bindparam("tenant_id"),
        "state": shape.state == bindparam("state"),
        "since": shape.at >= bindparam("since"),
        "until": shape.at <= bindparam("until"),
        "before_id": tuple_(shape.at, shape.model.id) < after,
    }
    chosen = [condition for name, condition in conditions.items() if name in narrowed_by]
    worked_out = [part for name in narrowed_by for part in shape.worked_out.get(name, ())]
    return select(shape.model.id, shape.at.label("at")).where(*chosen, *worked_out)


def _asked(wanted: Wanted) -> dict[str, Any]:
    asked = {
        "tenant_id": wanted.tenant_id,
        "state": wanted.state,
        "since": wanted.since and datetime.combine(wanted.since, time.min, UTC),
        "until": wanted.until and datetime.combine(wanted.until, time.max, UTC),
    }
    return {name: value for name, value in asked.items() if value is not None}


def _fits(account: ProviderAccount, wanted: Wanted) -> bool:
    is_there = wanted.provider in (None, account.provider)
    return is_there and account.livemode == wanted.livemode


def _place(db: Session, app: App, kind: Kind, before: UUID) -> dict[str, Any]:
    found = db.execute(_place_of(kind), {"uuid": before, "app_id": app.id}).one_or_none()
    return {} if found is None else {"before_id": found.id, "before_at": found.at}


@lru_cache
def _place_of(kind: Kind) -> Select[Any]:
    shape = SHAPES[kind]
    return select(shape.model.id, shape.at.label("at")).where(
        shape.model.uuid == bindparam("uuid"), shape.model.app_id == bindparam("app_id")
    )

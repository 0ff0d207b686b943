"""Tenant lists: an app's tenants page by page, or those that a name or an e-mail address begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, not_, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager

from app.billing.people import accounts
from app.models import App, Membership, Price, Product, Subscription, Tenant, User
from app.models.subscription import RUNNING
from app.models.tenant import key_of

PAGE = 25
# Stands behind every text that begins alike, where texts are compared byte by byte.
_BEHIND = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Line:
    """A tenant with the plan that its pages show, price and product loaded; `key` is what of it
    begins with the text looked for."""

    tenant: Tenant
    plan: Subscription | None
    key: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last tenant's key and uuid."""

    key: str
    tenant: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Some tenants; `after` is where the next page begins, None where there is none."""

    lines: list[Line]
    after: Place | None


def page(
    db: Session, app: App, text: str = "", *, after: Place | None = None, limit: int = PAGE
) -> Page:
    """Answer an app's tenants, the newest first, each with its plan in the app's mode; with a text
    those whose name, invoice e-mail or people's e-mail begins with it, in the order of what
    matched. A place that is not the app's is the beginning."""
    last = _row_of(db, app, after) if after else None
    asked = _newest(app, last) if not text.strip() else _matching(app, text, after, last, limit + 1)
    rows = db.execute(asked.limit(limit + 1)).all()
    shown = rows[:limit]
    place = Place(shown[-1][2], shown[-1][0].uuid) if len(rows) > limit else None
    return Page(list(_once_each(Line(*row) for row in shown)), place)


def _once_each(lines: Iterator[Line]) -> Iterator[Line]:
    """A tenant may match by several of its people."""
    seen: set[int] = set()
    for line in lines:
        if line.tenant.id not in seen:
            seen.add(line.tenant.id)
            yield line


def _row_of(db: Session, app: App, place: Place) -> int | None:
    return db.scalar(select(Tenant.id).where(Tenant.uuid == place.tenant, Tenant.app_id == app.id))


def _newest(app: App, last: int | None) -> Select[Any]:
    found = _with_plan(app, Tenant.name_key)
    before = (Tenant.id < last,) if last is not None else ()
    of_app = (Tenant.app_id == app.id, Tenant.deleted_at.is_(None))
    return found.where(*of_app, *before).order_by(Tenant.id.desc())


def _matching(
    app: App, text: str, after: Place | None, last: int | None, limit: int
) -> Select[Any]:
    place = (after.key, last) if after and last is not None else None
    legs = (
        select(leg.order_by(*leg.selected_columns).limit(limit).subquery())
        for leg in _legs(app, text, place)
    )
    hits = union_all(*legs).subquery("hits")
    found = _with_plan(app, hits.c.key).join(hits, hits.c.tenant_id == Tenant.id)
    return found.order_by(hits.c.key, hits.c.tenant_id)


def _legs(app: App, text: str, place: tuple[str, int] | None) -> Iterator[Select[Any]]:
    """One search for each thing that may begin with the text, each along an index of its own; who
    is found by name is not found again."""
    is_named = _begins(Tenant.name_key, key_of(text))
    email = accounts.plain_email(text)
    by_invoice, by_person = _begins(Tenant.invoice_email, text.strip()), _begins(User.email, email)
    of_app = (Tenant.app_id == app.id, Tenant.deleted_at.is_(None))
    yield _leg(Tenant.name_key, place).where(*of_app, is_named)
    yield _leg(Tenant.invoice_email, place).where(*of_app, by_invoice, not_(is_named))
    yield (
        _leg(User.email, place)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .join(User, User.id == Membership.user_id)
        .where(*of_app, Membership.deleted_at.is_(None), by_person, not_(is_named))
    )


def _leg(key: InstrumentedAttribute[Any], place: tuple[str, int] | None) -> Select[Any]:
    leg = select(key.label("key"), Tenant.id.label("tenant_id")).select_from(Tenant)
    # The second says nothing new, but alone leads an index to the place.
    return leg.where(tuple_(key, Tenant.id) > place, key >= place[0]) if place else leg


def _begins(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    return and_(column >= text, column < text + _BEHIND)


def _with_plan(app: App, key: Any) -> Select[Any]:
    """Tenants with the plan that runs, else the one that ran last, and a key."""
    columns: tuple[Any, ...] = (Tenant, Subscription, key)
    shown = (
        select(Subscription.id)
        .where(
            Subscription.tenant_id == Tenant.id,
            Subscription.livemode == app.livemode,
            Subscription.is_duplicate.is_(False),
        )
        .order_by(Subscription.status.in_(RUNNING).desc(), Subscription.id.desc())
        .limit(1)
        .correlate(Tenant)
        .scalar_subquery()
    )
    return (
        select(*columns)
        .select_from(Tenant)
        .outerjoin(Subscription, Subscription.id == shown)
        .outerjoin(Price, Price.id == Subscription.price_id)
        .outerjoin(Product, Product.id == Price.product_id)
        .options(contains_eager(Subscription.price).contains_eager(Price.product))
    )

"""The storefront: who looks at the plans page, and what is offered, in one narrow statement.

It is the page most visitors open and leave again, so it loads no rows it does not show and keeps
each app's catalogue in memory until the catalogue changes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Engine,
    FromClause,
    Select,
    String,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.billing.catalogue import products
from app.billing.catalogue.products import Offer
from app.billing.errors import NotFound
from app.db.base import table
from app.db.shared import SharedQuestion
from app.models import (
    App,
    AppMember,
    CheckoutSession,
    Membership,
    Price,
    Product,
    Subscription,
    Tenant,
    User,
)
from app.models.checkout_session import BOUGHT


@dataclass(frozen=True, slots=True)
class Seller:
    """What a page shows of an app."""

    id: int
    name: str
    livemode: bool
    brand_color: str
    logo_digest: str | None


@dataclass(frozen=True, slots=True)
class Company:
    """What a page shows of a tenant; `currency` is what it chose."""

    id: int
    uuid: UUID
    name: str
    country: str | None
    currency: str | None
    app: Seller


@dataclass(frozen=True, slots=True)
class Reader:
    """What a page shows of a person."""

    email: str
    locale: str | None
    session_epoch: int
    ended_sessions: list[str]


@dataclass(frozen=True, slots=True)
class Visit:
    """A member of a tenant at its storefront; answers what a membership answers.

    `catalogue` changes with any product or price of the app.
    """

    user: Reader
    tenant: Company
    role: str
    has_bought: bool
    catalogue: str

    @property
    def may_buy(self) -> bool:
        """This person may spend the tenant's money."""
        return self.role == "admin"


def enter(db: Session, *, user_id: int, tenant_uuid: UUID) -> Visit:
    """Answer a user's visit to a tenant's storefront; raises NotFound as `tenants.find` does."""
    return _visit(db, _VISIT, user_id, tenant_uuid)


def view(db: Session, *, user_id: int, tenant_uuid: UUID) -> Visit:
    """Answer the visit of somebody who runs the app and looks at a tenant's storefront; raises
    NotFound as `viewings.find` does."""
    return _visit(db, _VIEWING, user_id, tenant_uuid)


def _visit(db: Session, asked: SharedQuestion, user_id: int, tenant_uuid: UUID) -> Visit:
    row = asked.ask(db, {"user_id": user_id, "tenant_uuid": tenant_uuid})
    if row is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    return Visit(
        user=Reader(row.email, row.locale, row.session_epoch, row.ended_sessions),
        tenant=Company(
            id=row.tenant_id,
            uuid=tenant_uuid,
            name=row.tenant,
            country=row.country,
            currency=row.currency,
            app=Seller(row.app_id, row.app, row.livemode, row.brand_color, row.logo_digest),
        ),
        role=row.role,
        has_bought=row.has_bought or row.has_subscribed,
        catalogue=f"{row.prices} {row.products}",
    )


def offer(db: Session, visit: Visit, currency: str | None = None) -> Offer:
    """Answer what is offered on a visit, as `products.offer` does."""
    seller, company = visit.tenant.app, visit.tenant
    catalogue = _shelf(db).catalogue(db, seller.id, visit.catalogue)
    if not visit.has_bought:
        return catalogue.offer(company, currency)
    return products.arrange(
        catalogue.prices,
        products.running(db, company.id, livemode=seller.livemode),
        products.had_trials(db, catalogue.prices, company.id, livemode=seller.livemode),
        chosen=company.currency,
        country=company.country,
        is_fixed=True,
        currency=currency,
    )


class _Catalogue:
    """An app's prices with their products, as they were at `version`, for some time."""

    def __init__(self, version: str, prices: tuple[Price, ...]) -> None:
        self.prices = prices
        self._version, self._until = version, time.monotonic() + _KEPT_SECONDS
        self._offers: dict[tuple[str | None, str | None], Offer] = {}

    def is_at(self, version: str) -> bool:
        """It is what the app sells at this version."""
        return self._version == version and time.monotonic() < self._until

    def offer(self, company: Company, currency: str | None) -> Offer:
        """Answer what a company that has not bought yet is offered."""
        if currency is not None:
            return self._arranged(company, currency)
        place = company.country, company.currency
        if place not in self._offers:
            self._offers[place] = self._arranged(company, None)
        return self._offers[place]

    def _arranged(self, company: Company, currency: str | None) -> Offer:
        return products.arrange(
            self.prices,
            (),
            frozenset(),
            chosen=company.currency,
            country=company.country,
            is_fixed=False,
            currency=currency,
        )


class _Shelf:
    """The catalogues of one database, by app. Two changes at once may leave an old one behind for
    as long as `_KEPT_SECONDS`; what is bought is always read anew."""

    def __init__(self) -> None:
        self._kept: dict[int, _Catalogue] = {}

    def catalogue(self, db: Session, app_id: int, version: str) -> _Catalogue:
        """Answer an app's catalogue, read again where it changed."""
        kept = self._kept.get(app_id)
        if kept and kept.is_at(version):
            return kept
        prices = tuple(products.for_sale(db, app_id))
        for row in {*prices, *(price.product for price in prices)}:
            # They are shared by requests from now on, so no session may own them.
            db.expunge(row)
        kept = self._kept[app_id] = _Catalogue(version, prices)
        return kept


_TENANT, _APP, _USER = table(Tenant), table(App), table(User)
_MEMBERSHIP, _APP_MEMBER = table(Membership), table(AppMember)
_PRODUCT, _PRICE = table(Product), table(Price)
_CHECKOUT, _SUBSCRIPTION = table(CheckoutSession), table(Subscription)


def _newest(changes: Select[Any], label: str) -> ColumnElement[str]:
    return type_coerce(changes.scalar_subquery(), String).label(label)


def _written(word: str) -> ColumnElement[str]:
    """A word of ours, written into the statement: as a value it would be sent with each."""
    return literal_column(f"'{word}'")


_SHOWN: tuple[ColumnElement[Any], ...] = (
    _USER.c.email,
    _USER.c.locale,
    _USER.c.session_epoch,
    _USER.c.ended_sessions,
    _TENANT.c.id.label("tenant_id"),
    _TENANT.c.name.label("tenant"),
    _TENANT.c.country,
    _TENANT.c.currency,
    _APP.c.id.label("app_id"),
    _APP.c.name.label("app"),
    _APP.c.livemode,
    _APP.c.brand_color,
    _APP.c.logo_digest,
    exists()
    .where(
        _CHECKOUT.c.tenant_id == _TENANT.c.id,
        _CHECKOUT.c.livemode == _APP.c.livemode,
        _CHECKOUT.c.mode != _written("setup"),
        # In place of IN, whose list would be put into the statement at every call.
        or_(*(_CHECKOUT.c.state == _written(state) for state in BOUGHT)),
    )
    .label("has_bought"),
    exists()
    .where(
        _SUBSCRIPTION.c.tenant_id == _TENANT.c.id,
        _SUBSCRIPTION.c.livemode == _APP.c.livemode,
    )
    .label("has_subscribed"),
    _newest(
        select(func.max(_PRODUCT.c.updated_at)).where(_PRODUCT.c.app_id == _APP.c.id),
        "products",
    ),
    _newest(
        select(func.max(_PRICE.c.updated_at))
        .join(_PRODUCT, _PRODUCT.c.id == _PRICE.c.product_id)
        .where(_PRODUCT.c.app_id == _APP.c.id),
        "prices",
    ),
)


def _question(
    people: FromClause, role: ColumnElement[str], at_tenant: ColumnElement[bool]
) -> SharedQuestion:
    """Answer who of some people comes to which tenant, and what is shown to them there."""

    def asking(keys: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
        return (
            select(role.label("role"), *_SHOWN)
            .select_from(people)
            .join(_TENANT, at_tenant)
            .join(_APP, _APP.c.id == _TENANT.c.app_id)
            .join(_USER, _USER.c.id == people.c.user_id)
            .where(
                people.c.user_id == keys["user_id"],
                _TENANT.c.uuid == keys["tenant_uuid"],
                people.c.deleted_at.is_(None),
                _TENANT.c.deleted_at.is_(None),
                _APP.c.deleted_at.is_(None),
                _USER.c.deleted_at.is_(None),
            )
        )

    return SharedQuestion(asking, {"user_id": _USER.c.id.type, "tenant_uuid": _TENANT.c.uuid.type})


_VISIT = _question(_MEMBERSHIP, _MEMBERSHIP.c.role, _TENANT.c.id == _MEMBERSHIP.c.tenant_id)
_VIEWING = _question(_APP_MEMBER, literal("viewer"), _TENANT.c.app_id == _APP_MEMBER.c.app_id)
_KEPT_SECONDS = 60.0
_shelves: WeakKeyDictionary[Engine, _Shelf] = WeakKeyDictionary()


def _shelf(db: Session) -> _Shelf:
    engine = db.get_bind().engine
    if engine not in _shelves:
        _shelves[engine] = _Shelf()
    return _shelves[engine]

"""Writes the demo world into the database: what is missing of it, or all of it as new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.billing.access import api_keys
from app.billing.demo import demo_world as world
from app.billing.demo.demo_world import Company, Person, Plan, uuid_of
from app.billing.people import accounts
from app.billing.site import Site
from app.db.base import Base, first_value, table
from app.models import (
    ApiKey,
    App,
    AppMember,
    Membership,
    Origin,
    Price,
    Product,
    TaxRate,
    Tenant,
    User,
)
from app.money import Money

Row = TypeVar("Row", bound=Base)
_KINDS = (App, Origin, User, AppMember, Tenant, Membership, Product, Price, TaxRate, ApiKey)
# Who is connected and what signs tokens stays, so that keys handed out before go on working; so do
# logos, which mails and kept pages may name.
_STAYS = ("provider_account", "signing_key", "logo")
# What a row is known by, and a sign-in that was ended never counts again.
_LASTS = (
    *("id", "uuid", "created_at", "updated_at", "name_key"),
    *("session_epoch", "ended_sessions"),
)


@dataclass
class _Maker:
    """Writes rows by their uuid; with `fresh` an existing one gets its first values back."""

    db: Session
    fresh: bool
    made: set[UUID] = field(default_factory=set)

    def put(self, kind: type[Row], name: str, values: Mapping[str, Any]) -> Row:
        uuid = uuid_of(f"{kind.__tablename__} {name}")
        self.made.add(uuid)
        row = self.db.scalars(select(kind).where(kind.uuid == uuid)).one_or_none()
        if row is None:
            row = kind(uuid=uuid)
            self.db.add(row)
        elif not self.fresh:
            return row
        first = {
            column.key: first_value(column)
            for column in table(kind).columns
            if column.key not in _LASTS and (column.nullable or column.default is not None)
        }
        for key, value in {**first, **values}.items():
            setattr(row, key, value() if callable(value) else value)
        self.db.flush()
        return row


def make(db: Session, site: Site, *, fresh: bool = False) -> App:
    """Write what is missing of the demo world and answer its app; with `fresh`, put every row of
    it back as it was at first and remove the ones that came later. The portal's own origin is
    always the present one."""
    maker = _Maker(db, fresh)
    app = maker.put(
        App, world.APP["name"], {**world.APP, "livemode": False, "require_two_factor": False}
    )
    for origin in world.ORIGINS:
        row = maker.put(Origin, origin, {"app_id": app.id, "origin": origin})
        if origin == world.PORTAL:
            row.origin = site.config.PUBLIC_URL
    owner = _person(maker, world.OWNER)
    maker.put(AppMember, owner.email, {"app_id": app.id, "user_id": owner.id, "role": "owner"})
    for company in world.COMPANIES:
        _company(maker, app, company)
    for position, plan in enumerate(world.PLANS, start=1):
        _plan(maker, app, plan, position)
    _rates_and_keys(maker, app)
    if fresh:
        _remove_others(db, maker.made)
    db.flush()
    return app


def forget_use(db: Session) -> None:
    """Delete everything that came of using the demo: purchases, events, links, sign-ins."""
    for used in reversed(Base.metadata.sorted_tables):
        if used.name not in {*_STAYS, *(kind.__tablename__ for kind in _KINDS)}:
            db.execute(delete(used))
    db.expire_all()


def _person(maker: _Maker, person: Person) -> User:
    return maker.put(
        User,
        person.email,
        {
            "email": person.email,
            "name": person.name,
            # Hashing is slow on purpose, so it waits until it is needed.
            "password_digest": partial(accounts.hash_password, person.password),
        },
    )


def _company(maker: _Maker, app: App, company: Company) -> None:
    tenant = maker.put(
        Tenant, company.name, {"app_id": app.id, "name": company.name, **company.details}
    )
    for person in company.people:
        user = _person(maker, person)
        maker.put(
            Membership,
            person.email,
            {"tenant_id": tenant.id, "user_id": user.id, "role": person.role},
        )


def _plan(maker: _Maker, app: App, plan: Plan, position: int) -> None:
    article_id, article_type_id = plan.article or (None, None)
    product = maker.put(
        Product,
        plan.slug,
        {
            "app_id": app.id,
            "slug": plan.slug,
            "name": plan.name,
            "description": plan.description,
            "features": list(plan.features),
            "position": position,
            "article_id": article_id,
            "article_type_id": article_type_id,
        },
    )
    for currency in world.CURRENCIES:
        for interval, amount in plan.prices.items():
            name = f"{plan.name}{(interval or '').title()}{currency}"
            maker.put(
                Price,
                name,
                {
                    "product_id": product.id,
                    "price_id": f"price_demo{name}",
                    "currency": currency,
                    "unit_amount": Money.from_decimal(Decimal(amount), currency).minor,
                    "interval": interval,
                    "tax_behavior": "exclusive",
                },
            )


def _rates_and_keys(maker: _Maker, app: App) -> None:
    for rate in world.RATES:
        maker.put(
            TaxRate,
            rate.tax_rate_id,
            {
                "app_id": app.id,
                "tax_rate_id": rate.tax_rate_id,
                "country": rate.country,
                "percentage": Decimal(rate.percentage),
                "is_reverse_charge": rate.country is None,
            },
        )
    for type, secret in world.API_KEYS.items():
        maker.put(
            ApiKey,
            type,
            {
                "app_id": app.id,
                "name": f"Demo, {type}",
                "type": type,
                "digest": api_keys.digest_of(secret),
                "hint": secret[-4:],
            },
        )


def _remove_others(db: Session, made: set[UUID]) -> None:
    for kind in reversed(_KINDS):
        db.execute(delete(kind).where(kind.uuid.not_in(made)))

"""Tenants: who belongs to them, what their invoices carry, and the currency they pay in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, contains_eager, object_session

from app.billing.errors import Invalid, NotFound
from app.billing.tax import countries
from app.billing.text import Text
from app.models import (
    App,
    CheckoutSession,
    Membership,
    Price,
    Product,
    Subscription,
    Tenant,
    User,
    checkout_session,
)

BOUGHT = checkout_session.BOUGHT
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Details:
    """What a tenant's invoices carry; `country` is ISO 3166-1 alpha-2."""

    legal_name: str
    address_line1: str
    city: str
    country: str
    address_line2: str | None = None
    postal_code: str | None = None
    region: str | None = None
    invoice_email: str | None = None


def memberships(db: Session, user_id: int) -> list[Membership]:
    """Answer the tenants a user belongs to, by name, with tenant and app."""
    found = (
        select(Membership)
        .join(Membership.tenant)
        .join(Tenant.app)
        .options(contains_eager(Membership.tenant).contains_eager(Tenant.app))
        .where(Membership.user_id == user_id, *_present())
        .order_by(Tenant.name, Tenant.id)
    )
    return list(db.scalars(found))


def find(db: Session, *, user_id: int, tenant_uuid: UUID) -> Membership:
    """Answer a user's membership of a tenant, with tenant, app and user, in one query.

    Raises NotFound, also where the tenant exists and is not the user's.
    """
    asked = {"user_id": user_id, "tenant_uuid": tenant_uuid}
    membership = db.scalars(_MEMBERSHIP, asked).one_or_none()
    if membership is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    return membership


def is_member(db: Session, *, user_id: int, tenant_uuid: UUID) -> bool:
    """Answer whether a user belongs to a tenant."""
    asked = {"user_id": user_id, "tenant_uuid": tenant_uuid}
    return db.scalars(_MEMBERSHIP, asked).one_or_none() is not None


def of_app(db: Session, app: App, tenant_uuid: UUID) -> Tenant:
    """Answer a tenant of an app; raises NotFound, also where it is another app's."""
    tenant = db.scalars(
        select(Tenant).where(
            Tenant.app_id == app.id, Tenant.uuid == tenant_uuid, Tenant.deleted_at.is_(None)
        )
    ).one_or_none()
    if tenant is None:
        raise NotFound("There is no such tenant.", field="tenant")
    return tenant


def in_app(db: Session, app_id: int, tenant_uuid: UUID) -> tuple[Tenant, User | None] | None:
    """Answer a tenant of an app with its oldest admin, in one query; None where it has no such
    tenant."""
    row = db.execute(_IN_APP, {"app_id": app_id, "tenant_uuid": tenant_uuid}).one_or_none()
    return (row[0], row[1]) if row else None


def people(db: Session, tenant: Tenant) -> list[Membership]:
    """Answer who belongs to a tenant, the oldest first, each with its user."""
    found = (
        select(Membership)
        .join(Membership.user)
        .options(contains_eager(Membership.user))
        .where(
            Membership.tenant_id == tenant.id,
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
    )
    return list(db.scalars(found))


def admins(db: Session, tenant_id: int) -> list[User]:
    """Answer who may buy for a tenant, the oldest first."""
    found = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.tenant_id == tenant_id,
            Membership.role == "admin",
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
    )
    return list(db.scalars(found))


def update_details(db: Session, tenant: Tenant, details: Details) -> None:
    """Store what invoices carry; what the tenant pays in stays once a purchase has fixed it.

    Raises Invalid naming the first field that is wrong; nothing is stored then.
    """
    stored = {name: _trimmed(name, getattr(details, name)) for name in Details.__dataclass_fields__}
    for name, text in _REQUIRED.items():
        if not stored[name]:
            raise Invalid(text.sentence, field=name)
    if stored["country"] not in countries.CODES:
        raise Invalid("Choose a country from the list.", field="country")
    if stored["invoice_email"]:
        stored["invoice_email"] = _email(stored["invoice_email"])
    if tenant.currency is None and tenant.country != stored["country"] and has_bought(db, tenant):
        tenant.currency = currency(tenant)
    for name, value in stored.items():
        setattr(tenant, name, value)
    db.flush()


def currency(tenant: Tenant, sold: Sequence[str] | None = None) -> str:
    """Answer what a tenant pays in: what it chose, else its country's currency if the app sells in
    it, else the first the app sells in. `sold` saves the query where the caller knows it."""
    if tenant.currency is not None:
        return tenant.currency
    if sold is None:
        db = object_session(tenant)
        sold = currencies_sold(db, tenant.app_id) if db else ()
    return home_currency(tenant.country, sold)


def home_currency(country: str | None, sold: Sequence[str]) -> str:
    """Answer the first currency of a country that is sold in, else the first one sold in."""
    homes = countries.currencies(country)
    return next((home for home in homes if home in sold), next(iter(sold), "EUR"))


def pays_in(tenant: Tenant, code: str) -> bool:
    """Answer whether a currency the app sells in is the tenant's; asks the database only where the
    country leaves it open."""
    if tenant.currency is None and countries.currencies(tenant.country)[:1] == (code,):
        return True
    return currency(tenant) == code


def choose_currency(db: Session, tenant: Tenant, code: str) -> None:
    """Let a tenant pay in another currency; Invalid where the app does not sell in it, or where a
    purchase has fixed it."""
    if code == currency(tenant):
        return
    if code not in currencies_sold(db, tenant.app_id):
        raise Invalid("There are no prices in this currency.", field="currency")
    if has_bought(db, tenant):
        raise Invalid(
            "The currency stays %(currency)s: it was fixed with the first purchase.",
            field="currency",
            currency=currency(tenant),
        )
    tenant.currency = code
    db.flush()


def currencies_sold(db: Session, app_id: int) -> list[str]:
    """Answer the currencies an app has prices in, in the order the prices were made."""
    sold = (
        select(Price.currency)
        .join(Price.product)
        .where(
            Product.app_id == app_id,
            Product.archived_at.is_(None),
            Product.deleted_at.is_(None),
            Price.archived_at.is_(None),
            Price.deleted_at.is_(None),
        )
        .group_by(Price.currency)
        .order_by(func.min(Price.id))
    )
    return list(db.scalars(sold))


def has_bought(db: Session, tenant: Tenant) -> bool:
    """Answer whether the tenant has bought anything in its app's mode."""
    asked = {"tenant_id": tenant.id, "livemode": tenant.app.livemode}
    return bool(db.scalar(_HAS_BOUGHT, asked))


_REQUIRED = {
    "legal_name": Text("Enter the legal name of your company."),
    "address_line1": Text("Enter the first line of the address."),
    "city": Text("Enter the town or city."),
    "country": Text("Choose a country from the list."),
}


def _present() -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.deleted_at.is_(None),
        Tenant.deleted_at.is_(None),
        App.deleted_at.is_(None),
    )


# Built once: every page asks the first, and building it costs more than running it.
_MEMBERSHIP = (
    select(Membership)
    .join(Membership.tenant)
    .join(Tenant.app)
    .join(Membership.user)
    .options(
        contains_eager(Membership.tenant).contains_eager(Tenant.app),
        contains_eager(Membership.user),
    )
    .where(
        Membership.user_id == bindparam("user_id"),
        Tenant.uuid == bindparam("tenant_uuid"),
        User.deleted_at.is_(None),
        *_present(),
    )
)
_OLDEST_ADMIN = (
    select(func.min(Membership.id))
    .join(User, User.id == Membership.user_id)
    .where(
        Membership.tenant_id == Tenant.id,
        Membership.role == "admin",
        Membership.deleted_at.is_(None),
        User.deleted_at.is_(None),
    )
    .correlate(Tenant)
    .scalar_subquery()
)
_IN_APP = (
    select(Tenant, User)
    .select_from(Tenant)
    .outerjoin(Membership, Membership.id == _OLDEST_ADMIN)
    .outerjoin(User, User.id == Membership.user_id)
    .where(
        Tenant.app_id == bindparam("app_id"),
        Tenant.uuid == bindparam("tenant_uuid"),
        Tenant.deleted_at.is_(None),
    )
)
_HAS_BOUGHT = select(
    or_(
        exists().where(
            CheckoutSession.tenant_id == bindparam("tenant_id"),
            CheckoutSession.livemode == bindparam("livemode"),
            CheckoutSession.mode != "setup",
            CheckoutSession.state.in_(BOUGHT),
        ),
        exists().where(
            Subscription.tenant_id == bindparam("tenant_id"),
            Subscription.livemode == bindparam("livemode"),
        ),
    )
)


def _trimmed(name: str, value: str | None) -> str | None:
    trimmed = " ".join((value or "").split())
    if len(trimmed) > _LONGEST:
        raise Invalid("This is too long: use at most 200 characters.", field=name)
    if not trimmed.isprintable():
        raise Invalid("This holds characters that cannot be printed.", field=name)
    return trimmed or None


def _email(address: str) -> str:
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(
            "Enter an e-mail address, such as invoices@example.com.", field="invoice_email"
        ) from None

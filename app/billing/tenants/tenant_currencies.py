"""The currency a tenant pays in: its own choice, or its country's, fixed by the first purchase."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, object_session

from app.billing.errors import Invalid
from app.billing.ordering.buyers import BuyingTenant
from app.billing.tax import countries
from app.models import CheckoutSession, Price, Product, Subscription, Tenant
from app.models.checkout_session import BOUGHT

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


def of(tenant: Tenant, sold: Sequence[str] | None = None) -> str:
    """Answer what a tenant pays in: what it chose, else its country's currency if the app sells in
    it, else the first the app sells in. `sold` saves the query where the caller knows it."""
    if tenant.currency is not None:
        return tenant.currency
    if sold is None:
        db = object_session(tenant)
        sold = sold_by(db, tenant.app_id) if db else ()
    return home(tenant.country, sold)


def home(country: str | None, sold: Sequence[str]) -> str:
    """Answer the first currency of a country that is sold in, else the first one sold in."""
    homes = countries.currencies(country)
    return next((code for code in homes if code in sold), next(iter(sold), "EUR"))


def pays_in(db: Session, tenant: Tenant | BuyingTenant, code: str) -> bool:
    """Answer whether a currency the app sells in is the tenant's; asks the database only where the
    country leaves it open."""
    if tenant.currency is not None:
        return tenant.currency == code
    if countries.currencies(tenant.country)[:1] == (code,):
        return True
    return home(tenant.country, sold_by(db, tenant.app_id)) == code


def choose(db: Session, tenant: Tenant, code: str) -> None:
    """Let a tenant pay in another currency; Invalid where the app does not sell in it, or where a
    purchase has fixed it."""
    if code == of(tenant):
        return
    if code not in sold_by(db, tenant.app_id):
        raise Invalid("There are no prices in this currency.", field="currency")
    if has_bought(db, tenant):
        raise Invalid(
            "The currency stays %(currency)s: it was fixed with the first purchase.",
            field="currency",
            currency=of(tenant),
        )
    tenant.currency = code
    db.flush()


def fix(db: Session, tenant: Tenant) -> None:
    """Let what a tenant pays in no longer follow its country, once a purchase has fixed it."""
    if tenant.currency is None and has_bought(db, tenant):
        tenant.currency = of(tenant)


def sold_by(db: Session, app_id: int) -> list[str]:
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

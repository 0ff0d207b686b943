"""What an order rests on: price, account and tax rates, with the ids the provider has given them,
in few statements."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import Session, contains_eager

from app.billing.catalogue import products
from app.billing.errors import Invalid
from app.billing.tax import countries
from app.models import (
    Customer,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    ProviderTaxRate,
    Subscription,
    TaxRate,
    Tenant,
)
from app.models.subscription import RUNNING
from app.providers import NAMES as PROVIDERS

# Built once: in a purchase, building them costs more than running them.
_RUNS_A_PLAN = exists().where(
    Subscription.tenant_id == bindparam("tenant_id"),
    Subscription.livemode == bindparam("livemode"),
    Subscription.family == Product.family,
    Subscription.status.in_(RUNNING),
    Subscription.is_duplicate.is_(False),
)
_PRICE = (
    select(
        Price,
        ProviderAccount,
        Customer.provider_id,
        ProviderPrice.provider_id,
        _RUNS_A_PLAN.correlate(Product),
    )
    .join(Price.product)
    .join(
        ProviderAccount,
        and_(
            ProviderAccount.app_id == Product.app_id,
            ProviderAccount.provider == bindparam("provider"),
            ProviderAccount.livemode == bindparam("livemode"),
            ProviderAccount.disconnected_at.is_(None),
        ),
    )
    .outerjoin(
        Customer,
        and_(
            Customer.provider_account_id == ProviderAccount.id,
            Customer.tenant_id == bindparam("tenant_id"),
        ),
    )
    .outerjoin(
        ProviderPrice,
        and_(
            ProviderPrice.provider_account_id == ProviderAccount.id,
            ProviderPrice.price_id == Price.id,
        ),
    )
    .options(contains_eager(Price.product))
    .where(
        Price.price_id == bindparam("price_id"),
        Product.app_id == bindparam("app_id"),
        Product.archived_at.is_(None),
        Product.deleted_at.is_(None),
        Price.archived_at.is_(None),
        Price.deleted_at.is_(None),
    )
)
_RATE = (
    select(TaxRate, ProviderTaxRate.provider_id)
    .outerjoin(
        ProviderTaxRate,
        and_(
            ProviderTaxRate.tax_rate_id == TaxRate.id,
            ProviderTaxRate.provider_account_id == bindparam("account_id"),
            ProviderTaxRate.is_inclusive == bindparam("is_inclusive"),
        ),
    )
    .where(
        TaxRate.app_id == bindparam("app_id"),
        TaxRate.archived_at.is_(None),
        TaxRate.deleted_at.is_(None),
        (TaxRate.country == bindparam("country")) | TaxRate.is_reverse_charge,
    )
    .order_by(TaxRate.id)
)


class At(NamedTuple):
    """An account to pay at, what the provider knows there already, and whether the tenant runs a
    plan of the price's family."""

    account: ProviderAccount
    customer_id: str | None
    provider_price_id: str | None
    runs_a_plan: bool


def of_price(db: Session, tenant: Tenant, price_id: str, method: str | None) -> tuple[Price, At]:
    """Answer a price and the account its way to pay (such as `stripe-card`) leads to; raises
    NotFound for an unknown price, Invalid for an unknown way to pay."""
    provider = (method or "").partition("-")[0]
    if provider not in PROVIDERS or not products.is_price_id(price_id):
        products.find_price(db, tenant, price_id)
        raise Invalid("Choose how to pay.", field="method")
    asked = {
        "provider": provider,
        "livemode": tenant.app.livemode,
        "tenant_id": tenant.id,
        "app_id": tenant.app_id,
        "price_id": price_id,
    }
    row = db.execute(_PRICE, asked).one_or_none()
    if row is None:
        products.find_price(db, tenant, price_id)
        raise Invalid("Choose how to pay.", field="method")
    return row[0], At(row[1], row[2], row[3], row[4])


def of_account(db: Session, tenant: Tenant, provider: str) -> At | None:
    """Answer the app's connected account at a provider."""
    row = db.execute(
        select(ProviderAccount, Customer.provider_id)
        .outerjoin(
            Customer,
            and_(
                Customer.provider_account_id == ProviderAccount.id,
                Customer.tenant_id == tenant.id,
            ),
        )
        .where(
            ProviderAccount.app_id == tenant.app_id,
            ProviderAccount.provider == provider,
            ProviderAccount.livemode == tenant.app.livemode,
            ProviderAccount.disconnected_at.is_(None),
        )
    ).one_or_none()
    return At(row[0], row[1], None, False) if row else None


def rates(
    db: Session, tenant: Tenant, country: str, account: ProviderAccount, tax_behavior: str
) -> list[tuple[TaxRate, str | None]]:
    """Answer the rates that may apply, each with its id at the provider."""
    asked = {
        "account_id": account.id,
        "is_inclusive": tax_behavior == "inclusive",
        "app_id": tenant.app_id,
        "country": countries.taxed_as(country),
    }
    rows = db.execute(_RATE, asked)
    return [(rate, provider_id) for rate, provider_id in rows]

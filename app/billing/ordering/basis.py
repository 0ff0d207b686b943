"""What an order rests on: price, account and tax rates, with the ids the provider has given them,
in few statements."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Row, and_, bindparam, exists, select
from sqlalchemy.orm import Session

from app.billing.catalogue import products
from app.billing.errors import Invalid
from app.billing.ordering import sold
from app.billing.ordering.buyers import BuyingTenant
from app.billing.ordering.sold import AppliedRate, SoldPrice
from app.billing.site import Account
from app.billing.tax import countries
from app.db.base import table
from app.models import (
    Customer,
    Price,
    Product,
    ProviderAccount,
    Subscription,
    TaxRate,
    Tenant,
)
from app.models.subscription import IS_RUNNING
from app.providers import NAMES as PROVIDERS

_PRICES, _PRODUCTS, _ACCOUNTS = table(Price), table(Product), table(ProviderAccount)
_RATES, _PLANS = table(TaxRate), table(Subscription)

# Built once: in a purchase, building it costs more than running it.
_RUNS_A_PLAN = (
    exists()
    .where(
        _PLANS.c.tenant_id == bindparam("tenant_id"),
        _PLANS.c.livemode == bindparam("livemode"),
        _PLANS.c.family == _PRODUCTS.c.family,
        IS_RUNNING,
    )
    .correlate(_PRODUCTS)
)
# A row for each rate that may apply, each with the price; one without a rate where there is none.
_OFFERED = sold.with_known(
    select(
        *sold.COLUMNS,
        _RUNS_A_PLAN.label("runs_a_plan"),
    )
    .select_from(_PRICES)
    .join(_PRODUCTS, _PRODUCTS.c.id == _PRICES.c.product_id)
    .join(
        _ACCOUNTS,
        and_(
            _ACCOUNTS.c.app_id == _PRODUCTS.c.app_id,
            _ACCOUNTS.c.provider == bindparam("provider"),
            _ACCOUNTS.c.livemode == bindparam("livemode"),
            _ACCOUNTS.c.disconnected_at.is_(None),
        ),
    )
    .outerjoin(
        _RATES,
        and_(
            _RATES.c.app_id == _PRODUCTS.c.app_id,
            _RATES.c.archived_at.is_(None),
            _RATES.c.deleted_at.is_(None),
            (_RATES.c.country == bindparam("country")) | _RATES.c.is_reverse_charge,
        ),
    )
    .where(
        _PRICES.c.price_id == bindparam("price_id"),
        _PRODUCTS.c.app_id == bindparam("app_id"),
        _PRODUCTS.c.archived_at.is_(None),
        _PRODUCTS.c.deleted_at.is_(None),
        _PRICES.c.archived_at.is_(None),
        _PRICES.c.deleted_at.is_(None),
    )
    .order_by(_RATES.c.id)
)


class At(NamedTuple):
    """An account to pay at, and what the provider calls the tenant there already."""

    account: Account
    customer_id: str | None


class Basis(NamedTuple):
    """What the order of a price rests on: `rates` are those that may apply, each with its id at the
    provider; `runs_a_plan` says that the tenant has one of the price's family."""

    price: SoldPrice
    at: At
    provider_price_id: str | None
    rates: list[tuple[AppliedRate, str | None]]
    runs_a_plan: bool


def of_price(
    db: Session,
    tenant: Tenant | BuyingTenant,
    price_id: str,
    *,
    method: str | None,
    country: str,
) -> Basis:
    """Answer what an order of a price rests on, at the account its way to pay (such as
    `stripe-card`) leads to, for a buyer in a country; raises NotFound for an unknown price, Invalid
    for an unknown way to pay."""
    provider = (method or "").partition("-")[0]
    rows: list[Row[Any]] = []
    if provider in PROVIDERS and products.is_price_id(price_id):
        asked = {
            "provider": provider,
            "livemode": tenant.app.livemode,
            "tenant_id": tenant.id,
            "app_id": tenant.app_id,
            "price_id": price_id,
            "country": countries.taxed_as(country) if country in countries.CODES else None,
        }
        rows = list(db.connection().execute(_OFFERED, asked))
    if not rows:
        products.find_price(db, tenant, price_id)
        raise Invalid("Choose how to pay.", field="method")
    return _read(rows)


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
    return At(row[0], row[1]) if row else None


def _read(rows: list[Row[Any]]) -> Basis:
    first, found = rows[0], [sold.read(row) for row in rows]
    price = found[0].price
    assert price is not None, "the price is what is asked for"
    return Basis(
        price=price,
        at=At(found[0].account, first.customer_id),
        provider_price_id=first.known_price_id,
        rates=[
            (one.rate, row.known_rate_id) for one, row in zip(found, rows, strict=True) if one.rate
        ],
        runs_a_plan=first.runs_a_plan,
    )

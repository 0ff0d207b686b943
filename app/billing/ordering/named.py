"""What the caller of an API names: an account, a price and a tax rate of its app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID

from sqlalchemy import Executable, and_, bindparam, select
from sqlalchemy.orm import Session

from app.billing.catalogue import products
from app.billing.errors import Invalid, NotFound, Unsupported
from app.billing.ordering import sold
from app.billing.ordering.buyers import BuyingTenant, SellingApp
from app.billing.ordering.sold import AppliedRate, SoldPrice
from app.billing.plans import trials
from app.billing.site import Account
from app.db.base import table
from app.models import App, Price, Product, ProviderAccount, TaxRate, Tenant
from app.providers import NAMES as PROVIDERS

_PRICES, _PRODUCTS, _ACCOUNTS = table(Price), table(Product), table(ProviderAccount)
_RATES = table(TaxRate)


@dataclass(frozen=True, slots=True)
class Found:
    """What a caller named, and by which ids the provider knows it already; `trial_days` are what
    the tenant would have free at the price."""

    account: Account
    price: SoldPrice | None = None
    rate: AppliedRate | None = None
    customer_id: str | None = None
    provider_price_id: str | None = None
    provider_tax_rate_id: str | None = None
    trial_days: int = 0


def find(
    db: Session,
    *,
    app: App | SellingApp,
    tenant: Tenant | BuyingTenant,
    provider: str,
    livemode: bool,
    price: str | UUID | None,
    rate: str | UUID | None,
) -> Found:
    """Answer an app's connected account at a provider, and a price and a rate of the app by our id
    or uuid, in one query (two where the price gives a trial). None asks for none.

    Raises Unsupported (field provider) where it is not connected, NotFound (field price or rate)
    for an unknown or foreign one, Invalid for an archived one.
    """
    asked = {
        "app_id": app.id,
        "tenant_id": tenant.id,
        "provider": provider,
        "livemode": livemode,
        "price": _askable(price),
        "rate": _askable(rate),
    }
    statement = _statement(isinstance(price, UUID), isinstance(rate, UUID))
    connection = db.connection()
    row = connection.execute(statement, asked).one_or_none() if provider in PROVIDERS else None
    if row is None:
        raise Unsupported("is not connected to this app", field="provider")
    found = sold.read(row)
    _require(price, found.price, "price")
    _require(rate, found.rate, "rate")
    days = 0
    if found.price is not None:
        if found.price.product.archived_at is not None:
            raise Invalid("is not sold any more", field="price")
        days = trials.days(db, tenant, found.price, livemode=livemode, is_binding=True)
    return Found(
        account=found.account,
        price=found.price,
        rate=found.rate,
        customer_id=row.customer_id,
        provider_price_id=row.known_price_id,
        provider_tax_rate_id=row.known_rate_id,
        trial_days=days,
    )


def _askable(named: str | UUID | None) -> str | UUID | None:
    # PostgreSQL takes no NUL in a text, not even to compare it.
    if isinstance(named, str) and not products.is_price_id(named):
        return None
    return named


def _require(
    named: str | UUID | None, found: SoldPrice | AppliedRate | None, field: Literal["price", "rate"]
) -> None:
    if named is None:
        return
    if found is None:
        raise NotFound("is not known in this app", field=field)
    if found.archived_at is not None:
        raise Invalid("is not used any more", field=field)


@lru_cache(maxsize=4)
def _statement(by_price_uuid: bool, by_rate_uuid: bool) -> Executable:
    # Built once: building it costs more than running it.
    price_named = _PRICES.c.uuid if by_price_uuid else _PRICES.c.price_id
    rate_named = _RATES.c.uuid if by_rate_uuid else _RATES.c.tax_rate_id
    found = (
        select(*sold.COLUMNS)
        .select_from(_ACCOUNTS)
        .outerjoin(_PRICES, and_(price_named == bindparam("price"), _PRICES.c.deleted_at.is_(None)))
        .outerjoin(
            _PRODUCTS,
            and_(
                _PRODUCTS.c.id == _PRICES.c.product_id,
                _PRODUCTS.c.app_id == _ACCOUNTS.c.app_id,
                _PRODUCTS.c.deleted_at.is_(None),
            ),
        )
        .outerjoin(
            _RATES,
            and_(
                rate_named == bindparam("rate"),
                _RATES.c.app_id == _ACCOUNTS.c.app_id,
                _RATES.c.deleted_at.is_(None),
            ),
        )
        .where(
            _ACCOUNTS.c.app_id == bindparam("app_id"),
            _ACCOUNTS.c.provider == bindparam("provider"),
            _ACCOUNTS.c.livemode == bindparam("livemode"),
            _ACCOUNTS.c.disconnected_at.is_(None),
        )
    )
    return sold.with_known(found)

"""What an order needs to know of a price, an account and a tax rate: a few columns of each, since
reading whole rows of them costs a start more than its other questions together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, chain, pairwise, starmap
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam

from app.db.base import Base, table
from app.models import (
    Customer,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    ProviderTaxRate,
    TaxRate,
)
from app.money import Money


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """What is sold; as `Product`."""

    id: int
    name: str
    description: str | None
    family: str
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class SoldPrice:
    """What it is sold at; as `Price`."""

    product: SoldProduct
    id: int
    price_id: str
    currency: str
    unit_amount: int
    interval: str | None
    tax_behavior: str
    trial_days: int
    max_quantity: int
    archived_at: datetime | None

    @property
    def amount(self) -> Money:
        """The price of one."""
        return Money(self.unit_amount, self.currency)

    @property
    def is_recurring(self) -> bool:
        """It is charged every month or year."""
        return self.interval is not None


@dataclass(frozen=True, slots=True)
class PayingAccount:
    """The provider account it is paid at; as `ProviderAccount`."""

    id: int
    uuid: UUID
    provider: str
    livemode: bool
    sealed_credentials: str


@dataclass(frozen=True, slots=True)
class AppliedRate:
    """A tax rate it may bear; as `TaxRate`."""

    id: int
    name: str
    country: str | None
    percentage: Decimal
    is_reverse_charge: bool
    archived_at: datetime | None


class Sold(NamedTuple):
    """The three together; None where there is none."""

    price: SoldPrice | None
    account: PayingAccount
    rate: AppliedRate | None


_KINDS: tuple[tuple[type[Base], type[Any]], ...] = (
    (Product, SoldProduct),
    (Price, SoldPrice),
    (ProviderAccount, PayingAccount),
    (TaxRate, AppliedRate),
)


def columns(model: type[Base], kind: type[Any]) -> list[ColumnElement[Any]]:
    """Answer the columns that a value of few columns takes of a row, named after both."""
    of = table(model).c
    return [
        of[f.name].label(f"{model.__tablename__}_{f.name}") for f in fields(kind) if f.name in of
    ]


_PARTS = [columns(model, kind) for model, kind in _KINDS]
# What a statement selects before anything else, so that `read` finds it there.
COLUMNS: tuple[ColumnElement[Any], ...] = tuple(chain.from_iterable(_PARTS))
_ENDS = list(accumulate(map(len, _PARTS), initial=0))
_PRODUCT, _PRICE, _ACCOUNT, _RATE = starmap(slice, pairwise(_ENDS))

_PRICES, _ACCOUNTS, _RATES = table(Price), table(ProviderAccount), table(TaxRate)
_CUSTOMERS, _KNOWN_PRICES = table(Customer), table(ProviderPrice)
_KNOWN_RATES = table(ProviderTaxRate)


def with_known(found: Select[Any]) -> Select[Any]:
    """Answer a statement over account, price and rate with what the provider calls them already,
    and the tenant `tenant_id`: `known_price_id`, `known_rate_id` and `customer_id`."""
    at_account = _ACCOUNTS.c.id
    customer = and_(
        _CUSTOMERS.c.provider_account_id == at_account,
        _CUSTOMERS.c.tenant_id == bindparam("tenant_id"),
    )
    price = and_(
        _KNOWN_PRICES.c.provider_account_id == at_account,
        _KNOWN_PRICES.c.price_id == _PRICES.c.id,
    )
    rate = and_(
        _KNOWN_RATES.c.provider_account_id == at_account,
        _KNOWN_RATES.c.tax_rate_id == _RATES.c.id,
        _KNOWN_RATES.c.is_inclusive == (_PRICES.c.tax_behavior == "inclusive"),
    )
    return (
        found.add_columns(
            _CUSTOMERS.c.provider_id.label("customer_id"),
            _KNOWN_PRICES.c.provider_id.label("known_price_id"),
            _KNOWN_RATES.c.provider_id.label("known_rate_id"),
        )
        .outerjoin(_CUSTOMERS, customer)
        .outerjoin(_KNOWN_PRICES, price)
        .outerjoin(_KNOWN_RATES, rate)
    )


def read(row: Row[Any]) -> Sold:
    """Answer what a row that begins with `COLUMNS` holds."""
    product, price, rate = row[_PRODUCT], row[_PRICE], row[_RATE]
    is_priced = product[0] is not None and price[0] is not None
    return Sold(
        price=SoldPrice(SoldProduct(*product), *price) if is_priced else None,
        account=PayingAccount(*row[_ACCOUNT]),
        rate=AppliedRate(*rate) if rate[0] is not None else None,
    )

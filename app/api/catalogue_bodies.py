"""What is said about products and tax rates."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from app.api.resources import Row, Shape


class ProductPrice(Row):
    """A price; `unitAmount` is in minor units."""

    app_uuid: UUID
    product_price_id: str
    product_uuid: UUID
    payment_provider_uuid: UUID | None
    currency: str
    unit_amount: int
    tax_behavior: Literal["exclusive", "inclusive"]
    recurring: bool
    recurring_interval: Literal["month", "year"] | None
    recurring_interval_count: int | None
    max_quantity: int


class ProductItem(Row):
    """A plan or a one-time thing, and its prices."""

    app_uuid: UUID
    product_id: str
    name: str
    description: str | None
    shippable: bool
    package_dimension_height: float | None
    package_dimension_width: float | None
    package_dimension_length: float | None
    package_dimension_weight: float | None
    url: str | None
    product_images: list[str]
    product_prices: list[ProductPrice]


class ProductList(Shape):
    """What the app sells now."""

    kind: Literal["products"]
    total_items: int
    items_length: int
    items: list[ProductItem]


class TaxCountry(Shape):
    """A country (ISO 3166-1)."""

    id: int | None
    uuid: UUID | None
    name: str
    alpha2: str
    alpha3: str


class TaxRateItem(Row):
    """A tax rate in percent; `inclusive` is null, since that belongs to each price here."""

    tax_rate_id: str
    app_uuid: UUID
    payment_provider_uuid: UUID | None
    country_uuid: UUID | None
    name: str
    percentage: float
    inclusive: bool | None
    state: str | None
    jurisdiction: str | None
    description: str | None
    is_reverse_charge: bool
    country: TaxCountry | None


class TaxRateList(Shape):
    """The rates the app uses now."""

    kind: Literal["taxRates"]
    total_items: int
    items_length: int
    items: list[TaxRateItem]

"""The catalogue: what an app sells and the tax rates it uses, for its server and its pages."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response

from app.api import calls, catalogue_operations, envelope, resources
from app.api.credentials import KeyHolder, TokenHolder
from app.api.dialects import Dialect
from app.billing.catalogue import catalogues
from app.billing.tax import countries
from app.models import App, Price, Product, ProviderAccount, TaxRate

_APP = "/api/v1/apps/<app_uuid>"

blueprint = Blueprint("catalogue_api", __name__)


@blueprint.get(f"{_APP}/products")
def products(app_uuid: str) -> Response:
    """List what the app sells."""
    app, page = who(app_uuid).app, resources.page()
    found, total = catalogues.products(calls.db(), app, page=page.page, limit=page.limit)
    return envelope.items("products", [write(app, each) for each in found], total=total)


@blueprint.get(f"{_APP}/tax-rates")
def tax_rates(app_uuid: str) -> Response:
    """List the tax rates of the app."""
    return _tax_rates(who(app_uuid).app, None)


@blueprint.get(f"{_APP}/payment-providers/<provider>/tax-rates")
def tax_rates_of_provider(app_uuid: str, provider: str) -> Response:
    """List the tax rates of the app, as one of its providers is given them."""
    app = resources.reader(app_uuid).app
    return _tax_rates(app, resources.account(app, provider))


def who(app_uuid: str) -> KeyHolder | TokenHolder:
    """Answer whose read key or bearer token this is."""
    return resources.reader_or_user(app_uuid)


def write(app: App, product: Product) -> dict[str, Any]:
    """Answer a product as one item."""
    return {
        **resources.row(product),
        "appUuid": str(app.uuid),
        "productId": product.slug,
        "name": product.name,
        "description": product.description,
        "shippable": False,
        "packageDimensionHeight": None,
        "packageDimensionWidth": None,
        "packageDimensionLength": None,
        "packageDimensionWeight": None,
        "url": None,
        "productImages": [],
        "productPrices": [_price(app, product, price) for price in product.prices],
    }


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return resources.refuse(error)


def _price(app: App, product: Product, price: Price) -> dict[str, Any]:
    return {
        **resources.row(price),
        "appUuid": str(app.uuid),
        "productPriceId": price.price_id,
        "productUuid": str(product.uuid),
        # A price belongs to no provider: each connected one that can sell it does.
        "paymentProviderUuid": None,
        "currency": price.currency,
        "unitAmount": price.unit_amount,
        "taxBehavior": price.tax_behavior,
        "recurring": price.is_recurring,
        "recurringInterval": price.interval,
        "recurringIntervalCount": 1 if price.is_recurring else None,
        "maxQuantity": price.max_quantity,
    }


def _tax_rates(app: App, account: ProviderAccount | None) -> Response:
    page = resources.page()
    found, total = catalogues.tax_rates(calls.db(), app, page=page.page, limit=page.limit)
    return envelope.items("taxRates", [_rate(app, rate, account) for rate in found], total=total)


def _rate(app: App, rate: TaxRate, account: ProviderAccount | None) -> dict[str, Any]:
    return {
        **resources.row(rate),
        "taxRateId": rate.tax_rate_id,
        "appUuid": str(app.uuid),
        "paymentProviderUuid": str(account.uuid) if account else None,
        "countryUuid": None,
        "name": rate.name,
        "percentage": float(rate.percentage),
        "inclusive": None,
        "state": None,
        "jurisdiction": None,
        "description": None,
        "isReverseCharge": rate.is_reverse_charge,
        "country": _country(rate.country),
    }


def _country(code: str | None) -> dict[str, Any] | None:
    if code is None:
        return None
    return {
        "id": None,
        "uuid": None,
        "name": countries.name(code, "en"),
        "alpha2": code,
        "alpha3": countries.alpha3(code),
    }


dialect = Dialect(
    name="catalogue",
    title="The catalogue: products with their prices, and tax rates",
    owns=re.compile(
        r"/api/v1/apps/[^/]+/(products|tax-rates|payment-providers/[^/]+/tax-rates)(/|$)"
    ),
    refuse=refuse,
    operations=catalogue_operations.OPERATIONS,
)

"""The operations of the catalogue, as /openapi.json tells of them."""

from __future__ import annotations

from app.api import resources
from app.api.catalogue_bodies import ProductList, TaxRateList
from app.api.dialects import Operation

_APP_UUID = "22222222-2222-4222-8222-222222222222"
_PRICE = {
    **resources.A_ROW,
    "appUuid": _APP_UUID,
    "productPriceId": "price_12345",
    "productUuid": resources.AN_UUID,
    "paymentProviderUuid": None,
    "currency": "EUR",
    "unitAmount": 999,
    "taxBehavior": "exclusive",
    "recurring": True,
    "recurringInterval": "month",
    "recurringIntervalCount": 1,
    "maxQuantity": 1000,
}
_PRODUCT = {
    **resources.A_ROW,
    "appUuid": _APP_UUID,
    "productId": "team",
    "name": "Team",
    "description": None,
    "shippable": False,
    "packageDimensionHeight": None,
    "packageDimensionWidth": None,
    "packageDimensionLength": None,
    "packageDimensionWeight": None,
    "url": None,
    "productImages": [],
    "productPrices": [_PRICE],
}
_RATE = {
    **resources.A_ROW,
    "taxRateId": "txr_12345",
    "appUuid": _APP_UUID,
    "paymentProviderUuid": None,
    "countryUuid": None,
    "name": "VAT",
    "percentage": 19,
    "inclusive": None,
    "state": None,
    "jurisdiction": None,
    "description": None,
    "isReverseCharge": False,
    "country": {"id": None, "uuid": None, "name": "Germany", "alpha2": "DE", "alpha3": "DEU"},
}
_RATES = resources.answers("A page of them.", TaxRateList, resources.listed("taxRates", _RATE))

OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/apps/{appUuid}/products",
        summary="List products with their prices",
        security=resources.BY_KEY + resources.BY_TOKEN,
        query=resources.Page,
        for_browsers=True,
        answers=resources.answers(
            "A page of them.", ProductList, resources.listed("products", _PRODUCT)
        ),
    ),
    Operation(
        method="GET",
        path="/api/v1/apps/{appUuid}/tax-rates",
        summary="List tax rates",
        security=resources.BY_KEY + resources.BY_TOKEN,
        query=resources.Page,
        for_browsers=True,
        answers=_RATES,
    ),
    Operation(
        method="GET",
        path="/api/v1/apps/{appUuid}/payment-providers/{paymentProvider}/tax-rates",
        summary="List tax rates at a provider",
        security=resources.BY_KEY,
        query=resources.Page,
        answers=_RATES,
    ),
)

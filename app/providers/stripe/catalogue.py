"""Keep products, prices and tax rates at Stripe in step with ours."""

from __future__ import annotations

from app.money import EXPONENTS
from app.providers import base
from app.providers.stripe import params, states, wire
from app.providers.stripe.client import Client, Json


def push(client: Client, price: base.CataloguePrice, *, key: str) -> base.CataloguePrice:
    """Make a price, and its product where none is named."""
    product_id = price.provider_product_id
    if product_id is None:
        product = params.product(price)
        product_id = str(client.post("products", params=product, key=f"{key}-product")["id"])
    made = client.post("prices", params=params.price(price, product_id), key=key)
    return states.price(made, product_name=price.product_name)


def fetch(client: Client) -> tuple[base.CataloguePrice, ...]:
    """Answer the prices we can sell: active, of one amount, once or by the month or year."""
    query = {"active": True, "expand": ("data.product",)}
    return tuple(
        states.price(found, product_name=found["product"]["name"])
        for found in client.each("prices", params=query)
        if _can_be_sold(found)
    )


def ensure_tax_rate(client: Client, request: base.TaxRateRequest, *, key: str) -> str:
    """Make a tax rate; Stripe lets none be removed, only put out of use."""
    return str(client.post("tax_rates", params=params.tax_rate(request), key=key)["id"])


def find_tax_rate(client: Client, uuid: str) -> str | None:
    """Look for a tax rate by our uuid."""
    for found in client.each("tax_rates"):
        if states.uuid(found) == uuid:
            return str(found["id"])
    return None


def _can_be_sold(found: Json) -> bool:
    product, recurring = found["product"], found.get("recurring")
    if not isinstance(product, dict) or not product.get("active"):
        return False
    if found["billing_scheme"] != "per_unit" or found.get("unit_amount") is None:
        return False
    if found.get("transform_quantity") or found["currency"].upper() not in EXPONENTS:
        return False
    return recurring is None or (
        recurring["interval_count"] == 1
        and recurring["interval"] in wire.INTERVALS
        and recurring["usage_type"] == "licensed"
    )

"""Keep products, prices and tax rates at Stripe in step with ours."""

from __future__ import annotations

from app.providers import base, errors
from app.providers.stripe import params, states
from app.providers.stripe.client import Client

# More prices than anybody chooses from; each page of a hundred is one call.
_MOST_LISTED = 2000


def push(client: Client, price: base.CataloguePrice, *, key: str) -> base.CataloguePrice:
    """Make a price, and its product where it is not there yet."""
    product_id = _product(client, price, key=key)
    made = client.post("prices", params=params.price(price, product_id), key=key)
    return states.price(made, product_name=price.product_name)


def describe(client: Client, product: base.CatalogueProduct, *, key: str) -> str:
    """Give a product its name, and its description where one is said."""
    product_id = product.provider_product_id or params.own_product_id(product.uuid)
    said = params.product_words(product)
    return str(client.post("products", product_id, params=said, key=key)["id"])


def find(client: Client, price: base.CataloguePrice) -> base.CataloguePrice | None:
    """Look for a price in use by our uuid. Stripe's search lags behind, a product's list does
    not."""
    product_id = params.product_id(price)
    if product_id is None:
        return None
    for found in client.each("prices", params={"product": product_id, "active": True}):
        if states.uuid(found) == price.uuid:
            return states.price(found, product_name=price.product_name)
    return None


def fetch(client: Client) -> tuple[base.ListedPrice, ...]:
    """Answer the active prices, each as we would sell it or with why we cannot. Those made for one
    checkout only are never active."""
    query = {"active": True, "expand": ("data.product",)}
    found = client.each("prices", params=query, most=_MOST_LISTED)
    return tuple(states.listed_price(price) for price in found)


def ensure_tax_rate(client: Client, request: base.TaxRateRequest, *, key: str) -> str:
    """Make a tax rate; Stripe lets none be removed, only put out of use."""
    return str(client.post("tax_rates", params=params.tax_rate(request), key=key)["id"])


def find_tax_rate(client: Client, uuid: str) -> str | None:
    """Look for a tax rate by our uuid."""
    for found in client.each("tax_rates"):
        if states.uuid(found) == uuid:
            return str(found["id"])
    return None


def _product(client: Client, price: base.CataloguePrice, *, key: str) -> str:
    product_id = params.product_id(price)
    if price.provider_product_id is not None:
        return price.provider_product_id
    if product_id is not None and _is_there(client, product_id):
        return product_id
    try:
        made = client.post("products", params=params.product(price), key=f"{key}-product")
    except errors.Refused:
        # Whoever pushed another price of this product at the same moment was first.
        if product_id is None or not _is_there(client, product_id):
            raise
        return product_id
    return str(made["id"])


def _is_there(client: Client, product_id: str) -> bool:
    try:
        client.get("products", product_id)
    except errors.Missing:
        return False
    return True

"""Write our requests as Stripe's parameters; the same value always gives the same ones."""

from __future__ import annotations

from typing import Any

from app.providers import base
from app.providers.stripe import collect, wire

Params = dict[str, Any]

# What we put into every object's metadata, so that it can be found again by our uuid.
UUID = "portico_uuid"

_TAX_NAME_LIMIT = 50
_DESCRIPTION_LIMIT = 500
_IMAGES_LIMIT = 8


def customer(request: base.CustomerRequest) -> Params:
    """Write who pays."""
    params: Params = {"name": request.name, "metadata": {UUID: request.uuid}}
    if request.email is not None:
        params["email"] = request.email
    if request.address is not None:
        params["address"] = address(request.address)
    return params


def address(value: base.Address) -> Params:
    """Write a postal address; what is not known is left out."""
    fields = {
        "line1": value.line1,
        "line2": value.line2,
        "postal_code": value.postal_code,
        "city": value.city,
        "state": value.region,
        "country": value.country,
    }
    return {name: text for name, text in fields.items() if text}


def tax_rate(request: base.TaxRateRequest) -> Params:
    """Write a tax rate."""
    params: Params = {
        "display_name": request.name[:_TAX_NAME_LIMIT],
        "percentage": format(request.percentage.normalize(), "f"),
        "inclusive": request.inclusive,
        "metadata": {UUID: request.uuid},
    }
    if request.country is not None:
        params["country"] = request.country
    return params


def checkout(request: base.CheckoutRequest) -> Params:
    """Write a Checkout Session; raises Unsupported for a way to pay its mode does not have."""
    params: Params = {
        "mode": request.mode,
        "client_reference_id": request.uuid,
        "metadata": {UUID: request.uuid},
        "locale": wire.locale(request.locale),
        **_page(request),
        **_payer(request),
        **_methods(request),
        **_ORDERS[request.mode](request),
        **collect.params(request),
    }
    if request.expires_at is not None:
        params["expires_at"] = wire.write_time(request.expires_at)
    return params


def item(line: base.Line, *, product: str | None = None) -> Params:
    """Write a line: by the price Stripe has, else inline; with `product` under a product it has."""
    params: Params = {"quantity": line.quantity}
    if line.provider_price_id is not None:
        params["price"] = line.provider_price_id
    else:
        params["price_data"] = _price_data(line, product)
    if line.provider_tax_rate_id is not None:
        params["tax_rates"] = [line.provider_tax_rate_id]
    return params


def charge(request: base.ChargeRequest) -> Params:
    """Write a charge of a saved method while the payer is away."""
    return {
        "amount": wire.amount(request.total),
        "currency": request.total.currency.lower(),
        "customer": request.customer_id,
        "payment_method": request.method_id,
        "description": request.description,
        "metadata": {UUID: request.uuid},
        "off_session": True,
        "confirm": True,
        # Nobody is there to follow a redirect.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }


def refund(request: base.RefundRequest) -> Params:
    """Write a refund; Stripe has no place for a description but the metadata."""
    return {
        "payment_intent": request.payment_id,
        "amount": wire.amount(request.amount),
        "metadata": {UUID: request.uuid, "description": request.description},
    }


def product(price: base.CataloguePrice) -> Params:
    """Write a product; one of ours has an id that follows from our uuid, so it is made once."""
    params: Params = {"name": price.product_name}
    if price.product_description:
        params["description"] = price.product_description
    if price.product_uuid is not None:
        params["id"] = product_id(price)
        params["metadata"] = {UUID: price.product_uuid}
    return params


def product_id(price: base.CataloguePrice) -> str | None:
    """Answer the id of a price's product at Stripe; None where only Stripe can name it."""
    if price.provider_product_id is not None or price.product_uuid is None:
        return price.provider_product_id
    return own_product_id(price.product_uuid)


def own_product_id(uuid: str) -> str:
    """Answer the id at Stripe of a product that we made there."""
    return f"prod_{uuid.replace('-', '')}"


def product_words(product: base.CatalogueProduct) -> Params:
    """Write what a product is called; an empty description takes one away."""
    described = {} if product.description is None else {"description": product.description}
    return {"name": product.name, **described}


def price(price: base.CataloguePrice, product_id: str) -> Params:
    """Write a price of a product."""
    params: Params = {
        "product": product_id,
        "currency": price.amount.currency.lower(),
        "unit_amount": wire.amount(price.amount),
        "tax_behavior": price.tax_behavior,
    }
    if price.interval is not None:
        params["recurring"] = {"interval": price.interval}
    if price.uuid is not None:
        params["metadata"] = {UUID: price.uuid}
    return params


def _page(request: base.CheckoutRequest) -> Params:
    if request.embedded:
        return {"ui_mode": "embedded_page", "return_url": request.return_url}
    return {
        "ui_mode": "hosted_page",
        "success_url": request.return_url,
        "cancel_url": request.left_url,
    }


def _payer(request: base.CheckoutRequest) -> Params:
    if request.customer_id is not None:
        return {"customer": request.customer_id}
    params: Params = {}
    if request.customer_email is not None:
        params["customer_email"] = request.customer_email
    if request.mode == "setup":
        # A method saved for nobody could never be charged.
        params["customer_creation"] = "always"
    return params


def _methods(request: base.CheckoutRequest) -> Params:
    if request.method is not None:
        return {"allowed_payment_method_types": [wire.method(request.method, request.mode)]}
    if request.mode == "setup":
        return {"currency": request.currency.lower()}
    return {}


def _payment(request: base.CheckoutRequest) -> Params:
    return _sale(request) | {
        "payment_intent_data": {
            "description": request.description,
            "metadata": {UUID: request.uuid},
        }
    }


def _subscription(request: base.CheckoutRequest) -> Params:
    data: Params = {
        "description": request.description[:_DESCRIPTION_LIMIT],
        "metadata": {UUID: request.uuid},
    }
    if request.trial_days:
        data["trial_period_days"] = request.trial_days
    return _sale(request) | {"subscription_data": data}


def _setup(request: base.CheckoutRequest) -> Params:
    return {
        "setup_intent_data": {
            "description": request.description,
            "metadata": {UUID: request.uuid},
        }
    }


_ORDERS = {"payment": _payment, "subscription": _subscription, "setup": _setup}


def _sale(request: base.CheckoutRequest) -> Params:
    # The payer accepted one total in one currency: nothing on the page may change it.
    return {
        "line_items": [item(line) for line in request.lines],
        "adaptive_pricing": {"enabled": False},
        "allow_promotion_codes": False,
    }


def _price_data(line: base.Line, product_id: str | None) -> Params:
    params: Params = {
        "currency": line.unit_amount.currency.lower(),
        "unit_amount": wire.amount(line.unit_amount),
        "tax_behavior": line.tax_behavior,
    }
    if product_id is not None:
        params["product"] = product_id
    else:
        params["product_data"] = _product_data(line)
    if line.interval is not None:
        params["recurring"] = {"interval": line.interval}
    return params


def _product_data(line: base.Line) -> Params:
    params: Params = {"name": line.name}
    if line.description:
        params["description"] = line.description
    if line.images:
        params["images"] = list(line.images[:_IMAGES_LIMIT])
    return params

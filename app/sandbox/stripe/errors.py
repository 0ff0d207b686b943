"""Word Stripe's refusals: its error object, its codes, its sentences."""

from typing import Any

from app.sandbox.gateway import Refusal
from app.sandbox.store import Json

NOUNS = {
    "checkout_sessions": "checkout.session",
    "customers": "customer",
    "events": "event",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "payment_intents": "payment_intent",
    "payment_methods": "PaymentMethod",
    "prices": "price",
    "products": "product",
    "refunds": "refund",
    "setup_intents": "setupintent",
    "subscriptions": "subscription",
    "subscription_items": "subscription_item",
    "tax_ids": "tax_id",
    "tax_rates": "Tax rate",
    "webhook_endpoints": "webhook endpoint",
    "charges": "charge",
}


def error(status: int, type: str, message: str, *, keep: bool = False, **fields: Any) -> Refusal:
    """Make a refusal with Stripe's error object; fields that are None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    if "code" in known:
        known["doc_url"] = "https://stripe.com/docs/error-codes/" + known["code"].replace("_", "-")
    body: Json = {"error": {**known, "message": message, "type": type}}
    # The SDK repeats every 5xx unless it is told not to.
    headers = {"Stripe-Should-Retry": "false"} if status == 501 else {}
    return Refusal(status, body, headers=headers, keep=keep)


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """400 for a request that is wrong."""
    return error(400, "invalid_request_error", message, param=param, code=code)


def missing(param: str) -> Refusal:
    """400 for a parameter that is not there."""
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def unknown(param: str) -> Refusal:
    """400 for a parameter Stripe does not have."""
    return invalid(f"Received unknown parameter: {param}", param, "parameter_unknown")


def not_done(what: str, param: str | None = None) -> Refusal:
    """501 for what Stripe does and this sandbox does not."""
    message = f"The sandbox does not do {what}."
    return error(501, "invalid_request_error", message, param=param)


def no_such(kind: str, id: str, param: str = "id") -> Refusal:
    """404 for the object a path names, 400 for one a parameter names."""
    status = 404 if param == "id" else 400
    message = f"No such {NOUNS[kind]}: '{id}'"
    return error(status, "invalid_request_error", message, param=param, code="resource_missing")

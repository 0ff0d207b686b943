"""Customers: who pays, how they are reached, which method is theirs by default."""

from app.sandbox.store import Json
from app.sandbox.stripe import errors, events, expand, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

KIND = "customers"
TEXTS = ("business_name", "description", "email", "individual_name", "name", "phone")
PLAIN = ("balance", "next_invoice_sequence", "preferred_locales")
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
NOT_DONE = ("cash_balance", "source", "test_clock", "default_source")

expand.fill("customer", "tax_ids", "tax_ids", "customer", "/v1/customers/{id}/tax_ids")
expand.fill("customer", "subscriptions", "subscriptions", "customer", "/v1/subscriptions")


def make(account: Account, params: Json) -> Json:
    """Store a customer and tell of it, also one a checkout makes."""
    customer = blank(
        "customer",
        id=account.mint("cus_", 14),
        address=None,
        created=account.timestamp(),
        currency=None,
        delinquent=False,
        discount=None,
        invoice_prefix=account.mint("", 8).upper(),
        name=None,
        next_invoice_sequence=1,
        phone=None,
        preferred_locales=[],
        tax_exempt="none",
        test_clock=None,
    )
    change(account, customer, params)
    account.save(KIND, customer)
    events.emit(account, "customer.created", customer)
    return customer


def present(account: Account, id: str, param: str = "customer") -> Json:
    """Load a customer that was not deleted; raises Refusal."""
    customer = objects.get(account, KIND, id, param)
    if customer.get("deleted"):
        raise errors.no_such(KIND, id, param)
    return customer


def address(given: Json | str | None) -> Json | None:
    """Fill an address up to Stripe's six fields."""
    return {name: given.get(name) or None for name in ADDRESS} if isinstance(given, dict) else None


def change(account: Account, customer: Json, params: Json) -> None:
    """Give a customer the fields of a call, without storing it; raises Refusal."""
    for name in NOT_DONE:
        if name in params:
            raise errors.not_done(f"{name} of customers", name)
    if len(params.get("email", "")) > 512 or ("email" in params and " " in params["email"]):
        message = f"Invalid email address: {params['email']}"
        raise errors.invalid(message, "email", "email_invalid")
    _set_plain(customer, params)
    customer["metadata"] = objects.merge_metadata(customer["metadata"], params.get("metadata"))
    if "invoice_settings" in params:
        _set_invoices(account, customer, params["invoice_settings"])


def _set_plain(customer: Json, params: Json) -> None:
    for name in TEXTS:
        if name in params:
            customer[name] = params[name] or None
    for name in PLAIN:
        customer[name] = params.get(name, customer.get(name))
    if "address" in params:
        customer["address"] = address(params["address"])
    if "shipping" in params:
        given = params["shipping"]
        customer["shipping"] = {**given, "address": address(given["address"])} if given else None
    if "tax_exempt" in params:
        customer["tax_exempt"] = params["tax_exempt"] or "none"
    if "invoice_prefix" in params:
        customer["invoice_prefix"] = params["invoice_prefix"]


def _set_invoices(account: Account, customer: Json, given: Json) -> None:
    settings = customer["invoice_settings"]
    if "default_payment_method" in given:
        method = given["default_payment_method"] or None
        param = "invoice_settings[default_payment_method]"
        if method:
            found = objects.get(account, "payment_methods", method, param)
            if found["customer"] != customer["id"]:
                message = (
                    "The customer does not have a payment method with the ID "
                    f"{method}. The payment method must be attached to the customer."
                )
                raise errors.invalid(message, param, "resource_missing")
        settings["default_payment_method"] = method
    for name in ("custom_fields", "footer", "rendering_options"):
        if name in given:
            settings[name] = given[name] or None

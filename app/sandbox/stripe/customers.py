"""Customers: who pays, how they are reached, which method is theirs by default."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, events, expand, lists, objects, search
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "customers"
TEXTS = ("business_name", "description", "email", "individual_name", "name", "phone")
PLAIN = ("balance", "next_invoice_sequence", "preferred_locales")
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
NOT_DONE = ("cash_balance", "source", "test_clock", "default_source")

expand.fill("customer", "tax_ids", "tax_ids", "customer", "/v1/customers/{id}/tax_ids")
expand.fill("customer", "subscriptions", "subscriptions", "customer", "/v1/subscriptions")


@routes.post("/v1/customers")
def create(account: Account, params: Json) -> Json:
    # Imported here because both of these point back at customers.
    from app.sandbox.stripe import payment_methods, tax_ids

    customer = make(account, params)
    for given in params.get("tax_id_data", []):
        tax_ids.make(account, customer["id"], given["type"], given["value"])
    if "payment_method" in params:
        payment_methods.attach_to(account, params["payment_method"], customer["id"])
    return customer


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
    _set(account, customer, params)
    account.save(KIND, customer)
    events.emit(account, "customer.created", customer)
    return customer


@routes.get("/v1/customers")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "email")
    return lists.page(
        account, KIND, params, "/v1/customers", lambda c: not c.get("deleted") and same(c)
    )


@routes.get("/v1/customers/search")
def find(account: Account, params: Json) -> Json:
    return search.search(account, KIND, params, ("email", "name", "phone"))


@routes.get("/v1/customers/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    customer = objects.get(account, KIND, id)
    return _deleted(id) if customer.get("deleted") else customer


@routes.post("/v1/customers/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    before = present(account, id, "id")
    after = present(account, id, "id")
    _set(account, after, params)
    return events.changed(account, KIND, before, after, "customer.updated")


@routes.delete("/v1/customers/<id>")
def delete(account: Account, params: Json, id: str) -> Json:
    # Imported here because subscriptions point back at customers.
    from app.sandbox.stripe import subscriptions

    customer = present(account, id, "id")
    for subscription in account.find("subscriptions", lambda s: s["customer"] == id):
        if subscription["status"] != "canceled":
            subscriptions.end(account, subscription, "cancellation_requested")
    account.save(KIND, {**customer, "deleted": True})
    events.emit(account, "customer.deleted", customer)
    return _deleted(id)


@routes.get("/v1/customers/<id>/payment_methods")
def list_payment_methods(account: Account, params: Json, id: str) -> Json:
    present(account, id, "id")
    same = lists.equal(params, "type", "allow_redisplay")
    url = f"/v1/customers/{id}/payment_methods"
    return lists.page(
        account, "payment_methods", params, url, lambda m: m["customer"] == id and same(m)
    )


@routes.get("/v1/customers/<customer>/payment_methods/<id>")
def retrieve_payment_method(account: Account, params: Json, customer: str, id: str) -> Json:
    present(account, customer, "id")
    method = objects.get(account, "payment_methods", id)
    if method["customer"] != customer:
        raise errors.no_such("payment_methods", id)
    return method


def present(account: Account, id: str, param: str = "customer") -> Json:
    """Load a customer that was not deleted; raises Refusal."""
    customer = objects.get(account, KIND, id, param)
    if customer.get("deleted"):
        raise errors.no_such(KIND, id, param)
    return customer


def address(given: Json | str | None) -> Json | None:
    """Fill an address up to Stripe's six fields."""
    return {name: given.get(name) or None for name in ADDRESS} if isinstance(given, dict) else None


def _set(account: Account, customer: Json, params: Json) -> None:
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


def _deleted(id: str) -> Json:
    return {"id": id, "object": "customer", "deleted": True}

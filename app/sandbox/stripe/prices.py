"""Prices: how much, how often, in which currency."""

from decimal import Decimal, InvalidOperation

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, events, lists, objects, products, search
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "prices"
LARGEST = 99_999_999
LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}
NOT_DONE = ("currency_options", "custom_unit_amount", "tiers", "tiers_mode", "transform_quantity")


@routes.post("/v1/prices")
def create(account: Account, params: Json) -> Json:
    for name in NOT_DONE:
        if name in params:
            raise errors.not_done(f"{name} in POST /v1/prices", name)
    price = make(account, params, "")
    events.emit(account, "price.created", price)
    return price


def make(account: Account, params: Json, prefix: str) -> Json:
    """Store a price, also one given inline (`prefix` is then where it stood)."""
    _free_lookup_key(account, params, prefix)
    product = _product(account, params, prefix)
    amount = _amount(params, prefix)
    recurring = _recurring(params.get("recurring"), prefix)
    price = blank(
        "price",
        id=account.mint("price_1"),
        active=params.get("active", not prefix),
        billing_scheme="per_unit",
        created=account.timestamp(),
        currency=_currency(params["currency"], prefix),
        lookup_key=params.get("lookup_key"),
        metadata=objects.merge_metadata(None, params.get("metadata")),
        nickname=params.get("nickname") or None,
        product=product,
        recurring=recurring,
        tax_behavior=params.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=int(amount) if amount == int(amount) else None,
        unit_amount_decimal=_plain(amount),
    )
    return account.save(KIND, price)


@routes.get("/v1/prices")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "active", "currency", "product", "type")
    keys, recurring = params.get("lookup_keys"), params.get("recurring", {})

    def matches(price: Json) -> bool:
        if keys and price["lookup_key"] not in keys:
            return False
        rhythm = price["recurring"] or {}
        return same(price) and all(rhythm.get(k) == v for k, v in recurring.items())

    return lists.page(account, KIND, params, "/v1/prices", matches)


@routes.get("/v1/prices/search")
def find(account: Account, params: Json) -> Json:
    fields = ("active", "currency", "lookup_key", "product", "type")
    return search.search(account, KIND, params, fields)


@routes.get("/v1/prices/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/prices/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    before = objects.get(account, KIND, id)
    price = objects.get(account, KIND, id)
    if "active" in params:
        price["active"] = params["active"]
    for name in ("nickname", "lookup_key"):
        if name in params:
            price[name] = params[name] or None
    if params.get("tax_behavior", price["tax_behavior"]) != price["tax_behavior"]:
        if price["tax_behavior"] != "unspecified":
            message = "The tax behavior of a price cannot be changed once it is set."
            raise errors.invalid(message, "tax_behavior")
        price["tax_behavior"] = params["tax_behavior"]
    price["metadata"] = objects.merge_metadata(price["metadata"], params.get("metadata"))
    return events.changed(account, KIND, before, price, "price.updated")


def plan_of(price: Json) -> Json:
    """Show a recurring price as the plan that subscription items still carry."""
    recurring = price["recurring"]
    return blank(
        "plan",
        id=price["id"],
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme="per_unit",
        created=price["created"],
        currency=price["currency"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        metadata=price["metadata"],
        nickname=price["nickname"],
        product=price["product"],
        usage_type=recurring["usage_type"],
    )


def at(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _product(account: Account, params: Json, prefix: str) -> str:
    if ("product" in params) == ("product_data" in params):
        if "product" in params:
            message = "You may only specify one of these parameters: product, product_data."
            raise errors.invalid(message, at(prefix, "product"))
        raise errors.missing(at(prefix, "product"))
    if "product_data" in params:
        data = params["product_data"]
        if not data.get("name"):
            raise errors.missing(at(prefix, "product_data") + "[name]")
        return str(products.make(account, data)["id"])
    product = objects.get(account, "products", params["product"], at(prefix, "product"))
    if not product["active"] and prefix:
        message = "The product is archived and cannot be used for new purchases."
        raise errors.invalid(message, at(prefix, "product"))
    return str(product["id"])


def _free_lookup_key(account: Account, params: Json, prefix: str) -> None:
    """Take a lookup key over from its present price when asked; raises Refusal when not."""
    key = params.get("lookup_key")
    for price in account.find(KIND, lambda p: bool(key) and p["lookup_key"] == key):
        if not params.get("transfer_lookup_key"):
            message = f"A price (`{price['id']}`) already uses that lookup key."
            raise errors.invalid(message, at(prefix, "lookup_key"))
        account.save(KIND, {**price, "lookup_key": None})


def _amount(params: Json, prefix: str) -> Decimal:
    if "unit_amount" in params and "unit_amount_decimal" in params:
        message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
        raise errors.invalid(message, at(prefix, "unit_amount"))
    if "unit_amount" not in params and "unit_amount_decimal" not in params:
        raise errors.missing(at(prefix, "unit_amount"))
    name = "unit_amount" if "unit_amount" in params else "unit_amount_decimal"
    try:
        amount = Decimal(str(params[name]))
    except InvalidOperation:
        raise errors.invalid(f"Invalid decimal: {params[name]}", at(prefix, name)) from None
    if not amount.is_finite() or amount < 0:
        message = "This value must be greater than or equal to 0."
        raise errors.invalid(message, at(prefix, name), "parameter_invalid_integer")
    if amount > LARGEST:
        message = f"Invalid integer: amounts must be no more than {LARGEST}."
        raise errors.invalid(message, at(prefix, name), "amount_too_large")
    return amount


def _recurring(given: Json | None, prefix: str) -> Json | None:
    if not given:
        return None
    count = given.get("interval_count", 1)
    if not 1 <= count <= LONGEST[given["interval"]]:
        param = at(prefix, "recurring") + "[interval_count]"
        raise errors.invalid("The interval must be at most three years.", param)
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": given.get("meter"),
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": given.get("usage_type", "licensed"),
    }


def _currency(code: str, prefix: str) -> str:
    if len(code) != 3 or not code.isalpha() or not code.isascii():
        raise errors.invalid(f"Invalid currency: {code}", at(prefix, "currency"))
    return code.lower()


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")

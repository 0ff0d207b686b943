"""Work out the items a subscription will have after a change."""

from app.sandbox.store import Json
from app.sandbox.stripe import errors, objects, prices, subscriptions, tax_rates
from app.sandbox.world import Account


def make(account: Account, subscription: Json, given: list[Json]) -> list[Json]:
    """Give the items as they will be; raises Refusal for what a subscription cannot hold."""
    items = {item["id"]: dict(item) for item in subscription["items"]["data"]}
    for number, wanted in enumerate(given):
        param = f"items[{number}]"
        if "id" in wanted and wanted["id"] not in items:
            raise errors.no_such("subscription_items", wanted["id"], f"{param}[id]")
        if wanted.get("deleted"):
            items.pop(wanted.get("id", ""), None)
            continue
        item = items.get(wanted.get("id", "")) or _added(account, subscription, wanted, param)
        items[item["id"]] = _altered(account, subscription, item, wanted, param)
    if not items:
        raise errors.invalid("A subscription must have at least one item.", "items")
    found = list(items.values())
    if len({rhythm(item) for item in found}) > 1:
        message = (
            "Currency and interval fields must match across all plans on this subscription. "
            "Found mismatch in interval field."
        )
        raise errors.invalid(message, "items")
    return found


def _added(account: Account, subscription: Json, wanted: Json, param: str) -> Json:
    if "price" not in wanted and "price_data" not in wanted:
        raise errors.missing(f"{param}[price]")
    price = _price(account, subscription, wanted, param)
    item = {"price": price, "quantity": wanted.get("quantity", 1), "tax_rates": []}
    start = subscriptions.period_start(subscription)
    until = subscriptions.period_end(subscription)
    return subscriptions.item_of(account, subscription["id"], item, start, until)


def _altered(account: Account, subscription: Json, item: Json, wanted: Json, param: str) -> Json:
    if "id" in wanted and ("price" in wanted or "price_data" in wanted):
        price = _price(account, subscription, wanted, param)
        item = {**item, "price": price, "plan": prices.plan_of(price)}
    if "quantity" in wanted:
        if wanted["quantity"] < 0:
            message = "This value must be greater than or equal to 0."
            raise errors.invalid(message, f"{param}[quantity]", "parameter_invalid_integer")
        item = {**item, "quantity": wanted["quantity"]}
    if "tax_rates" in wanted:
        ids = wanted["tax_rates"] or []
        rates = tax_rates.usable(account, ids, f"{param}[tax_rates]")
        item = {**item, "tax_rates": rates}
    metadata = objects.merge_metadata(item["metadata"], wanted.get("metadata"))
    return {**item, "metadata": metadata}


def _price(account: Account, subscription: Json, wanted: Json, param: str) -> Json:
    if "price" in wanted:
        price = objects.get(account, "prices", wanted["price"], f"{param}[price]")
        if not price["active"]:
            message = "The price specified is inactive. This field only accepts active prices."
            raise errors.invalid(message, f"{param}[price]")
    else:
        price = prices.make(account, wanted["price_data"], f"{param}[price_data]")
    if not price["recurring"]:
        message = (
            "The price specified is set to `type=one_time` but this field only accepts prices "
            "with `type=recurring`."
        )
        raise errors.invalid(message, f"{param}[price]")
    if price["currency"] != subscription["currency"]:
        message = (
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{subscription['currency']}`."
        )
        raise errors.invalid(message, f"{param}[price]")
    return price


def rhythm(item: Json) -> tuple[str, int]:
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]

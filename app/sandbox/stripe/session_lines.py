"""A checkout session's line items: found or made, checked against the mode, counted."""

from app.sandbox.store import Json
from app.sandbox.stripe import amounts, errors, invoice_lines, objects, prices, tax_rates
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

SMALLEST = 50
# Currencies whose smallest charge is not fifty of their minor units (Stripe: "Minimum amounts").
SMALLEST_OF = {"jpy": 50, "gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "czk": 1500}
LARGEST_QUANTITY = 999_999
LARGEST_TOTAL = 99_999_999


def make(account: Account, params: Json) -> list[Json]:
    """Make the session's items with price, quantity and rates; raises Refusal."""
    given = params["line_items"]
    if len(given) > 100:
        raise errors.invalid("You can have at most 100 line items.", "line_items")
    rows = [_row(account, item, f"line_items[{n}]") for n, item in enumerate(given)]
    _check_mode(params["mode"], rows)
    currencies = {row["price"]["currency"] for row in rows}
    if "currency" in params:
        currencies.add(params["currency"].lower())
    if len(currencies) > 1:
        message = "All prices on a Checkout Session must use the same currency."
        raise errors.invalid(message, "line_items")
    items = [_item(account, row) for row in rows]
    _check_total(params["mode"], items)
    return items


def total(items: list[Json], field: str) -> int:
    """Add up what the lines come to; `field` is the amount meant."""
    return int(sum(item[field] for item in items))


def recurring(items: list[Json]) -> list[Json]:
    """Answer the lines that renew."""
    return [item for item in items if item["price"]["recurring"]]


def one_time(items: list[Json]) -> list[Json]:
    """Answer the lines that are paid once."""
    return [item for item in items if not item["price"]["recurring"]]


def due_today(items: list[Json], trial: bool) -> list[Json]:
    """Give what is paid at once: in a trial only the one-time items."""
    return one_time(items) if trial else items


def _row(account: Account, given: Json, param: str) -> Json:
    if given.get("adjustable_quantity", {}).get("enabled"):
        raise errors.not_done("adjustable_quantity in POST /v1/checkout/sessions", param)
    quantity = given.get("quantity")
    if quantity is None:
        message = f"Quantity is required. Add `quantity` to `{param}`"
        raise errors.invalid(message, f"{param}[quantity]", "parameter_missing")
    if quantity < 1:
        message = "This value must be greater than or equal to 1."
        raise errors.invalid(message, f"{param}[quantity]", "parameter_invalid_integer")
    if quantity > LARGEST_QUANTITY:
        message = f"This value must be less than or equal to {LARGEST_QUANTITY}."
        raise errors.invalid(message, f"{param}[quantity]", "parameter_invalid_integer")
    rates = tax_rates.usable(account, given.get("tax_rates") or [], f"{param}[tax_rates]")
    if len({rate["inclusive"] for rate in rates}) > 1:
        message = "Tax rates on one line item must be all inclusive or all exclusive."
        raise errors.invalid(message, f"{param}[tax_rates]")
    return {
        "price": _price(account, given, param),
        "quantity": quantity,
        "tax_rates": rates,
        "metadata": given.get("metadata"),
    }


def _price(account: Account, given: Json, param: str) -> Json:
    if ("price" in given) == ("price_data" in given):
        if "price" in given:
            message = "You may only specify one of these parameters: price, price_data."
            raise errors.invalid(message, param)
        raise errors.missing(f"{param}[price]")
    if "price_data" in given:
        return prices.make(account, given["price_data"], f"{param}[price_data]")
    price = objects.get(account, "prices", given["price"], f"{param}[price]")
    if not price["active"]:
        message = (
            f"The price specified is inactive. This field only accepts active prices: {price['id']}"
        )
        raise errors.invalid(message, f"{param}[price]")
    return price


def _check_mode(mode: str, rows: list[Json]) -> None:
    repeating = [row["price"]["recurring"] for row in rows if row["price"]["recurring"]]
    if mode == "payment" and repeating:
        message = (
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices."
        )
        raise errors.invalid(message, "line_items")
    if mode == "subscription" and not repeating:
        message = (
            "You must provide at least one recurring price in `subscription` mode when using "
            "prices."
        )
        raise errors.invalid(message, "line_items")
    if len({(r["interval"], r["interval_count"]) for r in repeating}) > 1:
        message = "Checkout does not support multiple prices with different billing intervals."
        raise errors.invalid(message, "line_items")
    if len(repeating) > 20 or (mode == "subscription" and len(rows) - len(repeating) > 20):
        message = "You can have at most 20 recurring and 20 one-time line items."
        raise errors.invalid(message, "line_items")


def _item(account: Account, row: Json) -> Json:
    counted = amounts.line(row["price"], row["quantity"], row["tax_rates"])
    return blank(
        "item",
        id=account.mint("li_1"),
        amount_subtotal=counted.subtotal,
        amount_tax=counted.tax,
        amount_total=counted.total,
        currency=row["price"]["currency"],
        description=invoice_lines.product_name(account, row["price"]),
        metadata=objects.merge_metadata(None, row["metadata"]),
        price=row["price"],
        quantity=row["quantity"],
        _taxes=[
            {
                "amount": tax.amount,
                "rate": tax.rate,
                "taxability_reason": None,
                "taxable_amount": tax.taxable,
            }
            for tax in counted.taxes
        ],
        _tax_rates=row["tax_rates"],
    )


def _check_total(mode: str, items: list[Json]) -> None:
    currency, amount = items[0]["currency"], total(items, "amount_total")
    smallest = SMALLEST_OF.get(currency, SMALLEST)
    if amount > LARGEST_TOTAL:
        message = f"The total amount must be no more than {LARGEST_TOTAL} minor units."
        raise errors.invalid(message, "line_items", "amount_too_large")
    if mode == "payment" and 0 < amount < smallest:
        message = (
            f"The Checkout Session's total amount must be at least {smallest} minor units of "
            f"{currency}."
        )
        raise errors.invalid(message, code="amount_too_small")

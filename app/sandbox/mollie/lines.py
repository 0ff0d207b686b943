"""Order lines: what Mollie checks of them."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from app.sandbox.mollie import fields, money
from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json


def vat_rate(value: Any, field: str) -> str:
    """Check a percentage from 0 to 100, written as a string."""
    try:
        if not isinstance(value, str) or not 0 <= Decimal(value) <= 100:
            raise ValueError(value)
    except (InvalidOperation, ValueError):
        raise invalid(field, "The vatRate must be a percentage as a string") from None
    return value


FIELDS = {
    "description": fields.description,
    "quantity": fields.count,
    "quantityUnit": fields.text,
    "unitPrice": money.amount,
    "discountAmount": money.amount,
    "totalAmount": money.amount,
    "vatRate": vat_rate,
    "vatAmount": money.amount,
    "type": fields.one_of(
        *("physical", "digital", "shipping_fee", "discount", "store_credit", "gift_card"),
        *("surcharge", "tip"),
    ),
    "sku": fields.text,
    "imageUrl": fields.url,
    "productUrl": fields.url,
}
REQUIRED = ("description", "quantity", "unitPrice", "totalAmount")


def read(value: Any, field: str) -> list[Json]:
    """Check the lines; each must add up by itself, its tax to half a cent."""
    if not isinstance(value, list) or not all(isinstance(line, dict) for line in value):
        raise invalid(field, f"The {field} must be a list of objects")
    lines = [
        fields.read(line, FIELDS, required=REQUIRED, not_played=("recurring", "categories"))
        for line in value
    ]
    for line in lines:
        _check(line, field)
    return lines


def _check(line: Json, field: str) -> None:
    total = money.decimal(line["totalAmount"])
    discount = money.decimal(line["discountAmount"]) if "discountAmount" in line else Decimal(0)
    if money.decimal(line["unitPrice"]) * line["quantity"] - discount != total:
        raise invalid(field, "A totalAmount is not unitPrice times quantity less discount")
    if ("vatRate" in line) != ("vatAmount" in line):
        raise invalid(field, "A line has vatRate and vatAmount together or not at all")
    if "vatRate" in line and _vat(line, total) != money.decimal(line["vatAmount"]):
        raise invalid(field, "A vatAmount is not the part of totalAmount its vatRate says")


def _vat(line: Json, total: Decimal) -> Decimal:
    rate = Decimal(line["vatRate"])
    share = total * rate / (100 + rate)
    return share.quantize(money.decimal(line["vatAmount"]), rounding=ROUND_HALF_UP)

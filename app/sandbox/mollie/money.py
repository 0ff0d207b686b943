"""Amounts as Mollie takes them: strings with exactly the currency's decimals."""

import re
from decimal import Decimal
from typing import Any

from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json

CARD_CURRENCIES = frozenset(
    {
        *("AED", "AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "ISK"),
        *("JPY", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "USD", "ZAR"),
    }
)
PAYPAL_CURRENCIES = frozenset(
    {
        *("AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY"),
        *("MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
    }
)
CURRENCIES = CARD_CURRENCIES | PAYPAL_CURRENCIES
WHOLE_CURRENCIES = frozenset({"ISK", "JPY"})
WHOLE = re.compile(r"\d{1,9}", re.ASCII)
CENTS = re.compile(r"\d{1,9}\.\d{2}", re.ASCII)


def amount(value: Any, field: str) -> Json:
    """Check an amount; numbers, signs and wrong decimals are refused."""
    if not isinstance(value, dict) or set(value) != {"currency", "value"}:
        raise invalid(field, f"The {field} must be an object with a currency and a value")
    currency, text = value["currency"], value["value"]
    if currency not in CURRENCIES:
        raise invalid(f"{field}.currency", f"The {field} has a currency that is not supported")
    if not isinstance(text, str):
        raise invalid(f"{field}.value", f"The {field} must have its value as a string")
    pattern = WHOLE if currency in WHOLE_CURRENCIES else CENTS
    if not pattern.fullmatch(text):
        raise invalid(f"{field}.value", f"The {field} contains an invalid value")
    return {"currency": currency, "value": text}


def decimal(amount: Json) -> Decimal:
    """Read an amount in major units."""
    return Decimal(amount["value"])


def write(value: Decimal, currency: str) -> Json:
    """Make an amount with the currency's decimals."""
    places = 0 if currency in WHOLE_CURRENCIES else 2
    return {"currency": currency, "value": f"{value:.{places}f}"}

"""Typed numbers: an amount, a percentage or a count as a person writes it in their language."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import NumberFormatError, parse_decimal

from app import figures
from app.billing.errors import Invalid
from app.money import EXPONENTS, Money, exponent

# What a written number consists of; Babel itself would also read 1e9 and NaN.
_WRITTEN = re.compile(r"[0-9][0-9.,'’\u00a0\u202f ]{0,24}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_PERCENTAGE_DECIMALS = 4
_HUNDRED = Decimal(100)


def money(text: str | None, field: str, *, currency: str, language: str) -> Money:
    """Answer an amount above nothing; `language` such as `de` says what a comma means.

    Raises Invalid for what is no number, for more decimals than the currency has (ISO 4217), and,
    naming `currency`, for a currency that is none.
    """
    if currency not in EXPONENTS:
        raise Invalid("Choose a currency from the list.", field="currency")
    if not (text or "").strip():
        raise Invalid("Enter an amount.", field=field)
    amount = _decimal(text or "", language)
    if amount is None:
        raise Invalid(
            "Write the amount in figures only, such as %(example)s.",
            field=field,
            example=written(Money(123456, currency), language),
        )
    try:
        found = Money.from_decimal(amount, currency)
    except ValueError:
        raise _too_fine(currency, field) from None
    if found.minor < 1:
        raise Invalid("The amount must be more than nothing.", field=field)
    return found


def written(amount: Money, language: str) -> str:
    """Answer an amount as it is typed: 1,234.50 without its currency."""
    return figures.decimal(amount, language)


def percentage(text: str | None, field: str, *, language: str) -> Decimal:
    """Answer a percentage from 0 to 100 with up to four decimals."""
    if not (text or "").strip():
        raise Invalid("Enter a percentage.", field=field)
    share = _decimal((text or "").strip().removesuffix("%"), language)
    if share is None or share > _HUNDRED:
        raise Invalid(
            "Enter a percentage from 0 to 100, such as %(example)s.",
            field=field,
            example=figures.percentage("7.7", language),
        )
    if -int(share.normalize().as_tuple().exponent) > _PERCENTAGE_DECIMALS:
        raise Invalid("Use at most four decimals.", field=field)
    return share


def whole(text: str | None, field: str, *, least: int, most: int) -> int:
    """Answer a whole number from `least` to `most`."""
    digits = (text or "").strip()
    if not _WHOLE.fullmatch(digits) or not least <= int(digits) <= most:
        raise Invalid(
            "Enter a whole number from %(least)s to %(most)s.", field=field, least=least, most=most
        )
    return int(digits)


def _decimal(text: str, language: str) -> Decimal | None:
    if not _WRITTEN.fullmatch(text.strip()):
        return None
    try:
        # Strict: 12.50 in a language that groups by points is refused, not read as 1250.
        return parse_decimal(text.strip(), locale=language, strict=True)
    except NumberFormatError:
        return None


def _too_fine(currency: str, field: str) -> Invalid:
    decimals = exponent(currency)
    if not decimals:
        return Invalid("%(currency)s has no decimals.", field=field, currency=currency)
    return Invalid(
        "%(currency)s has %(decimals)s decimals, not more.",
        field=field,
        currency=currency,
        decimals=decimals,
    )

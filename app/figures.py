"""How money, numbers and dates are written in a language, such as `en` or `pt_BR`."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from babel import Locale, dates, numbers

from app.money import Money, exponent

# What Babel formats costs tens of microseconds, and pages show the same amounts again and again.
_KEPT = 4096
_CODE_BEFORE_FIGURE = re.compile(r"([A-Z]{2,3})(?=\d)")
# English pages are read in every country, and most put the day first.
_WORLDWIDE = {("en", "long"): "d MMMM y", ("en", "medium"): "d MMM y"}


def money(amount: Money, language: str) -> str:
    """€1,140.00"""
    return _money(amount.minor, amount.currency, language)


def price(amount: Money, language: str) -> str:
    """€90, and €15.83 where there are cents."""
    return _price(amount.minor, amount.currency, language)


@lru_cache(_KEPT)
def number(count: int | Decimal, language: str) -> str:
    """1,000"""
    return numbers.format_decimal(count, locale=language)


def decimal(amount: Money, language: str) -> str:
    """1,140.00, without the currency"""
    places = exponent(amount.currency)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return numbers.format_decimal(amount.decimal, format=pattern, locale=language)


def percentage(share: Decimal | str, language: str) -> str:
    """19 or 7.7, without the sign: languages put it differently."""
    return number(Decimal(share).normalize(), language)


def long_date(at: datetime, language: str) -> str:
    """20 November 2026"""
    return _date(at.date(), "long", language)


def short_date(at: datetime, language: str) -> str:
    """20 Nov 2026"""
    return _date(at.date(), "medium", language)


def clock_time(at: datetime, language: str) -> str:
    """14:02"""
    return _time(at.time().replace(second=0, microsecond=0), language)


def month(month_and_year: tuple[int, int]) -> str:
    """08/2029"""
    return "{:02d}/{}".format(*month_and_year)


@lru_cache(_KEPT)
def _money(minor: int, currency: str, language: str) -> str:
    amount = Money(minor, currency).decimal
    return _spaced(numbers.format_currency(amount, currency, locale=language))


@lru_cache(_KEPT)
def _price(minor: int, currency: str, language: str) -> str:
    amount = Money(minor, currency).decimal
    if amount != amount.to_integral_value():
        return _money(minor, currency, language)
    pattern = Locale.parse(language).currency_formats["standard"]
    whole = str(pattern.pattern).split(";")[0].replace("0.00", "0")
    return _spaced(
        numbers.format_currency(
            amount, currency, format=whole, locale=language, currency_digits=False
        )
    )


def _spaced(amount: str) -> str:
    """Part a currency's code from the figures, as Unicode's currency spacing asks (UTS 35)."""
    return _CODE_BEFORE_FIGURE.sub("\\1\N{NO-BREAK SPACE}", amount)


@lru_cache(_KEPT)
def _date(day: date, style: str, language: str) -> str:
    return dates.format_date(day, _WORLDWIDE.get((language, style), style), locale=language)


@lru_cache(_KEPT)
def _time(at: time, language: str) -> str:
    return dates.format_time(at, "HH:mm", locale=language)

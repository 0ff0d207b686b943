"""How money, dates, countries and sentences are printed: one place each."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, dates, numbers
from flask import Flask
from flask_babel import gettext

from app.billing import countries
from app.billing.text import Country, Percentage, Text
from app.money import Money
from app.web import languages

# What Babel formats costs tens of microseconds, and pages show the same amounts again and again.
_KEPT = 4096
_CODE_BEFORE_FIGURE = re.compile(r"([A-Z]{2,3})(?=\d)")
# English pages are read in every country, and most put the day first.
_WORLDWIDE = {("en", "long"): "d MMMM y", ("en", "medium"): "d MMM y"}


def install(flask_app: Flask) -> None:
    """Make every filter known to templates by its name."""
    flask_app.add_template_filter(money)
    flask_app.add_template_filter(price)
    flask_app.add_template_filter(number)
    flask_app.add_template_filter(percentage)
    flask_app.add_template_filter(long_date)
    flask_app.add_template_filter(short_date)
    flask_app.add_template_filter(clock_time)
    flask_app.add_template_filter(month)
    flask_app.add_template_filter(country)
    flask_app.add_template_filter(words)


def money(amount: Money) -> str:
    """€1,140.00"""
    return _money(amount.minor, amount.currency, languages.tag())


def price(amount: Money) -> str:
    """€90, and €15.83 where there are cents."""
    return _price(amount.minor, amount.currency, languages.tag())


def number(count: int) -> str:
    """1,000"""
    return _number(count, languages.tag())


def percentage(share: Decimal | str) -> str:
    """19 or 7.7, without the sign: languages put it differently."""
    return _number(Decimal(share).normalize(), languages.tag())


def long_date(at: datetime) -> str:
    """20 November 2026"""
    return _date(at.date(), "long", languages.tag())


def short_date(at: datetime) -> str:
    """20 Nov 2026"""
    return _date(at.date(), "medium", languages.tag())


def clock_time(at: datetime) -> str:
    """14:02"""
    return dates.format_time(at, "HH:mm", locale=languages.tag())


def month(month_and_year: tuple[int, int]) -> str:
    """08/2029"""
    return "{:02d}/{}".format(*month_and_year)


def country(code: str) -> str:
    """Netherlands"""
    return _countries(languages.tag()).get(code, code)


def words(text: Text) -> str:
    """Answer a sentence in the reader's language, its values formatted."""
    values = {name: _shown(value) for name, value in text.values.items()}
    return str(gettext(text.sentence)) % values


def _shown(value: object) -> str:
    if isinstance(value, Money):
        return money(value)
    if isinstance(value, Country):
        return country(value)
    if isinstance(value, Percentage):
        return percentage(value)
    if isinstance(value, datetime):
        return long_date(value)
    if isinstance(value, Text):
        return words(value)
    if isinstance(value, int):
        return number(value)
    return str(value)


@lru_cache(_KEPT)
def _money(minor: int, currency: str, locale: str) -> str:
    amount = Money(minor, currency).decimal
    return _spaced(numbers.format_currency(amount, currency, locale=locale))


@lru_cache(_KEPT)
def _price(minor: int, currency: str, locale: str) -> str:
    amount = Money(minor, currency).decimal
    if amount != amount.to_integral_value():
        return _money(minor, currency, locale)
    pattern = Locale.parse(locale).currency_formats["standard"]
    whole = str(pattern.pattern).split(";")[0].replace("0.00", "0")
    return _spaced(
        numbers.format_currency(
            amount, currency, format=whole, locale=locale, currency_digits=False
        )
    )


def _spaced(amount: str) -> str:
    """Part a currency's code from the figures, as Unicode's currency spacing asks (UTS 35)."""
    return _CODE_BEFORE_FIGURE.sub("\\1\N{NO-BREAK SPACE}", amount)


@lru_cache(_KEPT)
def _number(count: int | Decimal, locale: str) -> str:
    return numbers.format_decimal(count, locale=locale)


@lru_cache(_KEPT)
def _date(day: date, style: str, locale: str) -> str:
    return dates.format_date(day, _WORLDWIDE.get((locale, style), style), locale=locale)


@lru_cache(32)
def _countries(locale: str) -> dict[str, str]:
    return dict(countries.choices(locale))

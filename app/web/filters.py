"""How money, dates, countries and sentences are printed: one place each."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask import Flask
from flask_babel import gettext

from app import figures
from app.billing import wording
from app.billing.text import Text
from app.money import Money
from app.web import languages


def install(flask_app: Flask) -> None:
    """Make every filter known to templates by its name."""
    flask_app.add_template_filter(money)
    flask_app.add_template_filter(price)
    flask_app.add_template_filter(number)
    flask_app.add_template_filter(percentage)
    flask_app.add_template_filter(long_date)
    flask_app.add_template_filter(short_date)
    flask_app.add_template_filter(clock_time)
    flask_app.add_template_filter(figures.month)
    flask_app.add_template_filter(country)
    flask_app.add_template_filter(words)


def money(amount: Money) -> str:
    """€1,140.00"""
    return figures.money(amount, languages.tag())


def price(amount: Money) -> str:
    """€90, and €15.83 where there are cents."""
    return figures.price(amount, languages.tag())


def number(count: int) -> str:
    """1,000"""
    return figures.number(count, languages.tag())


def percentage(share: Decimal | str) -> str:
    """19 or 7.7, without the sign: languages put it differently."""
    return figures.percentage(share, languages.tag())


def long_date(at: datetime) -> str:
    """20 November 2026"""
    return figures.long_date(at, languages.tag())


def short_date(at: datetime) -> str:
    """20 Nov 2026"""
    return figures.short_date(at, languages.tag())


def clock_time(at: datetime) -> str:
    """14:02"""
    return figures.clock_time(at, languages.tag())


def country(code: str) -> str:
    """Netherlands"""
    return wording.country(code, languages.tag())


def words(text: Text) -> str:
    """Answer a sentence in the reader's language, its values formatted."""
    return wording.put(text, languages.tag(), _translate)


def _translate(sentence: str) -> str:
    return str(gettext(sentence))

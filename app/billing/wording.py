"""Sentences in a reader's language, with the values in them written as that language does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from app import figures
from app.billing.tax import countries
from app.billing.text import Country, Percentage, TaxName, Text
from app.money import Money

# Answers a sentence in the reader's language, or as it is where it has not been translated.
Translate = Callable[[str], str]


def put(text: Text, language: str, translate: Translate) -> str:
    """Answer a text in a language."""
    values = {name: show(value, language, translate) for name, value in text.values.items()}
    return translate(text.sentence) % values


def show(value: object, language: str, translate: Translate) -> str:
    """Answer one value as a reader is shown it."""
    if isinstance(value, Money):
        return figures.money(value, language)
    if isinstance(value, Country):
        return country(value, language)
    if isinstance(value, Percentage):
        return figures.percentage(value, language)
    if isinstance(value, TaxName):
        return tax(value, translate)
    if isinstance(value, datetime):
        return figures.long_date(value, language)
    if isinstance(value, Text):
        return put(value, language, translate)
    if isinstance(value, int):
        return figures.number(value, language)
    return str(value)


def tax(name: str, translate: Translate) -> str:
    """VAT, or what a seller calls it otherwise"""
    return translate("VAT") if name == "VAT" else name


def country(code: str, language: str) -> str:
    """Netherlands"""
    return _countries(language).get(code, code)


@lru_cache(32)
def _countries(language: str) -> dict[str, str]:
    return dict(countries.choices(language))

"""Figures are written as a language writes them, exactly, and without a request."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app import figures
from app.money import Money

AT = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "language", "shown", "short"),
    [
        (Money(114000, "EUR"), "en", "€1,140.00", "€1,140"),
        (Money(114000, "EUR"), "de", "1.140,00\xa0€", "1.140\xa0€"),
        (Money(1583, "EUR"), "fr", "15,83\xa0€", "15,83\xa0€"),
        (Money(500, "JPY"), "ja", "￥500", "￥500"),
        (Money(1234, "BHD"), "en", "BHD\xa01.234", "BHD\xa01.234"),
    ],
)
def test_money_is_exact(amount: Money, language: str, shown: str, short: str) -> None:
    assert figures.money(amount, language) == shown
    assert figures.price(amount, language) == short


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [
        ("en", "20 November 2026", "20 Nov 2026"),
        ("en_US", "November 20, 2026", "Nov 20, 2026"),
        ("de", "20. November 2026", "20.11.2026"),
    ],
)
def test_dates_are_those_of_the_language(language: str, long: str, short: str) -> None:
    assert figures.long_date(AT, language) == long
    assert figures.short_date(AT, language) == short
    assert figures.clock_time(AT, language) == "14:02"


def test_numbers_are_those_of_the_language() -> None:
    assert figures.number(12345, "de") == "12.345"
    assert figures.percentage(Decimal("7.700"), "de") == "7,7"
    assert figures.month((8, 2029)) == "08/2029"

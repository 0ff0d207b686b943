"""How money, dates, countries and sentences are printed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask

from app.billing.text import Country, Percentage, Text
from app.money import Money
from app.web import filters

AT = datetime(2026, 11, 20, 14, 2, 11, tzinfo=UTC)


@pytest.fixture
def english(flask_app: Flask) -> Iterator[None]:
    with flask_app.test_request_context(headers={"Accept-Language": "en-US"}):
        yield


@pytest.mark.usefixtures("english")
class TestFilters:
    @pytest.mark.parametrize(
        ("amount", "shown"),
        [
            (Money(114000, "EUR"), "€1,140.00"),
            (Money(-500, "USD"), "-$5.00"),
            (Money(500, "JPY"), "¥500"),
            (Money(1234, "BHD"), "BHD\xa01.234"),
        ],
    )
    def test_print_money_exactly(self, amount: Money, shown: str) -> None:
        assert filters.money(amount) == shown

    @pytest.mark.parametrize(
        ("amount", "shown"), [(Money(9000, "EUR"), "€90"), (Money(1583, "EUR"), "€15.83")]
    )
    def test_leave_out_cents_that_are_none(self, amount: Money, shown: str) -> None:
        assert filters.price(amount) == shown

    def test_print_dates_with_the_month_in_words(self) -> None:
        assert filters.long_date(AT) == "20 November 2026"
        assert filters.short_date(AT) == "20 Nov 2026"
        assert filters.clock_time(AT) == "14:02"

    @pytest.mark.parametrize(
        ("share", "shown"), [(Decimal("19.0000"), "19"), ("7.7", "7.7"), (Decimal("0"), "0")]
    )
    def test_print_percentages_without_needless_zeros(
        self, share: Decimal | str, shown: str
    ) -> None:
        assert filters.percentage(share) == shown

    def test_print_a_sentence_with_its_values(self) -> None:
        sentence = Text(
            "%(country)s: %(rate)s %% of %(amount)s on %(day)s for %(count)s, %(inner)s",
            {
                "country": Country("NL"),
                "rate": Percentage("21"),
                "amount": Money(100000, "EUR"),
                "day": AT,
                "count": 1200,
                "inner": Text("at %(who)s", {"who": "Stripe"}),
            },
        )

        shown = filters.words(sentence)

        assert shown == ("Netherlands: 21 % of €1,000.00 on 20 November 2026 for 1,200, at Stripe")

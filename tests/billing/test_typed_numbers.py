"""Numbers as people write them: an amount in each currency, a percentage, a count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import typed_numbers
from app.billing.errors import Invalid
from app.money import EXPONENTS, Money


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "currency", "language", "minor"),
        [
            ("19", "EUR", "en", 1900),
            ("19.5", "EUR", "en", 1950),
            (" 1,234.50 ", "USD", "en", 123450),
            ("1.234,50", "EUR", "de", 123450),
            ("0,05", "EUR", "de", 5),
            ("1\u202f234,50", "EUR", "fr", 123450),
            ("1200", "JPY", "en", 1200),
            ("1,200", "JPY", "en", 1200),
            ("1.234", "BHD", "en", 1234),
            ("1,234", "BHD", "de", 1234),
        ],
    )
    def test_is_read_as_the_language_and_the_currency_say(
        self, text: str, currency: str, language: str, minor: int
    ) -> None:
        found = typed_numbers.money(text, "amount", currency=currency, language=language)

        assert found == Money(minor, currency)

    @pytest.mark.parametrize(
        ("text", "currency", "language", "sentence"),
        [
            ("", "EUR", "en", "Enter an amount."),
            (None, "EUR", "en", "Enter an amount."),
            ("nineteen", "EUR", "en", "such as 1,234.56"),
            ("€19", "EUR", "en", "such as 1,234.56"),
            ("12.50", "EUR", "de", "such as 1.234,56"),
            ("1,50", "EUR", "en", "such as 1,234.56"),
            ("NaN", "EUR", "en", "figures only"),
            ("1e9", "EUR", "en", "figures only"),
            ("-5", "EUR", "en", "figures only"),
            ("١٢", "EUR", "en", "figures only"),
            ("1\x00", "EUR", "en", "figures only"),
            ("9" * 40, "EUR", "en", "figures only"),
            ("0", "EUR", "en", "more than nothing"),
            ("0.005", "EUR", "en", "EUR has 2 decimals"),
            ("12.5", "JPY", "en", "JPY has no decimals"),
            ("1.2345", "BHD", "en", "BHD has 3 decimals"),
        ],
    )
    def test_is_refused_with_what_to_write(
        self, text: str, currency: str, language: str, sentence: str
    ) -> None:
        with pytest.raises(Invalid, match=sentence) as refused:
            typed_numbers.money(text, "amount", currency=currency, language=language)

        assert refused.value.field == "amount"

    def test_names_the_currency_where_that_is_none(self) -> None:
        with pytest.raises(Invalid) as refused:
            typed_numbers.money("1", "amount", currency="XXX", language="en")

        assert refused.value.field == "currency"

    @given(
        st.integers(1, 10**9),
        st.sampled_from(sorted(EXPONENTS)),
        st.sampled_from(["en", "de", "fr", "nl", "pt_BR", "de_CH"]),
    )
    def test_is_read_as_it_was_written_in_every_currency(
        self, minor: int, currency: str, language: str
    ) -> None:
        amount = Money(minor, currency)
        written = typed_numbers.written(amount, language)

        found = typed_numbers.money(written, "amount", currency=currency, language=language)

        assert found == amount


class TestPercentage:
    @pytest.mark.parametrize(
        ("text", "language", "share"),
        [("19", "en", "19"), ("7,7", "de", "7.7"), ("8.1250 %", "en", "8.125"), ("0", "en", "0")],
    )
    def test_is_read(self, text: str, language: str, share: str) -> None:
        found = typed_numbers.percentage(text, "percentage", language=language)

        assert str(found.normalize()) == share

    @pytest.mark.parametrize("text", ["", "100.1", "abc", "-1", "7.12345", "Infinity"])
    def test_is_refused(self, text: str) -> None:
        with pytest.raises(Invalid) as refused:
            typed_numbers.percentage(text, "percentage", language="en")

        assert refused.value.field == "percentage"


class TestWhole:
    @pytest.mark.parametrize("text", ["", "1.5", "0", "11", "-1", "1" * 30, "²"])
    def test_stays_within_its_bounds(self, text: str) -> None:
        with pytest.raises(Invalid, match="from 1 to 10"):
            typed_numbers.whole(text, "seats", least=1, most=10)

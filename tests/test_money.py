"""Money: exact, in one currency, with as many decimals as ISO 4217 gives it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from app import money
from app.money import EXPONENTS, CurrencyMismatch, CurrencyUnknown, Money

MINOR = st.integers(-(10**15), 10**15)
CURRENCIES = st.sampled_from(sorted(EXPONENTS))
AMOUNTS = st.builds(Money, MINOR, CURRENCIES)


class TestMoney:
    @pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "DEM"])
    def test_refuses_a_currency_that_is_none(self, code: str) -> None:
        with pytest.raises(CurrencyUnknown):
            Money(1, code)

    @given(amount=AMOUNTS)
    def test_survives_being_written_in_major_units(self, amount: Money) -> None:
        assert Money.from_decimal(amount.decimal, amount.currency) == amount

    @given(amount=AMOUNTS)
    def test_shows_exactly_the_currencys_decimals(self, amount: Money) -> None:
        assert -int(amount.decimal.as_tuple().exponent) == EXPONENTS[amount.currency]

    @pytest.mark.parametrize(
        ("amount", "currency"), [("0.5", "JPY"), ("1.001", "EUR"), ("1.0001", "BHD")]
    )
    def test_refuses_a_fraction_the_currency_cannot_hold(self, amount: str, currency: str) -> None:
        with pytest.raises(ValueError, match="more decimals"):
            Money.from_decimal(Decimal(amount), currency)

    @given(left=MINOR, right=MINOR, currency=CURRENCIES)
    def test_adds_and_subtracts_exactly(self, left: int, right: int, currency: str) -> None:
        total = Money(left, currency) + Money(right, currency)

        assert total == Money(left + right, currency)
        assert total - Money(right, currency) == Money(left, currency)
        assert total * 3 == Money(3 * (left + right), currency)
        assert -total == Money(-left - right, currency)

    def test_compares_amounts_of_one_currency(self) -> None:
        assert Money(1, "EUR") < Money(2, "EUR")
        assert Money(2, "EUR") <= Money(2, "EUR")
        assert Money(0, "EUR") != Money(0, "USD")

    def test_never_mixes_currencies(self) -> None:
        with pytest.raises(CurrencyMismatch):
            Money(1, "EUR") + Money(1, "USD")
        with pytest.raises(CurrencyMismatch):
            assert Money(1, "EUR") < Money(1, "USD")

    def test_is_false_only_when_nothing(self) -> None:
        assert not money.zero("EUR")
        assert Money(-1, "EUR")


class TestPortion:
    @pytest.mark.parametrize(
        ("minor", "percentage", "expected"),
        [(10, "5", 1), (10, "4.9", 0), (-10, "5", -1), (100, "19", 19), (333, "33.3333", 111)],
    )
    def test_rounds_halves_away_from_zero(self, minor: int, percentage: str, expected: int) -> None:
        assert Money(minor, "EUR").portion(Decimal(percentage)) == Money(expected, "EUR")


class TestExponents:
    def test_agree_with_babel_except_where_small_change_is_out_of_use(self) -> None:
        # CLDR rounds these to whole units because nobody pays less; ISO 4217 still divides them.
        unused = "AFN ALL IQD IRR KPW LAK LBP MGA MMK RSD SOS SYP YER"

        other = {code for code in EXPONENTS if get_currency_precision(code) != EXPONENTS[code]}

        assert other == set(unused.split())

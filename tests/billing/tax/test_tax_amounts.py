"""What a tax comes to."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.billing.tax import tax_amounts
from app.money import EXPONENTS, Money

CURRENCIES = st.sampled_from(sorted(EXPONENTS))
PERCENTAGES = st.decimals(min_value=0, max_value=100, places=4)
BEHAVIORS: st.SearchStrategy[tax_amounts.Behavior] = st.sampled_from(["exclusive", "inclusive"])
ROUNDINGS = st.sampled_from(["line", "document"])


@st.composite
def documents(draw: st.DrawFn) -> list[tuple[Money, int, tax_amounts.Behavior]]:
    currency = draw(CURRENCIES)
    line = st.tuples(
        st.integers(1, 10**8).map(lambda minor: Money(minor, currency)),
        st.integers(1, 10_000),
        BEHAVIORS,
    )
    return draw(st.lists(line, min_size=1, max_size=6))


class TestApply:
    def test_adds_tax_to_an_exclusive_price(self) -> None:
        amounts = tax_amounts.apply([(Money(1900, "EUR"), 6, "exclusive")], Decimal(19), "line")

        assert (amounts.net.minor, amounts.tax.minor, amounts.total.minor) == (11400, 2166, 13566)

    def test_finds_the_tax_in_an_inclusive_price(self) -> None:
        amounts = tax_amounts.apply([(Money(11900, "EUR"), 1, "inclusive")], Decimal(19), "line")

        assert (amounts.net.minor, amounts.tax.minor, amounts.total.minor) == (10000, 1900, 11900)

    def test_rounds_halves_up(self) -> None:
        amounts = tax_amounts.apply([(Money(50, "JPY"), 1, "exclusive")], Decimal(5), "line")

        assert amounts.tax.minor == 3

    def test_rounds_each_line_or_the_document_once(self) -> None:
        lines: list[tuple[Money, int, tax_amounts.Behavior]] = [
            (Money(10, "EUR"), 1, "exclusive")
        ] * 3

        by_line = tax_amounts.apply(lines, Decimal(5), "line")
        by_document = tax_amounts.apply(lines, Decimal(5), "document")

        assert by_line.tax.minor == 3
        assert by_document.tax.minor == 2
        assert [line.tax.minor for line in by_document.lines] == [1, 0, 1]

    @given(lines=documents(), percentage=PERCENTAGES, rounding=ROUNDINGS)
    def test_adds_up(
        self,
        lines: list[tuple[Money, int, tax_amounts.Behavior]],
        percentage: Decimal,
        rounding: tax_amounts.Rounding,
    ) -> None:
        amounts = tax_amounts.apply(lines, percentage, rounding)

        assert amounts.net + amounts.tax == amounts.total
        assert len(amounts.lines) == len(lines)
        assert sum(line.tax.minor for line in amounts.lines) == amounts.tax.minor
        assert sum(line.total.minor for line in amounts.lines) == amounts.total.minor
        for line, (unit, quantity, behavior) in zip(amounts.lines, lines, strict=True):
            assert line.net + line.tax == line.total
            assert (line.net if behavior == "exclusive" else line.total) == unit * quantity
            assert line.tax.minor >= 0

    @given(lines=documents(), percentage=PERCENTAGES)
    def test_differs_between_roundings_by_half_a_unit_a_line_at_most(
        self, lines: list[tuple[Money, int, tax_amounts.Behavior]], percentage: Decimal
    ) -> None:
        by_line = tax_amounts.apply(lines, percentage, "line")
        by_document = tax_amounts.apply(lines, percentage, "document")

        # One half for each line, and one for each of the two behaviors of the document.
        assert abs(by_line.tax.minor - by_document.tax.minor) <= (len(lines) + 2) / 2

    @given(minor=st.integers(1, 10**10), percentage=PERCENTAGES, quantity=st.integers(1, 10_000))
    def test_finds_in_a_gross_price_the_tax_that_made_it(
        self, minor: int, percentage: Decimal, quantity: int
    ) -> None:
        made = tax_amounts.apply([(Money(minor, "EUR"), quantity, "exclusive")], percentage, "line")

        found = tax_amounts.apply([(made.total, 1, "inclusive")], percentage, "line")

        assert found.total == made.total
        assert abs(found.tax.minor - made.tax.minor) <= 1

    @given(minor=st.integers(1, 10**10), percentage=PERCENTAGES)
    def test_is_exact_to_half_a_unit(self, minor: int, percentage: Decimal) -> None:
        amounts = tax_amounts.apply([(Money(minor, "EUR"), 1, "exclusive")], percentage, "document")

        assert abs(amounts.tax.minor - minor * percentage / 100) <= Decimal("0.5")

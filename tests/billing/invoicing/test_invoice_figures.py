"""Invoice figures: whatever is charged and given back, everything adds up to the minor unit."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.billing.invoicing import invoice_figures
from app.billing.invoicing.invoice_figures import Basis
from app.billing.tax import tax_amounts
from app.money import Money
from app.providers.base import Line

percentages = st.decimals(0, 100, places=2)
minors = st.integers(1, 99_999_999)
lines = st.lists(
    st.tuples(
        st.integers(0, 500_000), st.integers(1, 1000), st.sampled_from(["exclusive", "inclusive"])
    ),
    min_size=1,
    max_size=8,
)


def basis_of(sold: list[tuple[int, int, str]], percentage: Decimal, rounding: str) -> Basis:
    """Answer what a provider that rounds so asks for these lines."""
    made = [
        Line(f"Thing {place}", Money(unit, "EUR"), quantity, tax_behavior=behavior)  # type: ignore[arg-type]
        for place, (unit, quantity, behavior) in enumerate(sold)
    ]
    priced = [(line.unit_amount, line.quantity, line.tax_behavior) for line in made]
    amounts = tax_amounts.apply(priced, percentage, rounding)  # type: ignore[arg-type]
    return Basis(amounts.net.minor, amounts.tax.minor, amounts.total.minor, percentage, made)


class TestACharge:
    @given(lines, percentages, st.sampled_from(["line", "document"]))
    def test_that_was_agreed_has_the_agreed_figures(
        self, sold: list[tuple[int, int, str]], percentage: Decimal, rounding: str
    ) -> None:
        basis = basis_of(sold, percentage, rounding)

        found = invoice_figures.of_charge(Money(basis.total, "EUR"), [basis])

        assert (found.net, found.tax, found.total) == (basis.net, basis.tax, basis.total)
        assert found.net + found.tax == found.total
        assert sum(line["net"] for line in found.lines) == found.net
        assert len(found.lines) == len(sold)

    @given(minors, percentages)
    def test_of_another_amount_is_parted_by_the_rate(
        self, charged: int, percentage: Decimal
    ) -> None:
        basis = basis_of([(1900, 2, "exclusive")], percentage, "line")

        found = invoice_figures.of_charge(Money(charged, "EUR"), [basis])

        assert found.total == charged == found.net + found.tax
        assert sum(line["net"] for line in found.lines) == found.net
        exact = charged * percentage / (100 + percentage)
        assert abs(found.tax - exact) <= Decimal("0.5") or charged == basis.total

    def test_after_a_change_is_told_by_the_price_it_was_for(self) -> None:
        new = basis_of([(3900, 1, "exclusive")], Decimal(19), "line")
        old = basis_of([(1900, 1, "exclusive")], Decimal(19), "line")

        found = invoice_figures.of_charge(Money(2261, "EUR"), [new, old])

        assert (found.net, found.tax) == (1900, 361)
        assert found.lines[0]["unit"] == 1900

    def test_follows_a_caller_s_own_figures(self) -> None:
        line = Line("Thing", Money(1000, "EUR"), 1)
        basis = Basis(1001, 190, 1191, Decimal(19), (line,))

        found = invoice_figures.of_charge(Money(1191, "EUR"), [basis])

        assert (found.net, found.tax, found.lines[0]["net"]) == (1001, 190, 1001)


class TestRefunds:
    @given(minors, percentages, st.lists(st.integers(1, 99_999_999), max_size=12))
    def test_that_come_to_the_whole_come_to_its_tax(
        self, total: int, percentage: Decimal, wanted: list[int]
    ) -> None:
        tax = tax_amounts.apply(
            [(Money(total, "EUR"), 1, "inclusive")], percentage, "line"
        ).tax.minor
        given_back: list[tuple[int, int]] = []
        credited = 0
        for part in [*wanted, total]:
            amount = min(part, total - credited)
            if amount:
                given_back.append(
                    invoice_figures.of_refund(
                        amount,
                        tax=tax,
                        total=total,
                        credited=credited,
                        credited_tax=sum(each for _, each in given_back),
                    )
                )
                assert sum(given_back[-1]) == amount
                credited += amount

        assert sum(net for net, _ in given_back) == total - tax
        assert sum(each for _, each in given_back) == tax
        assert all(net >= 0 and each >= 0 for net, each in given_back)

    def test_of_half_gives_half_the_tax_back(self) -> None:
        given_back = invoice_figures.of_refund(
            2261, tax=722, total=4522, credited=0, credited_tax=0
        )

        assert given_back == (1900, 361)

"""Count lines: amounts, taxes per line rounded half up, totals; all in minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.sandbox.store import Json


@dataclass(frozen=True)
class Tax:
    """One rate's tax on one line."""

    rate: Json
    amount: int
    taxable: int


@dataclass(frozen=True)
class Counted:
    """A line's amount before exclusive taxes, its taxes, and what it comes to."""

    subtotal: int
    taxes: tuple[Tax, ...]

    @property
    def inclusive_tax(self) -> int:
        """The tax the amount holds."""
        return sum(tax.amount for tax in self.taxes if tax.rate["inclusive"])

    @property
    def exclusive_tax(self) -> int:
        """The tax put on top of it."""
        return sum(tax.amount for tax in self.taxes if not tax.rate["inclusive"])

    @property
    def tax(self) -> int:
        """All of its tax."""
        return self.inclusive_tax + self.exclusive_tax

    @property
    def total(self) -> int:
        """What is paid, tax included."""
        return self.subtotal + self.exclusive_tax

    @property
    def net(self) -> int:
        """What is left without any tax."""
        return self.subtotal - self.inclusive_tax


def half_up(amount: Decimal) -> int:
    """Round to whole minor units, halves up."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def unit(price: Json) -> Decimal:
    """Answer a price's amount, exactly, in minor units."""
    return Decimal(price["unit_amount_decimal"])


def line(price: Json, quantity: int, rates: Sequence[Json]) -> Counted:
    """Count a whole period's line."""
    return taxed(half_up(unit(price) * quantity), rates)


def taxed(subtotal: int, rates: Sequence[Json]) -> Counted:
    """Tax an amount: inclusive rates are taken out of it, exclusive ones put on top of the rest."""
    inside = [rate for rate in rates if rate["inclusive"]]
    outside = [rate for rate in rates if not rate["inclusive"]]
    share = 1 + sum((_part(rate) for rate in inside), Decimal(0))
    exact_net = Decimal(subtotal) / share
    taxes = [(rate, half_up(exact_net * _part(rate))) for rate in inside]
    net = subtotal - sum(amount for _, amount in taxes)
    taxes += [(rate, half_up(Decimal(net) * _part(rate))) for rate in outside]
    return Counted(subtotal, tuple(Tax(rate, amount, net) for rate, amount in taxes))


def _part(rate: Json) -> Decimal:
    return Decimal(str(rate["percentage"])) / 100


# Stripe: "Zero-decimal currencies" and "Three-decimal currencies"; UGX is sent in hundredths.
NO_DIGITS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THREE_DIGITS = "bhd jod kwd omr tnd"


def shown(amount: int, currency: str) -> str:
    """Write an amount for a page: "12.00 EUR"."""
    digits = 0 if currency in NO_DIGITS else 3 if currency in THREE_DIGITS else 2
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency.upper()}"

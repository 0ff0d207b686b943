"""What a tax comes to: net, tax and total of lines, exact to the minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.money import Money, round_half_up, zero

Behavior = Literal["exclusive", "inclusive"]
Rounding = Literal["line", "document"]


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """What one line comes to; net and tax add up to total."""

    net: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a whole document comes to; its lines add up to it."""

    net: Money
    tax: Money
    total: Money
    lines: tuple[LineAmounts, ...]


def apply(
    lines: Sequence[tuple[Money, int, Behavior]], percentage: Decimal, rounding: Rounding
) -> Amounts:
    """Answer what lines of (unit price, quantity, behavior) come to; at least one line.

    An exclusive price is net, an inclusive one holds the tax. Halves are rounded up: each line by
    itself, or the document once, its tax then spread over the lines so that they add up to it.
    """
    currency = lines[0][0].currency
    worked: list[LineAmounts] = []
    exact: dict[Behavior, Decimal] = {"exclusive": Decimal(0), "inclusive": Decimal(0)}
    for unit, quantity, behavior in lines:
        amount = unit * quantity
        before = exact[behavior] if rounding == "document" else Decimal(0)
        exact[behavior] = before + _exact_tax(amount, percentage, behavior)
        tax = Money(round_half_up(exact[behavior]) - round_half_up(before), currency)
        net = amount - tax if behavior == "inclusive" else amount
        worked.append(LineAmounts(net, tax, net + tax))
    return Amounts(
        net=sum((line.net for line in worked), zero(currency)),
        tax=sum((line.tax for line in worked), zero(currency)),
        total=sum((line.total for line in worked), zero(currency)),
        lines=tuple(worked),
    )


def _exact_tax(amount: Money, percentage: Decimal, behavior: Behavior) -> Decimal:
    base = 100 + percentage if behavior == "inclusive" else Decimal(100)
    return amount.minor * percentage / base

"""Invoice figures: how what was charged parts into net and tax, to the minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.billing.tax import tax_amounts
from app.billing.tax.tax_amounts import Behavior, Rounding
from app.money import Money, round_half_up
from app.providers.base import Line


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts in minor units, `net` and `tax` adding up to `total`; `lines` as an invoice keeps
    them, their net adding up to `net`. `price_row` is the price that was charged, if it was one."""

    net: int
    tax: int
    total: int
    lines: list[dict[str, Any]]
    price_row: int | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What was agreed for one charge, in minor units."""

    net: int
    tax: int
    total: int
    percentage: Decimal
    lines: Sequence[Line]
    price_row: int | None = None


def of_charge(charged: Money, bases: Sequence[Basis]) -> Figures:
    """Answer the figures of a charge by the first basis that comes to it, at least one.

    Where none does, the provider has charged another amount than any that was agreed: it is parted
    by the first one's percentage, since what was charged is what counts.
    """
    for basis in bases:
        if basis.total == charged.minor:
            lines = _lines(basis)
            return Figures(basis.net, basis.tax, basis.total, lines, basis.price_row)
    return _parted(charged, bases[0])


def of_refund(
    amount: int, *, tax: int, total: int, credited: int, credited_tax: int
) -> tuple[int, int]:
    """Answer (net, tax) of `amount` given back of an invoice of `total` with `tax`, of which
    `credited` was given back before with `credited_tax`.

    In proportion, rounded half up over all that was given back so far, so that refunds that come to
    the whole invoice come to its whole tax.
    """
    given = round_half_up(Decimal(tax) * (credited + amount) / total) - credited_tax
    return amount - given, given


def line(
    name: str,
    net: int,
    *,
    quantity: int = 1,
    interval: str | None = None,
    unit: int | None = None,
    behavior: Behavior = "exclusive",
) -> dict[str, Any]:
    """Answer a line as invoices keep it; `unit` None where the charge follows from no price."""
    return {
        "name": name,
        "interval": interval,
        "quantity": quantity,
        "unit": unit,
        "tax_behavior": behavior,
        "net": net,
    }


def _parted(charged: Money, basis: Basis) -> Figures:
    amounts = tax_amounts.apply([(charged, 1, "inclusive")], basis.percentage, "line")
    name = ", ".join(dict.fromkeys(sold.name for sold in basis.lines))
    net, tax = amounts.net.minor, amounts.tax.minor
    return Figures(net, tax, charged.minor, [line(name, net)], basis.price_row)


def _lines(basis: Basis) -> list[dict[str, Any]]:
    return [
        line(
            sold.name,
            net,
            quantity=sold.quantity,
            interval=sold.interval,
            unit=sold.unit_amount.minor,
            behavior=sold.tax_behavior,
        )
        for sold, net in zip(basis.lines, _nets(basis), strict=True)
    ]


def _nets(basis: Basis) -> list[int]:
    by_line = _worked(basis, "line")
    if sum(by_line) == basis.net:
        return by_line
    # A caller's own figures need not follow from its lines: the last one takes the difference.
    nets = _worked(basis, "document")
    return [*nets[:-1], nets[-1] + basis.net - sum(nets)]


def _worked(basis: Basis, rounding: Rounding) -> list[int]:
    priced = [(sold.unit_amount, sold.quantity, sold.tax_behavior) for sold in basis.lines]
    amounts = tax_amounts.apply(priced, basis.percentage, rounding)
    return [each.net.minor for each in amounts.lines]

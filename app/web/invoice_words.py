"""The words of invoices, on their pages and on paper."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from flask import Flask
from flask_babel import gettext, lazy_gettext

from app.billing import wording
from app.billing.methods import method_names
from app.models import Invoice
from app.money import Money
from app.web import filters, languages, statuses

# An invoice's status in words, and how the tag looks.
_STATUSES = {
    "draft": (lazy_gettext("Draft"), "plain"),
    "open": (lazy_gettext("To be paid"), "warn"),
    "paid": (lazy_gettext("Paid"), "good"),
    "uncollectible": (lazy_gettext("Not paid"), "bad"),
    "void": (lazy_gettext("Canceled"), "plain"),
    **statuses.REVERSALS,
    "credit_note": (lazy_gettext("Given back"), "plain"),
}


def install(flask_app: Flask) -> None:
    """Make the words known to templates."""
    for word in (
        amount,
        contents,
        heading,
        line_name,
        line_net,
        period,
        settled,
        status,
        tax_label,
    ):
        flask_app.add_template_filter(word, f"invoice_{word.__name__}")


def heading(invoice: Invoice) -> str:
    """Invoice INV-000042, Credit note INV-000043"""
    number = invoice.shown_number
    if invoice.kind == "credit_note":
        return str(gettext("Credit note %(number)s", number=number))
    return str(gettext("Invoice %(number)s", number=number))


def status(invoice: Invoice) -> tuple[str, str]:
    """Answer words and look of an invoice's status."""
    return standing("credit_note" if invoice.kind == "credit_note" else invoice.standing)


def standing(name: str) -> tuple[str, str]:
    """Answer words and look of an invoice's standing by its name, or of a `credit_note`."""
    return _standing(name, languages.tag())


@cache
def _standing(name: str, _language: str) -> tuple[str, str]:
    # A list says each word many times; looked up once for each language.
    word, look = _STATUSES[name]
    return str(word), look


def amount(invoice: Invoice) -> str:
    """€45.22, and -€45.22 where it was given back"""
    total = invoice.amount
    return filters.money(-total if invoice.kind == "credit_note" else total)


def contents(invoice: Invoice) -> str:
    """Team, monthly; Onboarding"""
    return "; ".join(line_name(line) for line in invoice.lines)


def tax_label(invoice: Invoice) -> str:
    """Answer what the tax is called: VAT 19 %"""
    called = ((invoice.tax_sentence or {}).get("values") or {}).get("tax") or "VAT"
    name = wording.tax(called, lambda _: str(gettext("VAT")))
    share = filters.percentage(invoice.tax_percentage or Decimal(0))
    return str(gettext("%(tax)s %(percentage)s %%", tax=name, percentage=share))


def period(invoice: Invoice) -> str:
    """20 November 2026 to 20 December 2026"""
    assert invoice.period_start is not None and invoice.period_end is not None
    start, end = filters.long_date(invoice.period_start), filters.long_date(invoice.period_end)
    return str(gettext("%(start)s to %(end)s", start=start, end=end))


def line_name(line: dict[str, Any]) -> str:
    """Team, yearly"""
    if line.get("interval") == "year":
        return str(gettext("%(name)s, yearly", name=line["name"]))
    if line.get("interval") == "month":
        return str(gettext("%(name)s, monthly", name=line["name"]))
    return str(line["name"])


def line_net(line: dict[str, Any], currency: str) -> str:
    """€38.00"""
    return filters.money(Money(line["net"], currency))


def settled(invoice: Invoice) -> str:
    """Paid on 20 November 2026 with Visa ending 4242."""
    date = filters.long_date(invoice.paid_at or invoice.issued_at)
    means = _means(invoice)
    if invoice.kind == "credit_note":
        return str(
            gettext("Given back on %(date)s to %(means)s.", date=date, means=means)
            if means
            else gettext("Given back on %(date)s.", date=date)
        )
    return str(
        gettext("Paid on %(date)s with %(means)s.", date=date, means=means)
        if means
        else gettext("Paid on %(date)s.", date=date)
    )


def _means(invoice: Invoice) -> str | None:
    if not invoice.paid_with:
        return None
    return filters.words(method_names.paid_with(**invoice.paid_with))

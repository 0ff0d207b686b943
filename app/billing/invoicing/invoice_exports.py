"""Invoice exports: a tenant's invoices as a table for its bookkeeping."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from app.billing.tax import taxes
from app.models import Invoice
from app.money import Money

COLUMNS = (
    "number",
    "kind",
    "status",
    "issued_on",
    "paid_on",
    "period_start",
    "period_end",
    "description",
    "currency",
    "net",
    "tax",
    "total",
    "tax_percentage",
    "tax_rule",
    "corrects",
    "seller",
    "seller_vat_number",
    "buyer",
    "buyer_vat_number",
    "provider",
    "id",
)
# A spreadsheet takes a text that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def table(invoices: Sequence[Invoice]) -> str:
    """Answer the invoices as CSV (RFC 4180): a header, then one line each.

    Days are ISO 8601 in UTC, amounts decimal with a point; what a credit note gives back is
    negative, so that columns add up. It begins with a byte order mark: without one spreadsheets
    read names in a wrong alphabet.
    """
    text = io.StringIO()
    text.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    sheet.writerows(_cells(invoice) for invoice in invoices)
    return text.getvalue()


def guarded(text: str) -> str:
    """Answer a text as a spreadsheet shows it and never computes it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(invoice: Invoice) -> Iterator[str]:
    sign = -1 if invoice.kind == "credit_note" else 1
    amounts = (
        str(Money(sign * minor, invoice.currency).decimal)
        for minor in (invoice.net, invoice.tax, invoice.total)
    )
    percentage = invoice.tax_percentage
    yield guarded(invoice.shown_number)
    yield invoice.kind
    yield invoice.standing
    yield _day(invoice.issued_at)
    yield _day(invoice.paid_at)
    yield _day(invoice.period_start)
    yield _day(invoice.period_end)
    yield guarded(", ".join(line["name"] for line in invoice.lines))
    yield invoice.currency
    yield from amounts
    yield taxes.plain(percentage) if percentage is not None else ""
    yield invoice.tax_rule or ""
    yield guarded(invoice.corrects.shown_number) if invoice.corrects else ""
    for party in (invoice.seller, invoice.buyer):
        yield guarded(party.get("name") or "")
        yield guarded(party.get("vat_number") or "")
    yield invoice.provider_account.provider
    yield str(invoice.uuid)


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""

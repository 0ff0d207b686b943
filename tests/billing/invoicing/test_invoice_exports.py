"""Invoice exports: a table a spreadsheet reads right and never computes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.billing.invoicing import invoice_exports
from app.models import Invoice, ProviderAccount

AT = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)


def an_invoice(**changes: object) -> Invoice:
    values: dict[str, object] = {
        "kind": "invoice",
        "number": 42,
        "document_number": "INV-000042",
        "status": "paid",
        "currency": "EUR",
        "net": 3800,
        "tax": 722,
        "total": 4522,
        "tax_rule": "domestic",
        "tax_percentage": Decimal("19.0000"),
        "lines": [{"name": "Team"}],
        "seller": {"name": "Acme Notes GmbH", "vat_number": "DE987654328"},
        "buyer": {"name": "Globex GmbH", "vat_number": None},
        "issued_at": AT,
        "paid_at": AT,
        "provider_account": ProviderAccount(provider="mollie"),
    }
    return Invoice(**(values | changes))


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_has_days_and_decimal_amounts() -> None:
    (row,) = read(invoice_exports.table([an_invoice()]))

    assert row["issued_on"] == "2026-11-20"
    assert (row["net"], row["tax"], row["total"]) == ("38.00", "7.22", "45.22")
    assert (row["tax_percentage"], row["period_start"]) == ("19", "")
    assert tuple(row) == invoice_exports.COLUMNS


def test_takes_credit_notes_off_so_that_columns_add_up() -> None:
    note = an_invoice(kind="credit_note", corrects=an_invoice())

    rows = read(invoice_exports.table([an_invoice(), note]))

    assert sum(Decimal(row["total"]) for row in rows) == 0
    assert rows[1]["corrects"] == "INV-000042"


@pytest.mark.parametrize(
    ("currency", "total"), [("JPY", "4522"), ("BHD", "4.522"), ("USD", "45.22")]
)
def test_writes_each_currency_with_its_decimals(currency: str, total: str) -> None:
    (row,) = read(invoice_exports.table([an_invoice(currency=currency)]))

    assert row["total"] == total


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_lets_no_text_become_a_formula(name: str) -> None:
    invoice = an_invoice(buyer={"name": name, "vat_number": name}, lines=[{"name": name}])

    (row,) = read(invoice_exports.table([invoice]))

    assert row["buyer"] == row["buyer_vat_number"] == row["description"] == f"'{name}"

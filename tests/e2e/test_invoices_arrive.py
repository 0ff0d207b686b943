"""Every payment brings its invoice: on the list, as PDF, and in the table for the bookkeeping."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.e2e.actors import Payer

Moves = Callable[[str], None]


def numbers(payer: Payer) -> list[str]:
    """Answer the numbers on the list, from top to bottom."""
    links = payer.page.locator("[data-testid^=invoice-pdf-]")
    ids = links.evaluate_all("(found) => found.map((link) => link.dataset.testid)")
    return [each.removeprefix("invoice-pdf-") for each in ids]


def fetches(payer: Payer, address: str) -> bytes:
    """Answer what is at an address, as this person's browser keeps it."""
    answer = payer.context.request.get(address)
    assert answer.ok
    return answer.body()


class TestInvoicesArrive:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_for_every_period(self, tara: Payer, time_passes: Moves, method: str) -> None:
        tara.orders("team", "month", method=method, seats=2)
        tara.pays()
        tara.sees_checkout("active")
        for _ in range(3):
            time_passes("1 month")

        tara.goes_to("invoices")
        expect(tara.page.locator("[data-testid^=invoice-pdf-]")).to_have_count(4)
        shown = numbers(tara)
        assert shown == sorted(shown, reverse=True) and len(set(shown)) == 4
        link = tara.at(f"invoice-pdf-{shown[0]}").get_attribute("href") or ""
        pdf = fetches(tara, link)
        text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
        assert shown[0] in text and "45.22" in text

        table = fetches(tara, tara.at("invoices-csv").get_attribute("href") or "")
        rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))
        assert [row["number"] for row in rows] == shown
        assert {row["total"] for row in rows} == {"45.22"}

    def test_as_a_file_that_opens(self, tara: Payer) -> None:
        tara.orders("onboarding", None, method="mollie-card")
        tara.pays()
        tara.sees_checkout("active")
        tara.page.get_by_role("link", name="TEST-ACME-000001").click()
        tara.sees_heading("Invoice TEST-ACME-000001")

        # A Chromium without windows has no viewer: it keeps the file under the name it was given.
        with tara.page.expect_download() as arriving:
            tara.at("invoice-pdf-TEST-ACME-000001").click()

        assert arriving.value.suggested_filename == "TEST-ACME-000001.pdf"
        document = PdfReader(arriving.value.path(), strict=True)
        assert document.metadata is not None
        assert document.metadata.title == "Invoice TEST-ACME-000001 from Acme Notes GmbH"
        assert "583.10" in document.pages[0].extract_text()

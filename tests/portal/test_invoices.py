"""Invoices: the list, each one, and what is kept of them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from pypdf import PdfReader

from app.models import Invoice, Payment
from tests.cast import World
from tests.pages import Visitor

FIRST = datetime(2025, 12, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/invoices"


def add(world: World, number: int, /, **changes: Any) -> Invoice:
    """Write an invoice of ours for Globex; each is issued a day after the one before."""
    at = FIRST + timedelta(days=number - 1)
    values: dict[str, Any] = {
        "app": world.app,
        "tenant": world.globex,
        "provider_account_id": world.account("mollie").id,
        "livemode": False,
        "number": number,
        "document_number": f"TEST-ACME-{number:06d}",
        "status": "paid",
        "listed_as": "paid",
        "currency": "EUR",
        "net": 3800,
        "tax": 722,
        "total": 4522,
        "tax_percentage": 19,
        "lines": [
            {
                "name": "Team",
                "interval": "month",
                "quantity": 2,
                "unit": 1900,
                "tax_behavior": "exclusive",
                "net": 3800,
            }
        ],
        "seller": {"name": "Acme Notes GmbH"},
        "buyer": {"name": "=Globex GmbH"},
        "issued_at": at,
        "paid_at": at,
    }
    invoice = Invoice(**(values | changes))
    world.db.add(invoice)
    world.db.commit()
    return invoice


def add_stripes(world: World, **changes: Any) -> Invoice:
    """Write an invoice as Stripe issued it."""
    theirs: dict[str, Any] = {
        "provider_account_id": world.account("stripe").id,
        "number": None,
        "document_number": None,
        "provider_id": "in_1",
        "provider_number": "ABCD-0001",
        "hosted_url": "https://invoice.stripe.example/i/1",
        "pdf_url": "https://invoice.stripe.example/i/1/pdf",
    }
    return add(world, 1, **(theirs | changes))


def paid_by(world: World, **changes: Any) -> Payment:
    """Write a payment of Globex's at Mollie."""
    values: dict[str, Any] = {
        "app_id": world.app.id,
        "tenant_id": world.globex.id,
        "provider_account_id": world.account("mollie").id,
        "provider_id": "tr_1",
        "livemode": False,
        "status": "paid",
        "amount": 4522,
        "currency": "EUR",
        "attempted_at": FIRST,
    }
    payment = Payment(**(values | changes))
    world.db.add(payment)
    world.db.commit()
    return payment


def tags(page: Any) -> list[str]:
    """Answer the states a page shows."""
    found = [each for each in page.all("span") if "tag" in (each.get("class") or "").split()]
    return [" ".join("".join(each.itertext()).split()) for each in found]


def numbers(page: Any) -> list[str]:
    """Answer the numbers on a list, from top to bottom."""
    found = (a.get("data-testid") or "" for a in page.all("a"))
    return [word.removeprefix("invoice-pdf-") for word in found if word.startswith("invoice-pdf-")]


class TestList:
    def test_says_that_there_is_none(self, tara: Visitor, path: str) -> None:
        page = tara.opens(path)

        assert "There are none yet." in page.words()
        assert not page.has("invoices-csv")

    def test_shows_what_each_was_for(self, tara: Visitor, world: World, path: str) -> None:
        add(world, 1)
        note = {"kind": "credit_note", "total": 100, "net": 84, "tax": 16}
        add(world, 2, **note)

        page = tara.opens(path)

        assert numbers(page) == ["TEST-ACME-000002", "TEST-ACME-000001"]
        assert "31 Dec 2025 TEST-ACME-000001 Team, monthly Paid" in page.words()
        assert "Given back" in page.words() and "-€1.00" in page.words()

    def test_leads_to_the_provider_s_own_pdf(self, tara: Visitor, world: World, path: str) -> None:
        stripes = add_stripes(world)

        link = tara.opens(path).at("invoice-pdf-ABCD-0001")

        assert link.get("href") == stripes.pdf_url

    def test_can_be_narrowed(self, tara: Visitor, world: World, path: str) -> None:
        add(world, 1)
        add(world, 2)
        add(world, 3, kind="credit_note")

        assert numbers(tara.opens(f"{path}?year=2026")) == ["TEST-ACME-000003", "TEST-ACME-000002"]
        assert numbers(tara.opens(f"{path}?kind=invoice&year=2026")) == ["TEST-ACME-000002"]
        assert numbers(tara.opens(f"{path}?kind=credit_note")) == ["TEST-ACME-000003"]
        nothing = tara.opens(f"{path}?kind=credit_note&year=2025")
        assert "There are none of this kind in this time." in nothing.words()

    @pytest.mark.parametrize("query", ["year=soon", "year=0", "year=99999", "kind=all", "after=x"])
    def test_shows_all_for_what_it_does_not_understand(
        self, tara: Visitor, world: World, path: str, query: str
    ) -> None:
        add(world, 1)

        assert len(numbers(tara.opens(f"{path}?{query}"))) == 1

    def test_goes_on_page_by_page(self, tara: Visitor, world: World, path: str) -> None:
        # Several of one moment: none is shown twice, none left out.
        for number in range(1, 31):
            add(world, number, issued_at=FIRST)

        first = tara.opens(f"{path}?kind=invoice")
        (older,) = [a for a in first.all("a") if (a.text or "") == "Older invoices"]
        second = tara.opens(older.get("href") or "")

        shown = numbers(first) + numbers(second)
        assert shown == [f"TEST-ACME-{number:06d}" for number in range(30, 0, -1)]
        assert len(numbers(first)) == 25
        assert "Older invoices" not in second.words()

    def test_hides_drafts_and_the_other_mode(self, tara: Visitor, world: World, path: str) -> None:
        add_stripes(world, status="draft")
        add(world, 2, livemode=True)

        assert "There are none yet." in tara.opens(path).words()

    def test_is_for_members_too_and_for_no_stranger(
        self, milo: Visitor, peter: Visitor, nobody: Visitor, world: World, path: str
    ) -> None:
        add(world, 1)

        assert len(numbers(milo.opens(path))) == 1
        assert peter.opens(path).status == 404
        assert nobody.opens(path).status == 303


class TestMoneyThatWentBack:
    """An invoice whose money did not stay says so wherever it is read."""

    @pytest.mark.parametrize(
        ("returned", "word", "standing"),
        [
            ({"charged_back": 4522}, "Charged back", "charged_back"),
            ({"refunded": 4522}, "Given back", "refunded"),
            ({"refunded": 100}, "Partly given back", "partly_refunded"),
        ],
    )
    def test_is_said_on_every_page_and_in_the_table(
        self,
        tara: Visitor,
        flask_app: Flask,
        world: World,
        path: str,
        returned: dict[str, int],
        word: str,
        standing: str,
    ) -> None:
        alice = Visitor(flask_app, world.alice)
        payment = paid_by(world, **returned)
        invoice = add(world, 1, payment_id=payment.id, listed_as=standing)
        console = f"/console/apps/{world.app.uuid}"

        shown = [
            (tara, path),
            (tara, f"{path}/{invoice.uuid}"),
            (tara, f"/t/{world.globex.uuid}/"),
            (alice, f"{console}/operations/invoices"),
            (alice, f"{console}/operations/invoices/{invoice.uuid}"),
            (alice, f"{console}/operations/payments"),
            (alice, f"{console}/operations/payments/{payment.uuid}"),
            (alice, f"{console}/operations/tenants/{world.globex.uuid}"),
            (alice, f"{console}/operations/search?q={invoice.shown_number}"),
            (alice, f"{console}/customers/{world.globex.uuid}"),
        ]
        (row,) = csv.DictReader(io.StringIO(tara.opens(f"{path}.csv").text[1:], newline=""))

        for reader, address in shown:
            page = reader.opens(address)
            page = reader.opens(page.location) if page.location else page
            assert word in tags(page), address
            assert "Paid" not in tags(page), address
        assert row["status"] == standing


class TestOne:
    def test_shows_every_figure(self, tara: Visitor, world: World, path: str) -> None:
        invoice = add(world, 1)

        page = tara.opens(f"{path}/{invoice.uuid}")

        assert page.heading == "Invoice TEST-ACME-000001"
        for said in ("Team, monthly 2 €38.00", "Net €38.00", "VAT 19 % €7.22", "Total €45.22"):
            assert said in page.words()
        assert "Paid on 31 December 2025." in page.words()

    def test_and_its_credit_note_lead_to_each_other(
        self, tara: Visitor, world: World, path: str
    ) -> None:
        invoice = add(world, 1)
        note = add(world, 2, kind="credit_note", corrects=invoice, total=4522)

        first, second = (tara.opens(f"{path}/{each.uuid}") for each in (invoice, note))

        assert "€45.22 of it was given back." in first.words()
        assert f"{path}/{note.uuid}" in [a.get("href") for a in first.all("a")]
        assert second.heading == "Credit note TEST-ACME-000002"
        assert f"{path}/{invoice.uuid}" in [a.get("href") for a in second.all("a")]

    def test_of_the_provider_leads_there(self, tara: Visitor, world: World, path: str) -> None:
        stripes = add_stripes(world, status="open", paid_at=None)

        page = tara.opens(f"{path}/{stripes.uuid}")

        assert "It has not been paid yet." in page.words()
        assert stripes.hosted_url in [a.get("href") for a in page.all("a")]
        assert page.at("invoice-pdf-ABCD-0001").get("href") == stripes.pdf_url

    def test_says_what_a_credit_paid(self, tara: Visitor, world: World, path: str) -> None:
        payment = paid_by(world, amount=4000)
        invoice = add_stripes(world, payment_id=payment.id)

        page = tara.opens(f"{path}/{invoice.uuid}")

        assert "€40.00 of it was charged; the rest came from your credit." in page.words()

    def test_is_not_there_for_a_stranger(
        self, tara: Visitor, peter: Visitor, world: World, path: str
    ) -> None:
        invoice = add(world, 1)

        assert peter.opens(f"{path}/{invoice.uuid}").status == 404
        assert peter.opens(f"/t/{world.initech.uuid}/invoices/{invoice.uuid}").status == 404
        assert tara.opens(f"{path}/{uuid4()}").status == 404


class TestPdf:
    def test_is_the_invoice(self, milo: Visitor, world: World, path: str) -> None:
        invoice = add(world, 1)

        answer = milo.client.get(f"{path}/{invoice.uuid}.pdf")

        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"] == "inline; filename=TEST-ACME-000001.pdf"
        text = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
        assert "Invoice TEST-ACME-000001" in text and "€45.22" in text
        assert "=Globex GmbH" in text

    def test_is_not_ours_where_the_provider_issued_it(
        self, tara: Visitor, world: World, path: str
    ) -> None:
        stripes = add_stripes(world)

        assert tara.opens(f"{path}/{stripes.uuid}.pdf").status == 404

    def test_is_not_there_for_a_stranger(self, peter: Visitor, world: World, path: str) -> None:
        invoice = add(world, 1)

        assert peter.opens(f"{path}/{invoice.uuid}.pdf").status == 404


class TestTable:
    def test_holds_what_the_list_holds(self, tara: Visitor, world: World, path: str) -> None:
        invoice = add(world, 1)
        add(world, 2, kind="credit_note", corrects=invoice)
        add(world, 3)

        answer = tara.client.get(f"{path}.csv?year=2026")

        assert (answer.status_code, answer.mimetype) == (200, "text/csv")
        assert answer.headers["Content-Disposition"] == "attachment; filename=invoices.csv"
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
        assert [(row["number"], row["total"]) for row in rows] == [
            ("TEST-ACME-000003", "45.22"),
            ("TEST-ACME-000002", "-45.22"),
        ]
        assert rows[0]["buyer"] == "'=Globex GmbH"

    def test_is_not_there_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.opens(f"{path}.csv").status == 404

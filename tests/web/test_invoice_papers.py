"""Invoices on paper: archived, read aloud, and adding up."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from app.models import App, Invoice
from app.web import invoice_papers, languages
from config import ROOT
from tests.mails.letters import a_logo

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ADDRESS = {
    "line1": "Globusallee 7",
    "line2": None,
    "postal_code": "10117",
    "city": "Berlin",
    "region": None,
    "country": "DE",
}


def an_invoice(**changes: Any) -> Invoice:
    values: dict[str, Any] = {
        "app": App(name="Acme Notes", brand_color="#5254d4"),
        "livemode": True,
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
        "tax_sentence": {
            "sentence": "Charged: %(tax)s of %(country)s at %(percentage)s %%.",
            "values": {
                "tax": "VAT",
                "country": {"country": "DE"},
                "percentage": {"percentage": "19"},
            },
        },
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
        "seller": {
            "name": "Acme Notes GmbH",
            "address": "Notizallee 1\n10115 Berlin",
            "country": "DE",
            "vat_number": "DE987654328",
            "email": "support@acme.example",
            "website": None,
        },
        "buyer": {
            "name": "Globex GmbH",
            "email": "invoices@globex.example",
            "address": ADDRESS,
            "vat_number": None,
        },
        "paid_with": {"method": "card", "brand": "visa", "last4": "4242"},
        "locale": "en",
        "issued_at": AT,
        "paid_at": AT,
        "period_start": AT,
        "period_end": datetime(2026, 12, 20, 14, 0, tzinfo=UTC),
    }
    return Invoice(**(values | changes))


@pytest.fixture(scope="module")
def speaker() -> Flask:
    """Answer an application that knows languages and nothing else."""
    flask_app = Flask(__name__)
    flask_app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "app/translations")
    languages.install(flask_app)
    return flask_app


@pytest.fixture
def spoken(speaker: Flask) -> Iterator[None]:
    """Be where words can be put into a language, as a page and a worker are."""
    with speaker.test_request_context():
        yield


def read(invoice: Invoice) -> PdfReader:
    return PdfReader(io.BytesIO(invoice_papers.draw(invoice)), strict=True)


def root(document: PdfReader) -> Any:
    """Answer the document's catalogue, whose parts are of many types."""
    return document.root_object


def text_of(invoice: Invoice) -> str:
    return "\n".join(page.extract_text() for page in read(invoice).pages).replace("\u00a0", " ")


def elements(element: Any) -> list[DictionaryObject]:
    """Answer every part of the structure, in reading order."""
    if isinstance(element, IndirectObject):
        element = element.get_object()
    if isinstance(element, list):
        return [found for part in element for found in elements(part)]
    if not isinstance(element, DictionaryObject):
        return []
    own = [element] if element.get("/Type") == "/StructElem" else []
    return own + elements(element.get("/K", []))


def kinds(element: Any) -> list[str]:
    """Answer the kind of every part of the structure, in reading order."""
    return [str(found["/S"])[1:] for found in elements(element)]


@pytest.mark.usefixtures("spoken")
class TestTheFile:
    def test_says_that_it_is_for_archives_and_for_everybody(self) -> None:
        document = read(an_invoice())

        metadata = root(document)["/Metadata"].get_data().decode()
        assert re.search(r"<pdfuaid:part>1</pdfuaid:part>", metadata)
        assert re.search(r"<pdfaid:part>2</pdfaid:part>", metadata)
        assert re.search(r"<pdfaid:conformance>A</pdfaid:conformance>", metadata)
        assert root(document)["/MarkInfo"]["/Marked"].value is True
        assert root(document)["/OutputIntents"]
        assert document.xmp_metadata is not None

    def test_has_title_language_and_author(self) -> None:
        document = read(an_invoice())

        assert root(document)["/Lang"] == "en"
        assert root(document)["/ViewerPreferences"]["/DisplayDocTitle"].value is True
        assert document.metadata is not None
        assert document.metadata.title == "Invoice INV-000042 from Acme Notes GmbH"
        assert document.metadata.author == "Acme Notes GmbH"
        assert document.metadata.creation_date == AT

    def test_is_tagged_so_that_it_can_be_read_aloud(self) -> None:
        found = kinds(root(read(an_invoice()))["/StructTreeRoot"])

        assert found.count("H1") == 1
        assert found.count("H2") == 4
        assert (found.count("Table"), found.count("TH"), found.count("TD")) == (1, 4, 4)

    def test_embeds_every_font(self) -> None:
        for page in read(an_invoice()).pages:
            resources: Any = page["/Resources"]
            for font in resources["/Font"].values():
                (descendant,) = font.get_object()["/DescendantFonts"]
                descriptor = descendant.get_object()["/FontDescriptor"]
                assert {"/FontFile2", "/FontFile3"} & set(descriptor)
                assert "/ToUnicode" in font.get_object()

    def test_shows_the_logo_and_says_what_it_is(self) -> None:
        app = App(name="Acme Notes", brand_color="#5254d4", logo=a_logo())

        document = read(an_invoice(app=app))

        found = elements(root(document)["/StructTreeRoot"])
        told = [str(part["/Alt"]) for part in found if str(part["/S"]) == "/Figure"]
        assert told == ["Logo of Acme Notes"]
        assert len(document.pages[0].images) == 1
        assert text_of(an_invoice(app=app)) == text_of(an_invoice())

    def test_is_drawn_from_the_row_alone(self) -> None:
        assert invoice_papers.draw(an_invoice()) == invoice_papers.draw(an_invoice())

    def test_is_named_by_its_number(self) -> None:
        odd = an_invoice(document_number='A/B"C\r\n-000001')

        assert invoice_papers.file_name(an_invoice()) == "INV-000042.pdf"
        assert invoice_papers.file_name(odd) == "A-B-C---000001.pdf"


@pytest.mark.usefixtures("spoken")
class TestTheText:
    def test_sums_up(self) -> None:
        text = text_of(an_invoice())

        amounts = [Decimal(found) for found in re.findall(r"€([\d.]+)", text)]
        unit, line, net, tax, total = amounts
        assert (unit * 2, line) == (net, net)
        assert net + tax == total == Decimal("45.22")

    def test_names_both_parties_and_the_tax(self) -> None:
        text = text_of(an_invoice())

        for said in (
            "Acme Notes GmbH",
            "10115 Berlin",
            "VAT number DE987654328",
            "Globex GmbH",
            "Globusallee 7",
            "10117 Berlin",
            "Germany",
            "20 November 2026 to 20 December 2026",
            "Team, monthly",
            "Charged: VAT of Germany at 19 %.",
            "Paid on 20 November 2026 with Visa ending 4242.",
        ):
            assert said in text
        assert "test" not in text

    def test_says_what_a_credit_note_corrects(self) -> None:
        note = an_invoice(
            kind="credit_note",
            document_number="INV-000043",
            corrects=an_invoice(document_number="INV-000042"),
        )

        text = text_of(note)

        assert "Credit note INV-000043" in text
        assert "It corrects invoice INV-000042 of 20 November 2026." in text
        assert "Given back on 20 November 2026 to Visa ending 4242." in text
        assert "Total" not in text

    def test_says_that_a_test_is_one(self) -> None:
        assert "This is a test: no money was moved." in text_of(an_invoice(livemode=False))

    def test_tells_when_a_single_purchase_was_supplied(self) -> None:
        once = an_invoice(period_start=None, period_end=None)

        assert "Supplied" in text_of(once)

    def test_explains_a_price_that_holds_the_tax(self) -> None:
        line = an_invoice().lines[0] | {"tax_behavior": "inclusive", "unit": 2261}

        assert "Unit prices include the tax." in text_of(an_invoice(lines=[line]))

    def test_shows_no_tax_where_none_was_decided(self) -> None:
        undecided = {"tax_rule": "instructed", "tax_percentage": None, "tax_sentence": None}

        text = text_of(an_invoice(net=4522, tax=0, **undecided))

        assert "Total €45.22" in text.replace("\n", " ")
        assert "VAT 0 %" not in text

    def test_shows_who_bought_by_e_mail_where_no_name_is_known(self) -> None:
        nobody = {"name": None, "email": "someone@example.com", "address": None}

        assert "someone@example.com" in text_of(an_invoice(buyer=nobody))


@pytest.mark.usefixtures("spoken")
class TestTheSheet:
    @pytest.mark.parametrize(
        ("country", "width", "height"), [("DE", 595, 842), ("US", 612, 792), (None, 595, 842)]
    )
    def test_is_what_the_buyer_prints_on(
        self, country: str | None, width: int, height: int
    ) -> None:
        address = ADDRESS | {"country": country} if country else None
        page = read(an_invoice(buyer={"name": "Buyer", "address": address})).pages[0]

        assert (round(page.mediabox.width), round(page.mediabox.height)) == (width, height)

    def test_is_in_english_where_the_payer_s_language_is_not_spoken(self) -> None:
        document = read(an_invoice(locale="xx_YY"))

        assert root(document)["/Lang"] == "en"

    def test_follows_the_payer_s_language_where_it_is_spoken(self) -> None:
        german = an_invoice(locale="de_AT")
        said = text_of(german)

        assert root(read(german))["/Lang"] == "de"
        assert "Rechnung INV-000042" in said
        assert "20. November 2026 bis 20. Dezember 2026" in said
        assert "USt. 19 %" in said
        assert "Berechnet: 19 % USt. (Deutschland)." in said
        assert "Bezahlt am 20. November 2026 mit Visa (Endziffern 4242)." in said
        assert "45,22 €" in said

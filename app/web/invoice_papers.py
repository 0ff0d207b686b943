"""Invoices on paper: a PDF in the payer's language, drawn from the row alone."""

from __future__ import annotations

import re
from typing import Any

from babel import Locale
from flask import Response, make_response
from flask_babel import gettext, pgettext

from app import brand
from app.billing.apps import logos
from app.billing.invoicing import tax_sentences
from app.models import Invoice
from app.money import Money
from app.web import filters, invoice_words, languages

# Countries that print on letter paper; everybody else on A4.
_LETTER = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "VE"})
# At most so wide and high: on paper in millimetres, and in dots, some 300 to the inch.
_LOGO_MM = (50, 12)
_LOGO_DOTS = (600, 144)
_TAX_FREE = frozenset({"reverse_charge", "export", "exempt"})


def draw(invoice: Invoice) -> bytes:
    """Answer an invoice or credit note of ours as PDF/UA-1 and PDF/A-2a.

    Of the same row, in the same colour and with the same logo, it is always the same bytes. A
    language that is not spoken here is English.
    """
    # Imported here because few workers draw, and the typesetter takes seven megabytes.
    from app.web import typesetting

    with languages.speaking(_language(invoice)):
        content = paper(invoice)
    return typesetting.pdf("invoices/invoice.typ", "paper", content, at=invoice.issued_at)


def answer(invoice: Invoice) -> Response:
    """Answer the PDF to a browser, which shows it or keeps it under the invoice's number."""
    response = make_response(draw(invoice))
    response.mimetype = "application/pdf"
    response.headers.set("Content-Disposition", "inline", filename=file_name(invoice))
    return response


def file_name(invoice: Invoice) -> str:
    """Answer the name an invoice is kept under: INV-000042.pdf"""
    return re.sub(r"[^A-Za-z0-9._-]", "-", invoice.shown_number) + ".pdf"


def paper(invoice: Invoice) -> dict[str, Any]:
    """Answer everything the template prints, in the language of this moment."""
    locale = Locale.parse(_language(invoice))
    heading = invoice_words.heading(invoice)
    return {
        "language": locale.language,
        "region": locale.territory,
        "sheet": "us-letter" if _country(invoice.buyer) in _LETTER else "a4",
        "brand": brand.themes(brand.digits(invoice.app.brand_color))[0].fill,
        "logo": _logo(invoice),
        "title": gettext("%(paper)s from %(seller)s", paper=heading, seller=_name(invoice.seller)),
        "heading": heading,
        "page_of": gettext("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        "notice": None if invoice.livemode else gettext("This is a test: no money was moved."),
        "corrects": _corrects(invoice),
        "seller": _party(pgettext("seller", "From"), invoice.seller),
        "buyer": _party(gettext("To"), invoice.buyer),
        "facts": _facts(invoice),
        "columns": [
            gettext("What"),
            gettext("Quantity"),
            gettext("Unit price"),
            gettext("Net"),
        ],
        "lines": [_line(line, invoice.currency) for line in invoice.lines],
        "sums": _sums(invoice),
        "total": [
            gettext("Given back") if invoice.kind == "credit_note" else gettext("Total"),
            filters.money(invoice.amount),
        ],
        "notes": _notes(invoice),
        "contact": [text for name in ("email", "website") if (text := invoice.seller.get(name))],
    }


def _language(invoice: Invoice) -> str:
    return languages.nearest(invoice.locale) or "en"


def _logo(invoice: Invoice) -> dict[str, Any] | None:
    logo = invoice.app.logo
    if logo is None:
        return None
    picture = logos.scaled(logo, width=_LOGO_DOTS[0], height=_LOGO_DOTS[1])
    scale = min(_LOGO_MM[0] / picture.width, _LOGO_MM[1] / picture.height)
    return {
        "png": list(picture.content),
        "width": round(picture.width * scale, 2),
        "alt": gettext("Logo of %(app)s", app=invoice.app.name),
    }


def _corrects(invoice: Invoice) -> str | None:
    if invoice.corrects is None:
        return None
    return str(
        gettext(
            "It corrects invoice %(number)s of %(date)s.",
            number=invoice.corrects.shown_number,
            date=filters.long_date(invoice.corrects.issued_at),
        )
    )


def _party(label: str, party: dict[str, Any]) -> dict[str, Any]:
    address = party.get("address")
    lines = str(address).splitlines() if isinstance(address, str) else _address(address or {})
    country = _country(party)
    number = party.get("vat_number")
    return {
        "label": label,
        "name": _name(party),
        "lines": [
            *(line.strip() for line in lines if line.strip()),
            *([filters.country(country)] if country else []),
            *([gettext("VAT number %(number)s", number=number)] if number else []),
        ],
    }


def _name(party: dict[str, Any]) -> str:
    return str(party.get("name") or party.get("email") or gettext("Not named"))


def _country(party: dict[str, Any]) -> str | None:
    address = party.get("address")
    country = address.get("country") if isinstance(address, dict) else party.get("country")
    return str(country) if country else None


def _address(address: dict[str, Any]) -> list[str]:
    town = " ".join(text for name in ("postal_code", "city") if (text := address.get(name)))
    return [
        text
        for text in (address.get("line1"), address.get("line2"), town, address.get("region"))
        if text
    ]


def _facts(invoice: Invoice) -> list[list[str]]:
    facts = [[gettext("Date"), filters.long_date(invoice.issued_at)]]
    if invoice.period_start and invoice.period_end:
        facts.append([gettext("Period"), invoice_words.period(invoice)])
    elif invoice.kind == "invoice":
        facts.append([gettext("Supplied"), filters.long_date(invoice.paid_at or invoice.issued_at)])
    return facts


def _line(line: dict[str, Any], currency: str) -> list[str]:
    unit = line.get("unit")
    return [
        invoice_words.line_name(line),
        filters.number(line["quantity"]),
        filters.money(Money(unit, currency)) if unit is not None else "",
        invoice_words.line_net(line, currency),
    ]


def _sums(invoice: Invoice) -> list[list[str]]:
    if not invoice.tax and invoice.tax_rule not in _TAX_FREE:
        return []
    net, tax = Money(invoice.net, invoice.currency), Money(invoice.tax, invoice.currency)
    return [
        [gettext("Net"), filters.money(net)],
        [invoice_words.tax_label(invoice), filters.money(tax)],
    ]


def _notes(invoice: Invoice) -> list[str]:
    sentence = tax_sentences.unpack(invoice.tax_sentence)
    has_tax_inside = any(line.get("tax_behavior") == "inclusive" for line in invoice.lines)
    return [
        *([filters.words(sentence)] if sentence else []),
        *([gettext("Unit prices include the tax.")] if has_tax_inside and invoice.tax else []),
        *([invoice_words.settled(invoice)] if invoice.paid_at else []),
    ]

"""Invoices: the list, each one with its figures, and what is kept of them: PDF and CSV."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from app.billing.errors import NotFound
from app.billing.invoicing import invoice_exports, invoice_lists, tax_sentences
from app.billing.invoicing.invoice_lists import Kind, Wanted
from app.models import Membership
from app.web import guards, invoice_papers, sessions

invoices = Blueprint("invoices", __name__)

_KINDS = ("invoice", "credit_note")


@invoices.get("/t/<uuid:tenant>/invoices")
@guards.of_tenant("invoices")
def show(membership: Membership) -> str:
    wanted, db = _wanted(), sessions.db()
    return render_template(
        "portal/invoices/show.html",
        membership=membership,
        wanted=wanted,
        page=invoice_lists.page(db, membership.tenant, wanted, after=_after()),
        years=invoice_lists.years(db, membership.tenant),
    )


@invoices.get("/t/<uuid:tenant>/invoices/<uuid:invoice>")
@guards.of_tenant("invoices")
def one(membership: Membership, invoice: UUID) -> str:
    found = invoice_lists.find(sessions.db(), membership.tenant, invoice)
    return render_template(
        "portal/invoices/one.html",
        membership=membership,
        invoice=found,
        sentence=tax_sentences.unpack(found.tax_sentence),
        corrections=invoice_lists.corrections(sessions.db(), found),
        charged=invoice_lists.charged(found),
        taken_back=invoice_lists.taken_back(found),
    )


@invoices.get("/t/<uuid:tenant>/invoices/<uuid:invoice>.pdf")
@guards.of_tenant("invoices")
def pdf(membership: Membership, invoice: UUID) -> Response:
    found = invoice_lists.find(sessions.db(), membership.tenant, invoice)
    if not found.is_ours:
        raise NotFound("The payment provider issued this invoice and keeps its PDF.")
    return invoice_papers.answer(found)


@invoices.get("/t/<uuid:tenant>/invoices.csv")
@guards.of_tenant("invoices")
def table(membership: Membership) -> Response:
    found = invoice_lists.every(sessions.db(), membership.tenant, _wanted())
    response = make_response(invoice_exports.table(found))
    response.mimetype = "text/csv"
    response.headers.set("Content-Disposition", "attachment", filename="invoices.csv")
    return response


def _wanted() -> Wanted:
    """Answer what the address asks for; what is not understood is all."""
    kind, year = request.args.get("kind"), request.args.get("year", type=int)
    is_a_year = year is not None and 1 <= year < 9999
    return Wanted(
        year=year if is_a_year else None, kind=cast(Kind, kind) if kind in _KINDS else None
    )


def _after() -> UUID | None:
    return request.args.get("after", type=UUID)

"""The payment page of a payer who comes from an API, and of whoever returns without a sign-in."""

from __future__ import annotations

from urllib.parse import unquote, unquote_plus

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.errors import BillingError, NotAllowed, NotFound
from app.billing.invoicing import invoice_lists
from app.billing.purchase import payment_links, payment_pages
from app.billing.purchase.payment_links import PaymentLink
from app.billing.purchase.payment_pages import PaymentPage
from app.billing.truth import returns
from app.portal.pay_form import PayForm
from app.web import errors, filters, headers, invoice_papers, sessions

pay = Blueprint("pay", __name__)


@pay.get("/pay/<checkout>")
def show(checkout: str) -> Response:
    sessions.may_write()
    page = _open(checkout)
    return _page(page, PayForm(page))


@pay.post("/pay/<checkout>")
def send_on(checkout: str) -> Response:
    page = _open(checkout)
    form = PayForm(page, request.form)
    if not form.validate():
        return _page(page, form)
    try:
        url = payment_pages.send_on(sessions.db(), sessions.site(), page, form.entered())
    except BillingError as error:
        sessions.db().rollback()
        form.blame(error)
        return _page(_open(checkout), form, error)
    return redirect(url or _here(), 303)


@pay.get("/pay/<checkout>/invoice.pdf")
def invoice(checkout: str) -> Response:
    db, site = sessions.db(), sessions.site()
    paid = payment_links.find(db, site, _link(checkout))
    found = invoice_lists.of_checkout(db, paid.id)
    if found is None:
        raise NotFound("There is no invoice yet.")
    if not found.is_ours:
        raise NotFound("The payment provider issued this invoice and keeps its PDF.")
    return invoice_papers.answer(found)


@pay.errorhandler(NotAllowed)
def refuse(error: NotAllowed) -> Response:
    title = gettext("This payment link does not work")
    return errors.page(errors.Problem(title, filters.words(error.text)), 403)


def _open(checkout: str) -> PaymentPage:
    db, site = sessions.db(), sessions.site()
    return payment_pages.show(db, site, payment_links.find(db, site, _link(checkout)))


def _link(checkout: str) -> PaymentLink:
    return PaymentLink(
        checkout=checkout,
        key=_once("key"),
        client_id=_once("client_id"),
        kind=_once("type"),
        session_id=_once("session_id"),
        hash=_once("hash"),
        states=_states(),
    )


def _once(name: str) -> str | None:
    sent = request.args.getlist(name)
    return sent[0] if len(sent) == 1 else None


def _states() -> tuple[str, ...]:
    """The caller appends its state as it is, or encoded as forms are: both are read."""
    named = [part for part in request.query_string.split(b"&") if part.startswith(b"state=")]
    if len(named) != 1:
        return ()
    raw = named[0].removeprefix(b"state=").decode("utf-8", "replace")
    return unquote(raw), unquote_plus(raw)


def _here() -> str:
    return f"{request.path}?{request.query_string.decode('ascii', 'replace')}"


def _page(page: PaymentPage, form: PayForm, refusal: BillingError | None = None) -> Response:
    headers.leads_to_provider()
    response = make_response(
        render_template(
            "portal/pay/show.html", page=page, form=form, invoice_url=_invoice_url(page)
        )
    )
    if refusal is not None:
        errors.mark(response, refusal)
    elif form.problems:
        response.status_code = 422
    if page.receipt.status == "confirming" and not page.is_payable:
        headers.refresh(response, _next(page))
    return response


def _invoice_url(page: PaymentPage) -> str | None:
    """The PDF, opened by what opened this page."""
    issued = page.receipt.invoice
    if issued is None or not issued.is_ours:
        return issued.pdf_url if issued else None
    path = url_for("pay.invoice", checkout=page.checkout.uuid)
    return f"{path}?{request.query_string.decode('ascii', 'replace')}"


def _next(page: PaymentPage) -> str | None:
    """Where the app waits for the payer, the address that looks again and sends them on to it."""
    is_awaited = page.checkout.success_url and page.checkout.returned_at
    return returns.address(sessions.site(), page.checkout) if is_awaited else None

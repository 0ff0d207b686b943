"""Stripe's hosted pages: pay, pass 3-D Secure, see an invoice."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.sandbox import papers
from app.sandbox.control import world
from app.sandbox.pages import POLICY, guard, missing, show
from app.sandbox.store import Json
from app.sandbox.stripe import amounts, checkout_sessions, completions, entries, methods, objects
from app.sandbox.stripe.entries import Entry

hosted = Blueprint("stripe_hosted", __name__)
KIND = "checkout_sessions"
HOWS = ("pay", "delay", "decline", "3ds_pass", "3ds_fail")


@hosted.get("/stripe/pay/<id>")
def show_payment(id: str) -> Response:
    account = world().owner_of("stripe", KIND, id)
    if account is None:
        return missing()
    session = objects.get(account, KIND, id)
    if session["status"] != "open":
        return _ended(session)
    return _page(session, entries.prefilled(session))


@hosted.post("/stripe/pay/<id>")
def pay(id: str) -> BaseResponse:
    account = world().owner_of("stripe", KIND, id)
    if account is None:
        return missing()
    with account.transaction():
        session = objects.get(account, KIND, id)
        if session["status"] != "open":
            return _leave(session)
        how = request.form.get("action", "pay")
        if how == "expire":
            return _turned_away(checkout_sessions.end(account, session))
        entry = entries.read(session, request.form, account.now())
        if entry.problems or how not in HOWS:
            return _page(session, entry, 422)
        return _after(completions.attempt(account, session, entry, how), entry)


@hosted.get("/stripe/pay/<id>/challenge")
def show_challenge(id: str) -> BaseResponse:
    account = world().owner_of("stripe", KIND, id)
    if account is None:
        return missing()
    session = objects.get(account, KIND, id)
    if session["status"] != "open":
        return _leave(session)
    if not session.get("_challenge"):
        return redirect(f"/stripe/pay/{id}", 303)
    return show("stripe/challenge.html", title="3-D Secure", session=session, total=_total(session))


@hosted.post("/stripe/pay/<id>/challenge")
def answer_challenge(id: str) -> BaseResponse:
    account = world().owner_of("stripe", KIND, id)
    if account is None:
        return missing()
    with account.transaction():
        session = objects.get(account, KIND, id)
        if session["status"] != "open":
            return _leave(session)
        if not session.get("_challenge"):
            return redirect(f"/stripe/pay/{id}", 303)
        entry = Entry(session["_challenge"]["values"])
        passed = request.form.get("action") == "3ds_pass"
        return _after(completions.answer_challenge(account, session, passed=passed), entry)


@hosted.get("/stripe/embedded/<secret>")
def show_embedded(secret: str) -> BaseResponse:
    """Serve an embedded page by its client secret, as the provider's script would in a frame."""
    id = secret.partition("_secret_")[0]
    account = world().owner_of("stripe", KIND, id)
    session = account.load(KIND, id) if account else None
    if session is None or session["client_secret"] != secret:
        return missing()
    return redirect(f"/stripe/pay/{id}", 303)


@hosted.get("/stripe/invoice/<id>")
def show_invoice(id: str) -> Response:
    account = world().owner_of("stripe", "invoices", id)
    if account is None:
        return missing()
    invoice = objects.get(account, "invoices", id)
    return show(
        "stripe/invoice.html",
        title=f"Invoice {invoice['number']}",
        invoice=invoice,
        lines=_lines(invoice),
        tax=_tax_on_top(invoice),
        total=amounts.shown(invoice["total"], invoice["currency"]),
    )


@hosted.get("/stripe/invoice/<id>/pdf")
def show_invoice_pdf(id: str) -> Response:
    account = world().owner_of("stripe", "invoices", id)
    if account is None:
        return missing()
    invoice = objects.get(account, "invoices", id)
    tax = _tax_on_top(invoice)
    text = [
        f"Invoice {invoice['number']}",
        invoice["customer_name"] or "",
        "",
        *(f"{what}: {amount}" for what, amount in _lines(invoice)),
        *([f"Tax: {tax}"] if tax else []),
        f"Total: {amounts.shown(invoice['total'], invoice['currency'])}",
    ]
    return guard(Response(papers.pdf(text), mimetype="application/pdf"), POLICY)


def _lines(invoice: Json) -> list[tuple[str, str]]:
    return [
        (line["description"], amounts.shown(line["amount"], line["currency"]))
        for line in invoice["lines"]["data"]
    ]


def _tax_on_top(invoice: Json) -> str | None:
    tax = sum(t["amount"] for t in invoice["total_taxes"] if t["tax_behavior"] == "exclusive")
    return amounts.shown(tax, invoice["currency"]) if tax else None


def _after(result: completions.Result, entry: Entry) -> BaseResponse:
    session = result.session
    if result.challenged:
        return redirect(f"/stripe/pay/{session['id']}/challenge", 303)
    if result.declined:
        return _page(session, entry, 402, declined=result.declined)
    return _leave(session)


def _page(session: Json, entry: Entry, status: int = 200, declined: str | None = None) -> Response:
    return show(
        "stripe/pay.html",
        status,
        title="Save a payment method" if session["mode"] == "setup" else "Pay",
        session=session,
        entry=entry,
        declined=declined,
        types=[(name, methods.METHODS[name].label) for name in session["payment_method_types"]],
        items=_items(session),
        tax=_tax(session),
        total=_total(session),
        asks_terms=entries.asks_terms(session),
        countries=(session["shipping_address_collection"] or {}).get("allowed_countries", []),
    )


def _items(session: Json) -> list[tuple[str, str]]:
    return [
        (
            f"{item['quantity']} × {item['description']}",
            amounts.shown(item["amount_subtotal"], item["currency"]),
        )
        for item in completions.order(session)
    ]


def _tax(session: Json) -> str | None:
    tax = (session["total_details"] or {}).get("amount_tax", 0)
    return amounts.shown(tax, session["currency"]) if tax else None


def _total(session: Json) -> str | None:
    if session["mode"] == "setup":
        return None
    return amounts.shown(session["amount_total"], session["currency"])


def _leave(session: Json) -> BaseResponse:
    """Send the payer on: to the shop when the session is complete, else say what became of it."""
    url = session["success_url"] or session.get("return_url")
    if session["status"] != "complete" or not url:
        return _ended(session)
    return redirect(url.replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _turned_away(session: Json) -> BaseResponse:
    """Send the payer back to the shop, which is what is left to them when the time has run out."""
    url = session["cancel_url"]
    if not url:
        return _ended(session)
    return redirect(url.replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _ended(session: Json) -> Response:
    if session["status"] == "complete":
        url = session["success_url"] or session.get("return_url")
        title, message = "You're all done here", "This checkout session is complete."
    else:
        url = session["cancel_url"]
        title, message = "This page has expired", "Nothing more can be paid through this session."
    link = None
    if url:
        target = url.replace("{CHECKOUT_SESSION_ID}", session["id"])
        link = {"url": target, "text": "Return to the shop"}
    return show("message.html", title=title, message=message, link=link)

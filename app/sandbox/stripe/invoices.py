"""Invoices: drawn up from lines, finalized, collected; and the endpoints that show them."""

from collections.abc import Sequence

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import (
    collection,
    errors,
    events,
    expand,
    invoice_lines,
    invoice_payments,
    lists,
    objects,
    payment_intents,
    payment_methods,
)
from app.sandbox.stripe.declared import blank
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account

routes = Routes()
KIND = "invoices"


@routes.get("/v1/invoices")
def list_all(account: Account, params: Json) -> Json:
    if "due_date" in params:
        raise errors.not_done("due_date in GET /v1/invoices")
    same = lists.equal(params, "customer", "status", "collection_method")
    wanted = params.get("subscription")
    return lists.page(
        account,
        KIND,
        params,
        "/v1/invoices",
        lambda i: same(i) and wanted in (None, subscription_of(i)),
    )


@routes.get("/v1/invoices/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.get("/v1/invoices/<id>/lines")
def list_lines(account: Account, params: Json, id: str) -> Json:
    lines = objects.get(account, KIND, id)["lines"]["data"]
    return lists.cut(lines, params, f"/v1/invoices/{id}/lines", KIND)


@routes.post("/v1/invoices/<id>/pay")
def pay(account: Account, params: Json, id: str) -> Json:
    # Imported here because subscriptions draw up invoices.
    from app.sandbox.stripe import subscriptions

    for name in ("forgive", "source", "mandate"):
        if name in params:
            raise errors.not_done(f"{name} in POST /v1/invoices/{{id}}/pay", name)
    invoice = objects.get(account, KIND, id)
    if invoice["status"] == "paid":
        raise errors.invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] != "open":
        message = f"Invoices with status {invoice['status']} cannot be paid."
        raise errors.invalid(message, code="invoice_not_editable")
    if params.get("paid_out_of_band"):
        invoice = collection.mark_paid(account, invoice)
    else:
        method = _method(account, invoice, params.get("payment_method"))
        invoice = collection.collect(account, invoice, method)
        _refuse_declined(account, invoice)
    subscriptions.follow(account, invoice)
    return objects.get(account, KIND, id)


@routes.post("/v1/invoices/<id>/void")
def void(account: Account, params: Json, id: str) -> Json:
    invoice = objects.get(account, KIND, id)
    if invoice["status"] not in ("open", "uncollectible"):
        message = f"You can only pass in open invoices. This invoice is {invoice['status']}."
        raise errors.invalid(message, code="invoice_not_editable")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = account.timestamp()
    account.save(KIND, invoice)
    payment = invoice_payments.of_invoice(account, id)
    if payment:
        intent_id = payment["payment"]["payment_intent"]
        payment_intents.cancel(account, intent_id, "void_invoice")
    events.emit(account, "invoice.voided", invoice)
    return invoice


@expand.includes("invoice", "confirmation_secret")
def confirmation_secret(account: Account, invoice: Json) -> Json:
    payment = invoice_payments.of_invoice(account, invoice["id"])
    if payment is None:
        raise errors.invalid("This invoice has no payment to confirm.", "expand")
    intent = objects.get(account, "payment_intents", payment["payment"]["payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


def subscription_of(invoice: Json) -> str | None:
    """Answer the subscription an invoice is of."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def build(
    account: Account,
    *,
    id: str,
    customer: Json,
    currency: str,
    drafts: Sequence[Draft],
    reason: str,
    subscription: Json | None,
    off_by: int = 0,
) -> Json:
    """Draw up an invoice without storing it; `off_by` is a fault's wrong amount."""
    counted = [draft.counted for draft in drafts]
    total = sum(c.total for c in counted) + off_by
    net = sum(c.net for c in counted)
    balance = customer["balance"]
    due = max(0, total + balance)
    now = account.timestamp()
    lines = [invoice_lines.show(account, draft, id) for draft in drafts]
    return blank(
        "invoice",
        id=id,
        account_country="DE",
        account_name="Sandbox",
        amount_due=due,
        amount_remaining=due,
        auto_advance=True,
        billing_reason=reason,
        collection_method="charge_automatically",
        created=now,
        currency=currency,
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=customer["shipping"],
        customer_tax_exempt=customer["tax_exempt"],
        customer_tax_ids=[],
        lines=lists.plain(lines, f"/v1/invoices/{id}/lines"),
        metadata={},
        parent=_parent(subscription),
        period_end=now,
        period_start=now,
        starting_balance=balance,
        ending_balance=balance + total - due,
        status="draft",
        subtotal=sum(c.subtotal for c in counted),
        subtotal_excluding_tax=net,
        total=total,
        total_discount_amounts=[],
        total_excluding_tax=net,
        total_pretax_credit_amounts=[],
        total_taxes=invoice_lines.total_taxes(drafts),
    )


def create(account: Account, **values: object) -> Json:
    """Store a draft and tell of it; the values are those of `build`."""
    invoice = build(account, id=account.mint("in_1"), **values)  # type: ignore[arg-type]
    account.save(KIND, invoice)
    events.emit(account, "invoice.created", invoice)
    return invoice


def finalize(account: Account, invoice: Json) -> Json:
    """Give a draft its number and open it; one with nothing due is paid at once."""
    customer = objects.get(account, "customers", invoice["customer"])
    number = customer["next_invoice_sequence"]
    customer |= {"next_invoice_sequence": number + 1, "balance": invoice["ending_balance"]}
    account.save("customers", customer)
    now = account.timestamp()
    page = f"{account.world.base_url}/stripe/invoice/{invoice['id']}"
    invoice |= {
        "number": f"{customer['invoice_prefix']}-{number:04d}",
        "effective_at": now,
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "status": "open",
    }
    invoice["status_transitions"]["finalized_at"] = now
    account.save(KIND, invoice)
    events.emit(account, "invoice.finalized", invoice)
    return collection.mark_paid(account, invoice) if invoice["amount_due"] == 0 else invoice


def _method(account: Account, invoice: Json, given: str | None) -> Json | None:
    if given:
        method = objects.get(account, "payment_methods", given, "payment_method")
        return payment_methods.attach_to(account, method["id"], invoice["customer"])
    # Imported here because subscriptions draw up invoices.
    from app.sandbox.stripe import subscriptions

    id = subscription_of(invoice)
    subscription = account.load("subscriptions", id) if id else None
    return subscriptions.method_of(account, subscription) if subscription else None


def _refuse_declined(account: Account, invoice: Json) -> None:
    payment = invoice_payments.of_invoice(account, invoice["id"])
    if payment is None:
        return
    intent = objects.get(account, "payment_intents", payment["payment"]["payment_intent"])
    if intent["status"] != "requires_payment_method":
        return
    problem = intent["last_payment_error"]
    if problem is None:
        message = (
            "Cannot charge customer that has no active card or payment method. Add a default "
            "payment method first."
        )
        raise errors.error(400, "invalid_request_error", message, keep=True)
    fields = {k: v for k, v in problem.items() if k not in ("message", "type", "doc_url")}
    raise errors.error(402, "card_error", problem["message"], keep=True, **fields)


def _parent(subscription: Json | None) -> Json | None:
    if subscription is None:
        return None
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {
        "quote_details": None,
        "subscription_details": details,
        "type": "subscription_details",
    }

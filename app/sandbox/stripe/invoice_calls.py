"""Calls about invoices: shown, paid, voided."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import (
    collection,
    errors,
    events,
    invoice_payments,
    invoices,
    lists,
    objects,
    payment_intents,
    payment_methods,
    subscriptions,
)
from app.sandbox.world import Account

routes = Routes()


@routes.get("/v1/invoices")
def list_all(account: Account, params: Json) -> Json:
    if "due_date" in params:
        raise errors.not_done("due_date in GET /v1/invoices")
    same = lists.equal(params, "customer", "status", "collection_method")
    wanted = params.get("subscription")
    return lists.page(
        account,
        invoices.KIND,
        params,
        "/v1/invoices",
        lambda i: same(i) and wanted in (None, invoices.subscription_of(i)),
    )


@routes.get("/v1/invoices/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, invoices.KIND, id)


@routes.get("/v1/invoices/<id>/lines")
def list_lines(account: Account, params: Json, id: str) -> Json:
    lines = objects.get(account, invoices.KIND, id)["lines"]["data"]
    return lists.cut(lines, params, f"/v1/invoices/{id}/lines", invoices.KIND)


@routes.post("/v1/invoices/<id>/pay")
def pay(account: Account, params: Json, id: str) -> Json:
    for name in ("forgive", "source", "mandate"):
        if name in params:
            raise errors.not_done(f"{name} in POST /v1/invoices/{{id}}/pay", name)
    invoice = objects.get(account, invoices.KIND, id)
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
    return objects.get(account, invoices.KIND, id)


@routes.post("/v1/invoices/<id>/void")
def void(account: Account, params: Json, id: str) -> Json:
    invoice = objects.get(account, invoices.KIND, id)
    if invoice["status"] not in ("open", "uncollectible"):
        message = f"You can only pass in open invoices. This invoice is {invoice['status']}."
        raise errors.invalid(message, code="invoice_not_editable")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = account.timestamp()
    account.save(invoices.KIND, invoice)
    payment = invoice_payments.of_invoice(account, id)
    if payment:
        intent_id = payment["payment"]["payment_intent"]
        payment_intents.cancel(account, intent_id, "void_invoice")
    events.emit(account, "invoice.voided", invoice)
    return invoice


def _method(account: Account, invoice: Json, given: str | None) -> Json | None:
    if given:
        method = objects.get(account, "payment_methods", given, "payment_method")
        return payment_methods.attach_to(account, method["id"], invoice["customer"])
    id = invoices.subscription_of(invoice)
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

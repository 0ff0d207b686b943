"""Collect open invoices: try to take the money, note what came of it."""

from app.sandbox.store import Json
from app.sandbox.stripe import events, invoice_payments, objects, payment_intents
from app.sandbox.world import Account

KIND = "invoices"


def collect(
    account: Account,
    invoice: Json,
    method: Json | None,
    *,
    intent: Json | None = None,
    decline: str | None = None,
    delayed: bool = False,
    on_session: bool = False,
) -> Json:
    """Try to get an open invoice paid; it ends paid, still open (processing), or attempted."""
    if invoice["status"] != "open":
        return invoice
    intent = _intent(account, invoice, intent)
    if intent["status"] == "processing":
        return invoice
    if method is None:
        return attempted(account, invoice)
    if not on_session and method["type"] != "sepa_debit":
        decline = decline or method["_later"]
    delayed = delayed or method["type"] == "sepa_debit"
    intent = payment_intents.confirm(account, intent, method, decline=decline, delayed=delayed)
    tries = invoice["attempt_count"] + 1
    if intent["status"] == "succeeded":
        return mark_paid(account, invoice)
    if intent["status"] == "processing":
        return account.save(KIND, {**invoice, "attempted": True, "attempt_count": tries})
    return attempted(account, invoice, decline)


def mark_paid(account: Account, invoice: Json) -> Json:
    """Close an open invoice as paid and tell of it."""
    invoice = objects.get(account, KIND, invoice["id"])
    payment = invoice_payments.of_invoice(account, invoice["id"])
    if payment:
        invoice_payments.pay(account, payment)
    invoice |= {
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "attempt_count": max(1, invoice["attempt_count"]),
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
    }
    invoice["status_transitions"]["paid_at"] = account.timestamp()
    account.save(KIND, invoice)
    events.emit(account, "invoice.paid", invoice)
    events.emit(account, "invoice.payment_succeeded", invoice)
    return invoice


def attempted(account: Account, invoice: Json, decline: str | None = None) -> Json:
    """Note that an attempt to collect failed and tell of it."""
    invoice = objects.get(account, KIND, invoice["id"])
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    account.save(KIND, invoice)
    events.emit(account, "invoice.payment_failed", invoice)
    if decline == "authentication_required":
        events.emit(account, "invoice.payment_action_required", invoice)
    return invoice


def is_processing(account: Account, invoice: Json) -> bool:
    """Say whether a debit for this invoice is still on its way."""
    payment = invoice_payments.of_invoice(account, invoice["id"])
    if payment is None:
        return False
    intent = objects.get(account, "payment_intents", payment["payment"]["payment_intent"])
    return bool(intent["status"] == "processing")


def _intent(account: Account, invoice: Json, given: Json | None) -> Json:
    """Use the intent this invoice already has, or the given one, or a new one."""
    payment = invoice_payments.of_invoice(account, invoice["id"])
    if payment:
        return objects.get(account, "payment_intents", payment["payment"]["payment_intent"])
    intent = given or payment_intents.make(
        account,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        types=["card", "sepa_debit"] if invoice["currency"] == "eur" else ["card"],
        data={"description": "Subscription", "setup_future_usage": "off_session"},
    )
    invoice_payments.make(account, invoice, intent)
    return intent

"""Let delayed money arrive, or not, and tell everything that waited for it."""

from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.stripe import (
    collection,
    events,
    invoice_payments,
    objects,
    payment_intents,
    setup_intents,
    subscriptions,
)
from app.sandbox.world import Account


@timed("stripe.payment_intent.settle")
def settle_payment(account: Account, id: str) -> None:
    intent = account.load("payment_intents", id)
    if intent is None or intent["status"] != "processing":
        return
    intent = payment_intents.settle(account, intent)
    succeeded = intent["status"] == "succeeded"
    payment = invoice_payments.of_intent(account, id)
    if payment:
        _settle_invoice(account, payment["invoice"], succeeded)
    for session in account.find("checkout_sessions", lambda s: _waits_for(s, id)):
        _settle_session(account, session, succeeded)


@timed("stripe.setup_intent.settle")
def settle_setup(account: Account, id: str) -> None:
    intent = account.load("setup_intents", id)
    if intent and intent["status"] == "processing":
        method = objects.get(account, "payment_methods", intent["payment_method"])
        setup_intents.succeed(account, intent, method)


def _settle_invoice(account: Account, id: str, succeeded: bool) -> None:
    invoice = objects.get(account, "invoices", id)
    if invoice["status"] != "open":
        return
    if succeeded:
        invoice = collection.mark_paid(account, invoice)
    else:
        # The attempt was counted when the debit began.
        tries = invoice["attempt_count"] - 1
        invoice = account.save("invoices", {**invoice, "attempt_count": tries})
        invoice = collection.attempted(account, invoice)
    subscriptions.follow(account, invoice)


def _settle_session(account: Account, session: Json, succeeded: bool) -> None:
    if succeeded:
        session["payment_status"] = "paid"
        account.save("checkout_sessions", session)
    outcome = "succeeded" if succeeded else "failed"
    events.emit(account, f"checkout.session.async_payment_{outcome}", session)


def _waits_for(session: Json, intent_id: str) -> bool:
    own = session["payment_intent"] or session.get("_payment_intent")
    return bool(own == intent_id and session["payment_status"] == "unpaid")

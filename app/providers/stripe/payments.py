"""Watch, make and refund payments, each a PaymentIntent."""

from __future__ import annotations

from datetime import datetime

from app.providers import base, errors
from app.providers.stripe import params, states, wire
from app.providers.stripe.client import Client, Json

# How far back a look at a subscription reaches: a year of months, and some refused attempts.
_INVOICES = 12
_INTENTS = 50
_EVERY = 1_000_000


def fetch(client: Client, provider_id: str) -> base.PaymentState:
    """Answer the present truth about a payment, with the subscription it is for."""
    query = {"expand": ("latest_charge", "payment_method")}
    intent = client.get("payment_intents", provider_id, params=query)
    if states.uuid(intent) is not None:
        return states.payment(intent)
    bill = _invoice_of(client, provider_id) or {}
    return states.payment(
        intent,
        subscription_id=states.invoice_subscription(bill),
        invoice_id=bill.get("id"),
    )


def fetch_all(client: Client, since: datetime) -> tuple[base.PaymentState, ...]:
    """Answer the account's payments from a moment on, newest first."""
    begun = {"gte": wire.write_time(since)}
    query = {"created": begun, "expand": ("data.latest_charge", "data.payment_method")}
    found = client.each("payment_intents", params=query, most=_EVERY)
    return tuple(states.payment(intent) for intent in found)


def charge(client: Client, request: base.ChargeRequest, *, key: str) -> base.PaymentState:
    """Charge a saved method while the payer is away; raises Declined."""
    body = params.charge(request) | {"expand": ("latest_charge", "payment_method")}
    state = states.payment(client.post("payment_intents", params=body, key=key))
    if state.status in ("failed", "action_needed"):
        raise errors.Declined(
            "Stripe: the payer would have to confirm this payment",
            code="authentication_required",
            reason="authentication",
        )
    return state


def refund(client: Client, request: base.RefundRequest, *, key: str) -> base.RefundState:
    """Give money back."""
    return states.refund(client.post("refunds", params=params.refund(request), key=key))


def fetch_refunds(client: Client, payment_id: str) -> tuple[base.RefundState, ...]:
    """Answer a payment's refunds, oldest first."""
    found = client.each("refunds", params={"payment_intent": payment_id})
    return tuple(states.refund(refund) for refund in found)[::-1]


def find(client: Client, uuid: str, *, customer_id: str) -> base.PaymentState | None:
    """Look for a payment of a customer by our uuid."""
    query = {"customer": customer_id, "expand": ("data.latest_charge",)}
    for intent in client.each("payment_intents", params=query):
        if states.uuid(intent) == uuid:
            return states.payment(intent)
    return None


def of_invoice(
    client: Client, invoice_id: str, *, subscription_id: str | None, uuid: str | None
) -> tuple[base.PaymentState, ...]:
    """Answer the attempts to pay one invoice, newest first."""
    query = {"invoice": invoice_id, "expand": ("data.payment.payment_intent.latest_charge",)}
    links = client.get("invoice_payments", params=query)["data"]
    intents = [link["payment"].get("payment_intent") for link in links]
    return tuple(
        states.payment(
            intent, subscription_id=subscription_id, invoice_id=invoice_id, checkout_uuid=uuid
        )
        for intent in intents
        if isinstance(intent, dict)
    )


def bills_of(client: Client, subscription_id: str) -> list[Json]:
    """Answer a subscription's latest invoices as Stripe has them, newest first."""
    query = {"subscription": subscription_id, "limit": _INVOICES, "expand": ("data.payments",)}
    bills: list[Json] = client.get("invoices", params=query)["data"]
    return bills


def of_bills(
    client: Client, bills: list[Json], *, subscription_id: str, customer_id: str
) -> tuple[base.PaymentState, ...]:
    """Answer the attempts to pay a subscription's invoices, newest first."""
    invoices = {intent: bill["id"] for bill in bills for intent in states.invoice_intents(bill)}
    if not invoices:
        return ()
    query = {"customer": customer_id, "limit": _INTENTS, "expand": ("data.latest_charge",)}
    intents = client.get("payment_intents", params=query)["data"]
    return tuple(
        states.payment(intent, subscription_id=subscription_id, invoice_id=invoices[intent["id"]])
        for intent in intents
        if intent["id"] in invoices
    )


def _invoice_of(client: Client, intent_id: str) -> Json | None:
    query = {
        "payment": {"type": "payment_intent", "payment_intent": intent_id},
        "expand": ("data.invoice",),
    }
    links = client.get("invoice_payments", params=query)["data"]
    return next((link["invoice"] for link in links if isinstance(link["invoice"], dict)), None)

"""Find an account's objects, or refuse as Mollie does; make a payment's record."""

from decimal import Decimal

from app.sandbox.mollie import money, times
from app.sandbox.mollie.refusals import gone, missing
from app.sandbox.store import Json
from app.sandbox.world import Account

PAYMENT_ENDS = ("paid", "failed", "canceled", "expired")


def customer(account: Account, id: str) -> Json:
    """Give the customer; refuses with 404, or 410 once deleted."""
    found = account.load("customers", id)
    if found is None:
        raise missing("customers", id)
    if found["isDeleted"]:
        raise gone("customers")
    return found


def mandate(account: Account, customer_id: str, id: str) -> Json:
    """Give the customer's mandate; refuses with 404, or 410 once revoked."""
    found = _owned(account, "mandates", id, customer_id)
    if found["isRevoked"]:
        raise gone("mandates")
    return found


def subscription(account: Account, customer_id: str, id: str) -> Json:
    """Give the customer's subscription; refuses with 404."""
    return _owned(account, "subscriptions", id, customer_id)


def payment(account: Account, id: str) -> Json:
    """Give the payment; refuses with 404."""
    found = account.load("payments", id)
    if found is None:
        raise missing("payments", id)
    return found


def of_payment(account: Account, kind: str, payment_id: str, id: str) -> Json:
    """Give a refund or chargeback of the payment; refuses with 404."""
    payment(account, payment_id)
    found = account.load(kind, id)
    if found is None or found["paymentId"] != payment_id:
        raise missing(kind, id)
    return found


def new_payment(account: Account, given: Json) -> Json:
    """Make a payment's record with every field it may ever have; it is not kept yet."""
    empty = ("redirectUrl", "cancelUrl", "webhookUrl", "method", "locale", "metadata", "lines")
    unknown = ("customerId", "mandateId", "subscriptionId", "details", "expiresAt", "challenge")
    return {
        "id": account.mint("tr_", 10),
        "status": "open",
        "sequenceType": "oneoff",
        "createdAt": times.moment(account),
        **dict.fromkeys((*empty, *unknown, *(f"{end}At" for end in PAYMENT_ENDS))),
        "allowed": [],
        "refunded": "0",
        "chargedBack": "0",
        **given,
    }


def refundable(payment: Json) -> Decimal:
    """Answer what can still be given back of a paid payment."""
    return money.decimal(payment["amount"]) - Decimal(payment["refunded"])


def _owned(account: Account, kind: str, id: str, customer_id: str) -> Json:
    customer(account, customer_id)
    found = account.load(kind, id)
    if found is None or found["customerId"] != customer_id:
        raise missing(kind, id)
    return found

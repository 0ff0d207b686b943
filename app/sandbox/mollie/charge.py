"""Charging a customer who is not there, by a mandate."""

from datetime import timedelta

from app.sandbox.mollie import cards, grant, methods, money, records, settle
from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json
from app.sandbox.world import Account


def mandate(account: Account, given: Json, *, subscription_id: str | None = None) -> Json:
    """Make a recurring payment: cards and PayPal answer at once, a direct debit takes days."""
    customer_id = given.get("customerId")
    if customer_id is None:
        raise invalid("customerId", "A customer is required for a recurring payment")
    records.customer(account, customer_id)
    wanted = given.pop("method", None) or [None]
    chosen = grant.usable(account, customer_id, given.get("mandateId"), wanted[0])
    _check(given["amount"], chosen)
    payment = records.new_payment(
        account,
        {
            **given,
            "sequenceType": "recurring",
            "mandateId": chosen["id"],
            "method": chosen["method"],
            "details": _details(account, chosen),
            "subscriptionId": subscription_id,
        },
    )
    account.save("payments", payment)
    _settle(account, payment, chosen["failsWith"])
    return records.payment(account, payment["id"])


def _check(amount: Json, mandate: Json) -> None:
    if money.decimal(amount) == 0:
        raise invalid("amount", "The amount is lower than the minimum")
    if amount["currency"] not in methods.METHODS[mandate["method"]].currencies:
        raise invalid("amount", "The mandate's method does not take this currency")


def _settle(account: Account, payment: Json, fails_with: str | None) -> None:
    if payment["method"] == "directdebit":
        days = timedelta(days=settle.DEBIT_DAYS)
        settle.wait(account, payment, days, fails_with=fails_with)
    elif fails_with:
        settle.fail(account, payment, fails_with)
    else:
        settle.pay(account, payment)


def _details(account: Account, mandate: Json) -> Json:
    details = dict(mandate["details"])
    if mandate["method"] == "creditcard":
        return {**details, "cardFunding": "credit", "cardSecurity": "normal"}
    if mandate["method"] == "paypal":
        return {**cards.paypal_details(), **details}
    due = (account.now() + timedelta(days=settle.DEBIT_DAYS)).date().isoformat()
    return {**details, "dueDate": due, "signatureDate": mandate["signatureDate"]}

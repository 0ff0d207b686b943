"""What becomes of a payment: paid, failed, canceled, expired, or pending first."""

from datetime import timedelta
from decimal import Decimal

from app.sandbox.mollie import cards, grant, money, times, webhooks
from app.sandbox.mollie.methods import METHODS
from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.world import Account

# How long a payment delayed on its page, and a direct debit, stay pending.
DELAY = timedelta(days=1)
DEBIT_DAYS = 3


def pay(account: Account, payment: Json, *, fails_later: str | None = None) -> None:
    """Settle a payment that has its method and details; a first one makes its mandate."""
    if account.takes_fault("wrong_amount", "/mollie/v2/payments", payment["id"]):
        wrong = money.decimal(payment["amount"]) + Decimal(1)
        payment["amount"] = money.write(wrong, payment["amount"]["currency"])
    mandate_method = METHODS[payment["method"]].mandate
    if payment["sequenceType"] == "first" and mandate_method:
        mandate = grant.after(account, payment, mandate_method, fails_later)
        payment["mandateId"] = mandate["id"]
    _end(account, payment, "paid")


def fail(account: Account, payment: Json, reason: str | None) -> None:
    """End a payment the card's issuer, or the bank of a direct debit, refuses."""
    why: Json = {}
    if reason and payment["method"] == "directdebit":
        why = {"bankReasonCode": reason, "bankReason": cards.DEBIT_REASONS[reason]}
    elif reason:
        why = {"failureReason": reason, "failureMessage": reason.replace("_", " ").capitalize()}
    payment["details"] = {**(payment["details"] or {}), **why}
    if reason in cards.ENDS_MANDATE:
        grant.invalidate(account, payment["mandateId"])
    _end(account, payment, "failed")


def cancel(account: Account, payment: Json) -> None:
    """End an open payment because payer or shop wants no more of it."""
    _end(account, payment, "canceled")


def expire(account: Account, payment: Json) -> None:
    """End an open payment nobody paid in time."""
    _end(account, payment, "expired")


def wait(
    account: Account,
    payment: Json,
    span: timedelta,
    *,
    fails_with: str | None = None,
    fails_later: str | None = None,
) -> None:
    """Leave a payment pending for a span; Mollie makes no call for that."""
    payment["status"] = "pending"
    account.save("payments", payment)
    account.later(
        span,
        "mollie.payment.settle",
        id=payment["id"],
        fails_with=fails_with,
        fails_later=fails_later,
    )


@timed("mollie.payment.settle")
def settle_in_time(
    account: Account, id: str, fails_with: str | None, fails_later: str | None
) -> None:
    payment = account.load("payments", id)
    if payment is None or payment["status"] != "pending":
        return
    if fails_with:
        fail(account, payment, fails_with)
    else:
        pay(account, payment, fails_later=fails_later)


@timed("mollie.payment.expire")
def expire_in_time(account: Account, id: str) -> None:
    payment = account.load("payments", id)
    if payment is not None and payment["status"] == "open":
        expire(account, payment)


def _end(account: Account, payment: Json, status: str) -> None:
    payment["status"] = status
    payment[f"{status}At"] = times.moment(account)
    payment["challenge"] = None
    account.save("payments", payment)
    webhooks.call(account, payment)

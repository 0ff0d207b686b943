"""The bank's and the shop's back office: money goes back without a call of the portal's."""

from decimal import Decimal, InvalidOperation
from typing import Any

from app.sandbox.mollie import chargebacks
from app.sandbox.mollie import refunds as mollie_refunds
from app.sandbox.store import Json
from app.sandbox.stripe import disputes
from app.sandbox.stripe import refunds as stripe_refunds
from app.sandbox.world import Account, World


class NoPayment(Exception):
    """There is no payment that money could go back from."""


def charge_back(world: World, payment_id: str) -> None:
    """Let the payer's bank take a payment back whole; raises NoPayment."""
    account = _account(world, payment_id)
    with account.transaction():
        if account.provider == "stripe":
            is_done = disputes.make(account, payment_id) is not None
        else:
            is_done = _charge_back_at_mollie(account, payment_id)
    if not is_done:
        raise NoPayment(f"{payment_id} is not paid, or was taken back before.")


def refund(world: World, payment_id: str, amount: int | None) -> None:
    """Give a payment back as a person would in the provider's dashboard: `amount` minor units, or
    all that is left. Raises NoPayment, and the provider's own refusals."""
    account = _account(world, payment_id)
    with account.transaction():
        if account.provider == "stripe":
            asked = {"payment_intent": payment_id} | ({} if amount is None else {"amount": amount})
            stripe_refunds.create(account, asked)
        else:
            body = {"amount": _mollie_amount(account, payment_id, amount)}
            mollie_refunds.create(account, {"body": body, "query": {}}, payment_id)


def _account(world: World, payment_id: str) -> Account:
    provider, kind = (
        ("stripe", "payment_intents") if payment_id.startswith("pi_") else ("mollie", "payments")
    )
    account = world.owner_of(provider, kind, payment_id)
    if account is None:
        raise NoPayment(f"There is no payment {payment_id!r}.")
    return account


def _charge_back_at_mollie(account: Account, payment_id: str) -> bool:
    payment = account.load("payments", payment_id)
    if payment is None or payment["status"] != "paid" or payment["chargedBack"] != "0":
        return False
    chargebacks.make(account, payment)
    return True


def _mollie_amount(account: Account, payment_id: str, minor: int | None) -> Json:
    payment: Any = account.load("payments", payment_id)
    paid = Decimal(payment["amount"]["value"])
    try:
        value = paid - Decimal(payment["refunded"])
        if minor is not None:
            value = Decimal(minor).scaleb(paid.as_tuple().exponent)  # type: ignore[arg-type]
    except InvalidOperation:
        raise NoPayment(f"{minor} is no amount.") from None
    return {"currency": payment["amount"]["currency"], "value": str(value)}

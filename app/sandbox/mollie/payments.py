"""Payments: made, read, changed, canceled."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.sandbox.gateway import Routes
from app.sandbox.mollie import (
    charge,
    fields,
    formats,
    lists,
    methods,
    money,
    records,
    settle,
    times,
)
from app.sandbox.mollie.lines import read as read_lines
from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json
from app.sandbox.world import Account

routes = Routes()
FIELDS: Mapping[str, fields.Check] = {
    "amount": money.amount,
    "description": fields.description,
    "redirectUrl": fields.url,
    "cancelUrl": fields.url,
    "webhookUrl": fields.webhook_url,
    "method": methods.names,
    "locale": fields.locale,
    "metadata": fields.metadata,
    "sequenceType": fields.one_of("oneoff", "first", "recurring"),
    "customerId": fields.text,
    "mandateId": fields.text,
    "lines": read_lines,
    "billingAddress": fields.address,
    "shippingAddress": fields.address,
}
NOT_PLAYED = (
    *("applePayPaymentToken", "applicationFee", "captureDelay", "captureMode", "cardToken"),
    *("company", "consumerDateOfBirth", "customerReference", "digitalGoods", "dueDate"),
    *("extraMerchantData", "googlePayPaymentToken", "issuer", "restrictPaymentMethodsToCountry"),
    *("routing", "sessionId", "storeCredentials", "terminalId", "voucherNumber", "voucherPin"),
)
CHANGEABLE = (
    *("description", "redirectUrl", "cancelUrl", "webhookUrl", "metadata", "locale", "method"),
    *("billingAddress", "shippingAddress"),
)


@routes.post("/v2/payments")
def create(account: Account, params: Json) -> Json:
    return _create(account, params)


@routes.post("/v2/customers/<customer_id>/payments")
def create_for(account: Account, params: Json, customer_id: str) -> Json:
    records.customer(account, customer_id)
    return _create(account, {**params, "body": {**params["body"], "customerId": customer_id}})


@routes.get("/v2/payments")
def list_payments(account: Account, params: Json) -> Json:
    found = account.find("payments")
    return lists.page(account, "/payments", "payments", found, params["query"], formats.payment)


@routes.get("/v2/customers/<customer_id>/payments")
def list_of(account: Account, params: Json, customer_id: str) -> Json:
    records.customer(account, customer_id)
    found = account.find("payments", lambda p: bool(p["customerId"] == customer_id))
    path = f"/customers/{customer_id}/payments"
    return lists.page(account, path, "payments", found, params["query"], formats.payment)


@routes.get("/v2/payments/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    query = fields.query(params["query"], "include", "embed")
    payment = records.payment(account, id)
    return {
        **formats.payment(account, payment),
        **_embedded(account, payment, query.get("embed", "")),
    }


@routes.patch("/v2/payments/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    """Change an open payment; Mollie makes no call for it."""
    payment = records.payment(account, id)
    given = fields.read(params["body"], {name: FIELDS[name] for name in CHANGEABLE})
    if payment["status"] in records.PAYMENT_ENDS and set(given) & {
        "method",
        "locale",
        "redirectUrl",
    }:
        raise invalid("status", "The payment is already final and cannot be changed so")
    names = given.pop("method", None)
    if names:
        given.update(_chosen(names, payment["sequenceType"], payment["amount"]))
    payment.update(given)
    return formats.payment(account, account.save("payments", payment))


@routes.delete("/v2/payments/<id>")
def cancel(account: Account, params: Json, id: str) -> Json:
    fields.read(params["body"], {})
    payment = records.payment(account, id)
    if not methods.is_cancelable(payment):
        raise invalid("id", "The payment cannot be canceled")
    settle.cancel(account, payment)
    return formats.payment(account, payment)


def _create(account: Account, params: Json) -> Json:
    fields.query(params["query"], "include")
    given = fields.read(
        params["body"], FIELDS, required=("amount", "description"), not_played=NOT_PLAYED
    )
    _check_lines(given)
    if given.get("sequenceType") == "recurring":
        return formats.payment(account, charge.mandate(account, given))
    return formats.payment(account, _open(account, given))


def _open(account: Account, given: Json) -> Json:
    sequence = given.get("sequenceType", "oneoff")
    if "redirectUrl" not in given:
        raise invalid("redirectUrl", "The redirectUrl is required for this payment")
    if "mandateId" in given:
        raise invalid("mandateId", "A mandate is only charged by a recurring payment")
    if sequence == "first" and "customerId" not in given:
        raise invalid("customerId", "A customer is required for a first payment")
    if "customerId" in given:
        records.customer(account, given["customerId"])
    names = given.pop("method", None)
    given.update(_chosen(names, sequence, given["amount"]))
    payment = records.new_payment(account, given)
    stays_open = _stays_open(payment["method"])
    payment["expiresAt"] = times.write(account.now() + stays_open)
    account.later(stays_open, "mollie.payment.expire", id=payment["id"])
    return account.save("payments", payment)


def _chosen(names: list[str] | None, sequence: str, amount: Json) -> Json:
    possible = [method.id for method in methods.possible(sequence, amount["currency"])]
    allowed = [name for name in possible if names is None or name in names]
    if money.decimal(amount) == 0:
        free = [n for n in allowed if methods.METHODS[n].takes_nothing and sequence == "first"]
        if not free:
            raise invalid("amount", "The amount is lower than the minimum")
        allowed = free
    if not allowed:
        raise invalid("method", "No suitable payment methods found for this payment")
    only = names is not None and len(names) == 1
    return {"allowed": allowed, "method": allowed[0] if only else None}


def _stays_open(method: str | None) -> timedelta:
    return methods.METHODS[method].stays_open if method else methods.UNDECIDED_STAYS_OPEN


def _check_lines(given: Json) -> None:
    lines = given.get("lines")
    if lines and sum(money.decimal(line["totalAmount"]) for line in lines) != money.decimal(
        given["amount"]
    ):
        raise invalid("lines", "The amount of the payment is not the sum of its lines")


def _embedded(account: Account, payment: Json, wanted: str) -> dict[str, Any]:
    names = {name for name in wanted.split(",") if name}
    if not names <= {"refunds", "chargebacks"}:
        raise invalid("embed", "The embed parameter names something that cannot be embedded")
    writers = {"refunds": formats.refund, "chargebacks": formats.chargeback}
    embedded = {
        name: [
            writers[name](account, record)
            for record in account.find(name, lambda r: bool(r["paymentId"] == payment["id"]))
        ]
        for name in sorted(names)
    }
    return {"_embedded": embedded} if embedded else {}

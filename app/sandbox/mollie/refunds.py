"""Refunds: money given back, at once promised, later done."""

from datetime import timedelta
from decimal import Decimal

from app.sandbox.gateway import Answer, Routes
from app.sandbox.mollie import fields, formats, lists, money, records, times, webhooks
from app.sandbox.mollie.refusals import invalid, refusal
from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.world import Account

routes = Routes()
FIELDS = {
    "amount": money.amount,
    "description": fields.description,
    "metadata": fields.metadata,
}
NOT_PLAYED = ("reverseRouting", "routingReversals")
# A refund can be taken back while it is pending; then it is processed, then done.
STEPS = {
    "pending": ("processing", timedelta(hours=2)),
    "processing": ("refunded", timedelta(days=1)),
}
DUPLICATE_WINDOW = timedelta(hours=1)


@routes.post("/v2/payments/<payment_id>/refunds")
def create(account: Account, params: Json, payment_id: str) -> Json:
    payment = records.payment(account, payment_id)
    given = fields.read(params["body"], FIELDS, required=("amount",), not_played=NOT_PLAYED)
    _check(account, payment, given["amount"])
    refund: Json = {
        "id": account.mint("re_", 10),
        "paymentId": payment_id,
        "status": "pending",
        "description": payment["description"],
        "metadata": None,
        **given,
        "createdAt": times.moment(account),
    }
    payment["refunded"] = str(Decimal(payment["refunded"]) + money.decimal(given["amount"]))
    account.save("payments", payment)
    account.save("refunds", refund)
    _plan(account, refund)
    return formats.refund(account, refund)


@routes.get("/v2/payments/<payment_id>/refunds")
def list_of(account: Account, params: Json, payment_id: str) -> Json:
    records.payment(account, payment_id)
    found = account.find("refunds", lambda r: bool(r["paymentId"] == payment_id))
    path = f"/payments/{payment_id}/refunds"
    return lists.page(account, path, "refunds", found, params["query"], formats.refund)


@routes.get("/v2/refunds")
def list_all(account: Account, params: Json) -> Json:
    found = account.find("refunds")
    return lists.page(account, "/refunds", "refunds", found, params["query"], formats.refund)


@routes.get("/v2/payments/<payment_id>/refunds/<id>")
def retrieve(account: Account, params: Json, payment_id: str, id: str) -> Json:
    fields.query(params["query"], "embed")
    return formats.refund(account, records.of_payment(account, "refunds", payment_id, id))


@routes.delete("/v2/payments/<payment_id>/refunds/<id>")
def cancel(account: Account, params: Json, payment_id: str, id: str) -> Answer:
    refund = records.of_payment(account, "refunds", payment_id, id)
    if refund["status"] != "pending":
        raise invalid("id", "The refund is being processed and cannot be canceled")
    payment = records.payment(account, payment_id)
    payment["refunded"] = str(Decimal(payment["refunded"]) - money.decimal(refund["amount"]))
    account.save("payments", payment)
    account.save("refunds", {**refund, "status": "canceled"})
    return Answer(204, None)


@timed("mollie.refund.go_on")
def go_on(account: Account, id: str) -> None:
    refund = account.load("refunds", id)
    if refund is None or refund["status"] not in STEPS:
        return
    refund["status"] = STEPS[refund["status"]][0]
    account.save("refunds", refund)
    _plan(account, refund)
    webhooks.call(account, records.payment(account, refund["paymentId"]))


def _check(account: Account, payment: Json, amount: Json) -> None:
    if payment["status"] != "paid":
        raise invalid("id", "The payment is not paid, so it cannot be refunded")
    if amount["currency"] != payment["amount"]["currency"]:
        raise invalid("amount", "The refund must have the currency of the payment")
    if not 0 < money.decimal(amount) <= records.refundable(payment):
        raise invalid("amount", "The amount is higher than the amount that can be refunded")
    since = account.now() - DUPLICATE_WINDOW
    twins = account.find(
        "refunds",
        lambda r: bool(
            r["paymentId"] == payment["id"]
            and r["amount"] == amount
            and r["status"] != "canceled"
            and times.read(r["createdAt"]) > since
        ),
    )
    if twins:
        raise refusal(409, "A refund of the same amount was made within the last hour", "amount")


def _plan(account: Account, refund: Json) -> None:
    if refund["status"] in STEPS:
        account.later(STEPS[refund["status"]][1], "mollie.refund.go_on", id=refund["id"])

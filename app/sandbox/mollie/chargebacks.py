"""Chargebacks: money the payer's bank takes back."""

from app.sandbox.gateway import Routes
from app.sandbox.mollie import fields, formats, lists, records, times, webhooks
from app.sandbox.store import Json
from app.sandbox.world import Account

routes = Routes()


def make(account: Account, payment: Json) -> None:
    """Take a paid payment back whole, as the payer's bank would, and tell the shop."""
    account.save(
        "chargebacks",
        {
            "id": account.mint("chb_", 6),
            "paymentId": payment["id"],
            "amount": payment["amount"],
            "reason": {"code": "MD06", "description": "Refund requested by the payer"},
            "createdAt": times.moment(account),
            "reversedAt": None,
        },
    )
    payment["chargedBack"] = payment["amount"]["value"]
    account.save("payments", payment)
    webhooks.call(account, payment)


@routes.get("/v2/payments/<payment_id>/chargebacks")
def list_of(account: Account, params: Json, payment_id: str) -> Json:
    records.payment(account, payment_id)
    found = account.find("chargebacks", lambda c: bool(c["paymentId"] == payment_id))
    path = f"/payments/{payment_id}/chargebacks"
    return lists.page(account, path, "chargebacks", found, params["query"], formats.chargeback)


@routes.get("/v2/chargebacks")
def list_all(account: Account, params: Json) -> Json:
    found = account.find("chargebacks")
    return lists.page(
        account, "/chargebacks", "chargebacks", found, params["query"], formats.chargeback
    )


@routes.get("/v2/payments/<payment_id>/chargebacks/<id>")
def retrieve(account: Account, params: Json, payment_id: str, id: str) -> Json:
    fields.query(params["query"], "embed")
    chargeback = records.of_payment(account, "chargebacks", payment_id, id)
    return formats.chargeback(account, chargeback)

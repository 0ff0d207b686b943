"""Mandates: the right to charge a customer again, by card, direct debit or PayPal."""

from app.sandbox.gateway import Answer, Routes
from app.sandbox.mollie import fields, formats, grant, lists, records
from app.sandbox.mollie import revoke as revoking
from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json
from app.sandbox.world import Account

FIELDS = {
    "method": fields.one_of("directdebit", "paypal"),
    "consumerName": fields.text,
    "consumerAccount": fields.text,
    "consumerBic": fields.text,
    "consumerEmail": fields.text,
    "signatureDate": fields.day,
    "mandateReference": fields.text,
    "paypalBillingAgreementId": fields.text,
}
routes = Routes()


@routes.post("/v2/customers/<customer_id>/mandates")
def create(account: Account, params: Json, customer_id: str) -> Json:
    records.customer(account, customer_id)
    given = fields.read(params["body"], FIELDS, required=("method", "consumerName"))
    needed = "consumerAccount" if given["method"] == "directdebit" else "consumerEmail"
    if needed not in given:
        raise invalid(needed, f"The {needed} is required for this method")
    details = {
        "consumerName": given["consumerName"],
        "consumerAccount": given[needed],
        "consumerBic": given.get("consumerBic"),
    }
    chosen = {n: given[n] for n in ("signatureDate", "mandateReference") if n in given}
    mandate = grant.mandate(account, customer_id, method=given["method"], details=details, **chosen)
    return formats.mandate(account, mandate)


@routes.get("/v2/customers/<customer_id>/mandates")
def list_mandates(account: Account, params: Json, customer_id: str) -> Json:
    records.customer(account, customer_id)
    mandates = account.find(
        "mandates", lambda m: bool(m["customerId"] == customer_id and not m["isRevoked"])
    )
    path = f"/customers/{customer_id}/mandates"
    return lists.page(account, path, "mandates", mandates, params["query"], formats.mandate)


@routes.get("/v2/customers/<customer_id>/mandates/<id>")
def retrieve(account: Account, params: Json, customer_id: str, id: str) -> Json:
    fields.query(params["query"])
    return formats.mandate(account, records.mandate(account, customer_id, id))


@routes.delete("/v2/customers/<customer_id>/mandates/<id>")
def revoke(account: Account, params: Json, customer_id: str, id: str) -> Answer:
    revoking.mandate(account, records.mandate(account, customer_id, id))
    return Answer(204, None)

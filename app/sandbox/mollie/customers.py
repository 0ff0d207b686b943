"""Customers: who pays."""

from app.sandbox.gateway import Answer, Routes
from app.sandbox.mollie import fields, formats, lists, records, revoke, times
from app.sandbox.store import Json
from app.sandbox.world import Account

routes = Routes()
FIELDS = {
    "name": fields.text,
    "email": fields.text,
    "locale": fields.locale,
    "metadata": fields.metadata,
}


@routes.post("/v2/customers")
def create(account: Account, params: Json) -> Json:
    given = fields.read(params["body"], FIELDS)
    customer: Json = {
        "id": account.mint("cst_", 10),
        "name": None,
        "email": None,
        "locale": None,
        "metadata": None,
        **given,
        "createdAt": times.moment(account),
        "isDeleted": False,
    }
    return formats.customer(account, account.save("customers", customer))


@routes.get("/v2/customers")
def list_customers(account: Account, params: Json) -> Json:
    customers = account.find("customers", lambda customer: not customer["isDeleted"])
    return lists.page(
        account, "/customers", "customers", customers, params["query"], formats.customer
    )


@routes.get("/v2/customers/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    fields.query(params["query"])
    return formats.customer(account, records.customer(account, id))


@routes.patch("/v2/customers/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    customer = records.customer(account, id)
    customer.update(fields.read(params["body"], FIELDS))
    return formats.customer(account, account.save("customers", customer))


@routes.delete("/v2/customers/<id>")
def delete(account: Account, params: Json, id: str) -> Answer:
    """Delete a customer; its mandates and subscriptions end with it."""
    customer = records.customer(account, id)
    for mandate in account.find("mandates", lambda m: bool(m["customerId"] == id)):
        revoke.mandate(account, mandate)
    account.save("customers", {**customer, "isDeleted": True})
    return Answer(204, None)

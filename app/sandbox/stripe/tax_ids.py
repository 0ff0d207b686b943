"""A customer's tax ids."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import customers, errors, lists
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "tax_ids"


@routes.post("/v1/customers/<customer>/tax_ids")
def create(account: Account, params: Json, customer: str) -> Json:
    customers.present(account, customer, "id")
    return make(account, customer, params["type"], params["value"])


def make(account: Account, customer: str, type: str, value: str) -> Json:
    """Store a customer's tax id."""
    tax_id = blank(
        "tax_id",
        id=account.mint("txi_1"),
        country=value[:2].upper() if type == "eu_vat" else None,
        created=account.timestamp(),
        customer=customer,
        owner={"customer": customer, "customer_account": None, "type": "customer"},
        type=type,
        value=value,
        verification={"status": "pending", "verified_address": None, "verified_name": None},
    )
    return account.save(KIND, tax_id)


@routes.get("/v1/customers/<customer>/tax_ids")
def list_all(account: Account, params: Json, customer: str) -> Json:
    customers.present(account, customer, "id")
    url = f"/v1/customers/{customer}/tax_ids"
    return lists.page(account, KIND, params, url, lambda t: t["customer"] == customer)


@routes.delete("/v1/customers/<customer>/tax_ids/<id>")
def delete(account: Account, params: Json, customer: str, id: str) -> Json:
    found = account.load(KIND, id)
    if found is None or found["customer"] != customer:
        raise errors.no_such(KIND, id)
    account.delete(KIND, id)
    return {"id": id, "object": "tax_id", "deleted": True}

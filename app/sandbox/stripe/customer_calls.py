"""Calls about customers: made, shown, changed, deleted."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import (
    customers,
    errors,
    events,
    lists,
    objects,
    payment_methods,
    search,
    subscriptions,
    tax_ids,
)
from app.sandbox.world import Account

routes = Routes()


@routes.post("/v1/customers")
def create(account: Account, params: Json) -> Json:
    customer = customers.make(account, params)
    for given in params.get("tax_id_data", []):
        tax_ids.make(account, customer["id"], given["type"], given["value"])
    if "payment_method" in params:
        payment_methods.attach_to(account, params["payment_method"], customer["id"])
    return customer


@routes.get("/v1/customers")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "email")
    return lists.page(
        account, customers.KIND, params, "/v1/customers", lambda c: not c.get("deleted") and same(c)
    )


@routes.get("/v1/customers/search")
def find(account: Account, params: Json) -> Json:
    return search.search(account, customers.KIND, params, ("email", "name", "phone"))


@routes.get("/v1/customers/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    customer = objects.get(account, customers.KIND, id)
    return _deleted(id) if customer.get("deleted") else customer


@routes.post("/v1/customers/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    before = customers.present(account, id, "id")
    after = customers.present(account, id, "id")
    customers.change(account, after, params)
    return events.changed(account, customers.KIND, before, after, "customer.updated")


@routes.delete("/v1/customers/<id>")
def delete(account: Account, params: Json, id: str) -> Json:
    customer = customers.present(account, id, "id")
    for subscription in account.find("subscriptions", lambda s: s["customer"] == id):
        if subscription["status"] != "canceled":
            subscriptions.end(account, subscription, "cancellation_requested")
    account.save(customers.KIND, {**customer, "deleted": True})
    events.emit(account, "customer.deleted", customer)
    return _deleted(id)


@routes.get("/v1/customers/<id>/payment_methods")
def list_payment_methods(account: Account, params: Json, id: str) -> Json:
    customers.present(account, id, "id")
    same = lists.equal(params, "type", "allow_redisplay")
    url = f"/v1/customers/{id}/payment_methods"
    return lists.page(
        account, "payment_methods", params, url, lambda m: m["customer"] == id and same(m)
    )


@routes.get("/v1/customers/<customer>/payment_methods/<id>")
def retrieve_payment_method(account: Account, params: Json, customer: str, id: str) -> Json:
    customers.present(account, customer, "id")
    method = objects.get(account, "payment_methods", id)
    if method["customer"] != customer:
        raise errors.no_such("payment_methods", id)
    return method


def _deleted(id: str) -> Json:
    return {"id": id, "object": "customer", "deleted": True}

"""Subscriptions: a charge on each of their dates."""

from collections.abc import Mapping
from typing import Any

from app.sandbox.gateway import Routes
from app.sandbox.mollie import fields, formats, grant, lists, money, records, renew, times
from app.sandbox.mollie.refusals import invalid
from app.sandbox.store import Json
from app.sandbox.world import Account

routes = Routes()
LONGEST = {"day": 365, "week": 52, "month": 12}


def interval(value: Any, field: str) -> str:
    match = renew.INTERVAL.fullmatch(fields.text(value, field))
    if match is None or not 1 <= int(match[1]) <= LONGEST[match[2]]:
        raise invalid(field, "The interval must be days, weeks or months, at most one year")
    return str(value)


FIELDS: Mapping[str, fields.Check] = {
    "amount": money.amount,
    "times": fields.count,
    "interval": interval,
    "startDate": fields.day,
    "description": fields.description,
    "method": fields.one_of("creditcard", "directdebit", "paypal"),
    "mandateId": fields.text,
    "metadata": fields.metadata,
    "webhookUrl": fields.webhook_url,
}
UPDATABLE = tuple(name for name in FIELDS if name != "method")


@routes.post("/v2/customers/<customer_id>/subscriptions")
def create(account: Account, params: Json, customer_id: str) -> Json:
    records.customer(account, customer_id)
    required = ("amount", "interval", "description")
    given = fields.read(
        params["body"], FIELDS, required=required, not_played=("applicationFee", "profileId")
    )
    _check(account, customer_id, given)
    mandate = grant.usable(account, customer_id, given.get("mandateId"), given.get("method"))
    start = given.get("startDate", account.now().date().isoformat())
    subscription: Json = {
        "id": account.mint("sub_", 10),
        "customerId": customer_id,
        **dict.fromkeys(("times", "method", "metadata", "webhookUrl", "canceledAt")),
        **given,
        "mandateId": mandate["id"],
        "status": "pending" if mandate["status"] == "pending" else "active",
        "timesRemaining": given.get("times"),
        "startDate": start,
        "createdAt": times.moment(account),
    }
    return formats.subscription(
        account, renew.plan(account, {**subscription, **renew.begin_at(start)})
    )


@routes.get("/v2/customers/<customer_id>/subscriptions")
def list_of(account: Account, params: Json, customer_id: str) -> Json:
    records.customer(account, customer_id)
    found = account.find("subscriptions", lambda s: bool(s["customerId"] == customer_id))
    path = f"/customers/{customer_id}/subscriptions"
    return lists.page(account, path, "subscriptions", found, params["query"], formats.subscription)


@routes.get("/v2/subscriptions")
def list_all(account: Account, params: Json) -> Json:
    found = account.find("subscriptions")
    return lists.page(
        account, "/subscriptions", "subscriptions", found, params["query"], formats.subscription
    )


@routes.get("/v2/customers/<customer_id>/subscriptions/<id>")
def retrieve(account: Account, params: Json, customer_id: str, id: str) -> Json:
    fields.query(params["query"])
    return formats.subscription(account, records.subscription(account, customer_id, id))


@routes.patch("/v2/customers/<customer_id>/subscriptions/<id>")
def update(account: Account, params: Json, customer_id: str, id: str) -> Json:
    """Change what counts from the next charge on: there is no proration."""
    subscription = records.subscription(account, customer_id, id)
    if subscription["status"] not in renew.RUNNING:
        raise invalid("status", "The subscription has ended and cannot be changed")
    given = fields.read(params["body"], {name: FIELDS[name] for name in UPDATABLE})
    _check(account, customer_id, given, besides=id)
    if "mandateId" in given:
        grant.usable(account, customer_id, given["mandateId"])
        given["status"] = "active"
    if "startDate" in given:
        given.update(renew.begin_at(given["startDate"]))
    elif "interval" in given:
        given.update(renew.begin_at(subscription["nextPaymentDate"]))
    if "times" in given:
        given["timesRemaining"] = given["times"]
    return formats.subscription(account, renew.plan(account, {**subscription, **given}))


@routes.delete("/v2/customers/<customer_id>/subscriptions/<id>")
def cancel(account: Account, params: Json, customer_id: str, id: str) -> Json:
    fields.read(params["body"], {})
    subscription = records.subscription(account, customer_id, id)
    if subscription["status"] not in renew.RUNNING:
        raise invalid("id", "The subscription has already been canceled")
    return formats.subscription(account, renew.end(account, subscription))


@routes.get("/v2/customers/<customer_id>/subscriptions/<id>/payments")
def list_payments(account: Account, params: Json, customer_id: str, id: str) -> Json:
    records.subscription(account, customer_id, id)
    found = account.find("payments", lambda p: bool(p["subscriptionId"] == id))
    path = f"/customers/{customer_id}/subscriptions/{id}/payments"
    return lists.page(account, path, "payments", found, params["query"], formats.payment)


def _check(account: Account, customer_id: str, given: Json, besides: str = "") -> None:
    if "amount" in given and money.decimal(given["amount"]) == 0:
        raise invalid("amount", "The amount is lower than the minimum")
    if given.get("startDate", "9999-12-31") < account.now().date().isoformat():
        raise invalid("startDate", "The start date cannot be in the past")
    same = account.find(
        "subscriptions",
        lambda s: bool(
            s["customerId"] == customer_id
            and s["description"] == given.get("description")
            and s["status"] in renew.RUNNING
            and s["id"] != besides
        ),
    )
    if same:
        raise invalid("description", "A subscription with this description already exists")

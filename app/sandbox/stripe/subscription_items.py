"""Subscription items, read out of the subscriptions that hold them."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, lists, objects
from app.sandbox.world import Account

routes = Routes()
KIND = "subscription_items"


@routes.get("/v1/subscription_items")
def list_all(account: Account, params: Json) -> Json:
    subscription = objects.get(account, "subscriptions", params["subscription"], "subscription")
    return lists.cut(subscription["items"]["data"], params, "/v1/subscription_items", KIND)


@routes.get("/v1/subscription_items/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    for subscription in account.find("subscriptions"):
        for item in subscription["items"]["data"]:
            if item["id"] == id:
                found: Json = item
                return found
    raise errors.no_such(KIND, id)

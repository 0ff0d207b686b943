"""Calls about subscriptions: shown, changed, ended, resumed."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import (
    errors,
    lists,
    objects,
    pending_lines,
    renewals,
    search,
    subscription_changes,
    subscriptions,
)
from app.sandbox.world import Account

routes = Routes()


@routes.get("/v1/subscriptions")
def list_all(account: Account, params: Json) -> Json:
    status = params.get("status")
    same = lists.equal(params, "customer", "collection_method")

    def matches(subscription: Json) -> bool:
        if status is None and subscription["status"] == "canceled":
            return False
        if status == "ended" and subscription["status"] not in subscriptions.ENDED:
            return False
        if status not in (None, "all", "ended") and subscription["status"] != status:
            return False
        sold = [item["price"]["id"] for item in subscription["items"]["data"]]
        wanted = params.get("price", params.get("plan"))
        return same(subscription) and (wanted is None or wanted in sold)

    for name in ("automatic_tax", "current_period_end", "current_period_start", "test_clock"):
        if name in params:
            raise errors.not_done(f"{name} in GET /v1/subscriptions")
    return lists.page(account, subscriptions.KIND, params, "/v1/subscriptions", matches)


@routes.get("/v1/subscriptions/search")
def find(account: Account, params: Json) -> Json:
    return search.search(account, subscriptions.KIND, params, ("status",))


@routes.get("/v1/subscriptions/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, subscriptions.KIND, id)


@routes.post("/v1/subscriptions/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    subscription = objects.get(account, subscriptions.KIND, id)
    if subscription["status"] in subscriptions.ENDED:
        message = "A canceled subscription can only update its cancellation_details and metadata."
        if set(params) - {"metadata", "cancellation_details", "expand"}:
            raise errors.invalid(message)
    return subscription_changes.apply(account, subscription, params)


@routes.delete("/v1/subscriptions/<id>")
def cancel(account: Account, params: Json, id: str) -> Json:
    subscription = objects.get(account, subscriptions.KIND, id)
    if subscription["status"] in subscriptions.ENDED:
        raise errors.no_such(subscriptions.KIND, id)
    details = params.get("cancellation_details", {})
    for name in ("comment", "feedback"):
        if name in details:
            subscription["cancellation_details"][name] = details[name] or None
    account.save(subscriptions.KIND, subscription)
    if params.get("prorate"):
        pending_lines.credit_rest(account, subscription)
    if params.get("invoice_now"):
        pending_lines.bill_all(account, subscription)
    return subscriptions.end(
        account, objects.get(account, subscriptions.KIND, id), "cancellation_requested"
    )


@routes.post("/v1/subscriptions/<id>/resume")
def resume(account: Account, params: Json, id: str) -> Json:
    subscription = objects.get(account, subscriptions.KIND, id)
    if subscription["status"] != "paused":
        message = "Cannot resume subscription because it is not paused."
        raise errors.invalid(message, code="subscription_not_paused")
    for name in ("payment_behavior", "proration_behavior", "proration_date"):
        if name in params:
            raise errors.not_done(f"{name} in POST /v1/subscriptions/{{id}}/resume", name)
    renewals.restart(account, subscription)
    return objects.get(account, subscriptions.KIND, id)

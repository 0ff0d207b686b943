"""Webhook endpoints: where events go, which ones, and the secret that signs them."""

from urllib.parse import urlsplit

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, lists, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.stripe.objects import API_VERSION
from app.sandbox.world import Account

routes = Routes()
KIND = "webhook_endpoints"


@routes.post("/v1/webhook_endpoints")
def create(account: Account, params: Json) -> Json:
    _check_url(params["url"])
    _check_events(params["enabled_events"])
    endpoint = blank(
        "webhook_endpoint",
        id=account.mint("we_1"),
        api_version=params.get("api_version", API_VERSION),
        created=account.timestamp(),
        description=params.get("description") or None,
        enabled_events=params["enabled_events"],
        metadata=objects.merge_metadata(None, params.get("metadata")),
        status="enabled",
        url=params["url"],
        _secret=account.mint("whsec_", 32),
    )
    account.save(KIND, endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


@routes.get("/v1/webhook_endpoints")
def list_all(account: Account, params: Json) -> Json:
    return lists.page(account, KIND, params, "/v1/webhook_endpoints", lambda endpoint: True)


@routes.get("/v1/webhook_endpoints/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/webhook_endpoints/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    endpoint = objects.get(account, KIND, id)
    if "url" in params:
        _check_url(params["url"])
        endpoint["url"] = params["url"]
    if "enabled_events" in params:
        _check_events(params["enabled_events"])
        endpoint["enabled_events"] = params["enabled_events"]
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "description" in params:
        endpoint["description"] = params["description"] or None
    endpoint["metadata"] = objects.merge_metadata(endpoint["metadata"], params.get("metadata"))
    return account.save(KIND, endpoint)


@routes.delete("/v1/webhook_endpoints/<id>")
def delete(account: Account, params: Json, id: str) -> Json:
    objects.get(account, KIND, id)
    account.delete(KIND, id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def _check_url(url: str) -> None:
    # Stripe also refuses addresses that are not public; a sandbox is there to reach them.
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise errors.invalid(
            "Invalid URL: An explicit scheme must be provided.", "url", "url_invalid"
        )


def _check_events(enabled: list[str]) -> None:
    if not enabled:
        raise errors.invalid("You must enable at least one event.", "enabled_events")

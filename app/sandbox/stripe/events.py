"""Record what happened as Stripe's events and send them to the endpoints that listen."""

import hashlib
import hmac
import json
import time
from datetime import timedelta

from flask import g, has_request_context, request

from app.sandbox.deliveries import SENDERS, Sender
from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import lists, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.stripe.objects import API_VERSION, public
from app.sandbox.world import Account

routes = Routes()
KEPT = timedelta(days=30)


class StripeSender(Sender):
    """A sandbox of Stripe's tries three times more, over a few hours."""

    waits = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=5))

    def headers(self, delivery: Json) -> dict[str, str]:
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": sign(delivery["body"], delivery["extra"]["secret"], time.time()),
        }

    def is_taken(self, status: int) -> bool:
        return 200 <= status < 300


SENDERS["stripe"] = StripeSender()


def sign(body: str, secret: str, at: float) -> str:
    """Sign a body as Stripe does: HMAC-SHA256 over "<unix seconds>.<body>"."""
    signed = f"{int(at)}.{body}".encode()
    return f"t={int(at)},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def emit(account: Account, type: str, value: Json, previous: Json | None = None) -> None:
    """Record an event about `value` as it is now and send it out after the commit."""
    data = {"object": public(value)}
    if previous is not None:
        data["previous_attributes"] = public(previous)
    event = blank(
        "event",
        id=account.mint("evt_1"),
        api_version=API_VERSION,
        created=account.timestamp(),
        data=data,
        request={"id": _caller(account), "idempotency_key": idempotency_key()},
        type=type,
    )
    endpoints = account.find("webhook_endpoints", lambda e: _listens(e, type))
    event["pending_webhooks"] = len(endpoints)
    account.save("events", event)
    for endpoint in endpoints:
        account.deliver(
            url=endpoint["url"],
            body=json.dumps(event | {"api_version": endpoint["api_version"]}, indent=2),
            event_id=event["id"],
            type=type,
            object_id=str(value.get("id", "")),
            secret=endpoint["_secret"],
        )


def changed(account: Account, kind: str, before: Json, after: Json, type: str) -> Json:
    """Store a changed object and tell what it held before; says nothing when nothing changed."""
    account.save(kind, after)
    previous = objects.difference(public(before), public(after))
    if previous:
        emit(account, type, after, previous)
    return after


@routes.get("/v1/events")
def list_events(account: Account, params: Json) -> Json:
    since = int((account.now() - KEPT).timestamp())
    types = params.get("types") or ([params["type"]] if "type" in params else None)

    def matches(event: Json) -> bool:
        if event["created"] < since:
            return False
        return types is None or any(_fits(wanted, event["type"]) for wanted in types)

    if "delivery_success" in params:
        undelivered = _undelivered(account)
        wanted = params["delivery_success"]
        return lists.page(
            account,
            "events",
            params,
            "/v1/events",
            lambda event: matches(event) and (event["id"] not in undelivered) == wanted,
        )
    return lists.page(account, "events", params, "/v1/events", matches)


@routes.get("/v1/events/<id>")
def retrieve_event(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, "events", id)


def request_id(account: Account) -> str:
    """Give the id of the call being answered, the same for the whole call."""
    if "stripe_request_id" not in g:
        g.stripe_request_id = account.mint("req_", 14)
    id: str = g.stripe_request_id
    return id


def idempotency_key() -> str | None:
    return request.headers.get("Idempotency-Key") if has_request_context() else None


def _caller(account: Account) -> str | None:
    """Events born on a page or by the clock name no request."""
    if has_request_context() and request.path.startswith("/stripe/v1/"):
        return request_id(account)
    return None


def _listens(endpoint: Json, type: str) -> bool:
    return endpoint["status"] == "enabled" and any(
        _fits(pattern, type) for pattern in endpoint["enabled_events"]
    )


def _fits(pattern: str, type: str) -> bool:
    return pattern in ("*", type) or (pattern.endswith(".*") and type.startswith(pattern[:-1]))


def _undelivered(account: Account) -> set[str]:
    return {
        row["event_id"]
        for row in account.world.outbox.all()
        if row["space"] == account.space and row["status"] != "delivered"
    }

"""Line items, version 2: an app's server names and prices what is sold, and a page of ours sells
it until a second the server chose."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from app.api import bodies as bodies_of_calls
from app.api import calls, credentials, dialects
from app.api import line_items_bodies as bodies
from app.api import line_items_operations as operations
from app.api.credentials import KeyHolder, WrongKeyType
from app.api.dialects import Dialect
from app.billing import errors
from app.billing.errors import NotFound
from app.billing.ordering import line_items
from app.billing.ordering.line_items import Cart
from app.billing.purchase import checkouts, idempotency_keys, payment_links, session_status
from app.billing.purchase.idempotency_keys import Also
from app.models import CheckoutSession

NAME = "line_items_v2"

blueprint = Blueprint(NAME, __name__)


@blueprint.post("/api/v2/checkout-sessions")
def create() -> Response:
    holder = who(writes=True)
    body = read()
    row_id = idempotency_keys.once(
        calls.db(),
        calls.site(),
        scope=f"{holder.scope} {NAME}",
        key=request.headers.get(idempotency_keys.FIELD),
        body=body.model_dump(mode="json"),
        create=lambda also: _create(holder, body.cart(), also),
    )
    checkout = calls.db().get_one(CheckoutSession, row_id, populate_existing=True)
    return _say(write(checkout))


@blueprint.get("/api/v2/checkout-sessions")
def index() -> Response:
    holder = who(writes=False)
    query = bodies_of_calls.read_query(bodies.ListQuery)
    page = line_items.page(
        calls.db(),
        holder.app,
        origin=NAME,
        limit=query.limit,
        after=query.starting_after,
        before=query.ending_before,
    )
    return _say({"has_more": page.has_more, "data": [write(row) for row in page.checkouts]})


@blueprint.get("/api/v2/checkout-sessions/<session_id>")
def show(session_id: str) -> Response:
    holder = who(writes=False)
    uuid = credentials.uuid_or_none(session_id)
    if uuid is None:
        raise NotFound("CheckoutSession not found")
    return _say(write(line_items.find(calls.db(), holder.app, uuid, origin=NAME)))


def who(*, writes: bool) -> KeyHolder:
    """Answer who holds the key; a key that writes may read too."""
    try:
        return credentials.basic(type="write")
    except WrongKeyType:
        if writes:
            raise
        return credentials.basic(type="read")


def read() -> bodies.CheckoutSessionToCreate:
    """Answer what is asked for; raises BadBody."""
    if not request.is_json:
        raise UnsupportedMediaType
    return bodies_of_calls.read_json(bodies.CheckoutSessionToCreate)


def write(checkout: CheckoutSession) -> dict[str, Any]:
    """Answer a checkout as its body."""
    site = calls.site()
    now = site.clock.now()
    assert checkout.deadline is not None and checkout.details is not None
    return {
        "id": str(checkout.uuid),
        "status": session_status.read(checkout, now=now),
        "payment_intent_id": str(checkout.payment_uuid),
        "success_url": checkout.success_url,
        "cancel_url": checkout.cancel_url,
        "checkout_session_url": payment_links.keyed(site, checkout),
        "client_reference_id": checkout.reference,
        "expiry": _moment(checkout.deadline),
        "metadata": checkout.caller_metadata or {},
        "line_items": [
            {"quantity": line["quantity"], "price_id": str(line_items.price_id(checkout, place))}
            for place, line in enumerate(checkout.details["lines"])
        ],
        "created": _moment(checkout.created_at),
        "updated": _moment(line_items.changed_at(checkout, now=now)),
        "customer_id": str(checkout.tenant.uuid) if checkout.tenant else None,
        "customer_email": checkout.email,
        "amount_total": checkout.total,
    }


def refuse(error: Exception) -> Response:
    """Answer an error as a sentence, a word and the field it is about."""
    refusal = dialects.refusal(error, _STATUSES, _NAMES)
    field, sentence = refusal.problems[0]
    if refusal.status == 404:
        sentence = _UNKNOWN.get(field, sentence)
    if field and isinstance(error, errors.Invalid):
        sentence = f"{field} {sentence}"
    code = "invalid-email" if field == "customer_email" else _CODES.get(refusal.status)
    body = {"error": sentence, "code": code or "invalid-input", "field": field or None}
    response = _say(body, refusal.status)
    response.headers.update(refusal.headers)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Portico"'
    return response


def _create(holder: KeyHolder, cart: Cart, also: Also | None) -> int:
    db, site = calls.db(), calls.site()
    order = line_items.order(
        db, site, app=holder.app, cart=cart, origin=NAME, is_kept=also is not None
    )
    row_id = checkouts.create(db, site, order, cause=holder.cause, also=also)
    if site.config.QUEUE != "none":
        # Imported here because it opens the queue.
        from app import jobs

        jobs.end_checkout_after(row_id, cart.lifetime)
    return row_id


def _say(body: dict[str, Any], status: int = 200) -> Response:
    # Flask's own writer would put the keys in another order than the documents have.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_STATUSES: dict[type[errors.BillingError], int] = {
    errors.NotAuthenticated: 401,
    WrongKeyType: 403,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Invalid: 400,
    errors.Conflict: 409,
    errors.Declined: 400,
    errors.ProviderUnavailable: 503,
    errors.Unsupported: 400,
}
_CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "resource-busy",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    500: "internal-error",
    503: "service-unavailable",
}
_UNKNOWN = {"customer_id": "Customer not found", "user_id": "User not found"}
# What billing calls a field, and what this dialect calls it.
_NAMES = {"tenant": "customer_id", "user": "user_id", "currency": "line_items"}

dialect = Dialect(
    name=NAME,
    title="Line items, version 2",
    owns=re.compile(r"(?s)/api/v2(?:/.*)?$"),
    refuse=refuse,
    operations=operations.OPERATIONS,
)

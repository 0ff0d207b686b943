"""Checkout sessions: created, shown, changed, expired."""

from datetime import UTC, datetime

from app.sandbox.gateway import Routes
from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.stripe import (
    customers,
    errors,
    events,
    expand,
    lists,
    objects,
    payment_intents,
    session_lines,
    session_rules,
    session_values,
    setup_intents,
)
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "checkout_sessions"


@routes.post("/v1/checkout/sessions")
def create(account: Account, params: Json) -> Json:
    now = account.timestamp()
    session_rules.check(params, now)
    customer = customers.present(account, params["customer"]) if "customer" in params else None
    data = session_values.data(account, params)
    items = session_lines.make(account, params) if "line_items" in params else []
    currency = items[0]["currency"] if items else params.get("currency", "").lower() or None
    data = session_values.data(account, params)
    session = blank(
        "checkout.session", **session_values.make(account, params, customer, items, data)
    )
    session |= {
        "created": now,
        "currency": currency,
        "expires_at": params.get("expires_at", now + session_rules.DAY),
        "payment_method_types": session_values.types(params, currency),
    }
    if params["mode"] == "setup":
        session["setup_intent"] = _setup_intent(account, session, data)
    account.save(KIND, session)
    moment = datetime.fromtimestamp(session["expires_at"], UTC)
    account.later(moment, "stripe.checkout_session.expire", id=session["id"])
    return session


@routes.get("/v1/checkout/sessions")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "customer", "payment_intent", "status", "subscription")
    email = params.get("customer_details", {}).get("email")

    def matches(session: Json) -> bool:
        known = (session["customer_details"] or {}).get("email")
        return same(session) and email in (None, known)

    if "payment_link" in params:
        raise errors.not_done("payment_link in GET /v1/checkout/sessions")
    return lists.page(account, KIND, params, "/v1/checkout/sessions", matches)


@routes.get("/v1/checkout/sessions/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/checkout/sessions/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    for name in params:
        if name not in ("metadata", "expand"):
            raise errors.not_done(f"{name} in POST /v1/checkout/sessions/{{id}}", name)
    session = objects.get(account, KIND, id)
    session["metadata"] = objects.merge_metadata(session["metadata"], params.get("metadata"))
    return account.save(KIND, session)


@routes.post("/v1/checkout/sessions/<id>/expire")
def expire(account: Account, params: Json, id: str) -> Json:
    session = objects.get(account, KIND, id)
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
        raise errors.invalid(message)
    return end(account, session)


@routes.get("/v1/checkout/sessions/<id>/line_items")
def list_line_items(account: Account, params: Json, id: str) -> Json:
    session = objects.get(account, KIND, id)
    url = f"/v1/checkout/sessions/{id}/line_items"
    shown = [_with_asked(item, params) for item in session["_items"]]
    return lists.cut(shown, params, url, KIND)


@expand.includes("checkout.session", "line_items")
def line_items(account: Account, session: Json) -> Json:
    stored = objects.get(account, KIND, session["id"])
    return lists.plain(stored["_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


@timed("stripe.checkout_session.expire")
def expire_by_time(account: Account, id: str) -> None:
    session = account.load(KIND, id)
    if session and session["status"] == "open":
        end(account, session)


def end(account: Account, session: Json) -> Json:
    """Expire an open session: nothing can be paid through it any more."""
    session = {**session, "status": "expired", "url": None, "client_secret": None}
    for name in ("payment_intent", "_payment_intent"):
        if session.get(name):
            payment_intents.cancel(account, session[name], "abandoned")
    account.save(KIND, session)
    events.emit(account, "checkout.session.expired", session)
    return session


def _setup_intent(account: Account, session: Json, data: Json) -> str:
    types = session["payment_method_types"]
    return str(setup_intents.make(account, session["customer"], types, data)["id"])


def _with_asked(item: Json, params: Json) -> Json:
    """Add the taxes a list of items shows only when asked: `expand[]=data.taxes`."""
    if "data.taxes" in params.get("expand", []):
        return {**item, "taxes": item["_taxes"]}
    return item

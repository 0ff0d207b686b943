"""Checkout sessions: created, shown, changed, expired."""

from datetime import UTC, datetime
from typing import Any

from app.sandbox.gateway import Routes
from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.stripe import (
    customers,
    errors,
    events,
    expand,
    lists,
    methods,
    objects,
    payment_intents,
    session_lines,
    session_rules,
    setup_intents,
    tax_rates,
)
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "checkout_sessions"
# Parameters that the answer shows as they were sent.
SHOWN = (
    "allowed_payment_method_types billing_address_collection cancel_url client_reference_id "
    "excluded_payment_method_types integration_identifier locale origin_context "
    "phone_number_collection return_url submit_type success_url"
).split()


@routes.post("/v1/checkout/sessions")
def create(account: Account, params: Json) -> Json:
    now = account.timestamp()
    session_rules.check(params, now)
    customer = customers.present(account, params["customer"]) if "customer" in params else None
    items = session_lines.make(account, params) if "line_items" in params else []
    currency = items[0]["currency"] if items else params.get("currency", "").lower() or None
    data = _data(account, params)
    session = blank("checkout.session", **_values(account, params, customer, items, data))
    session |= {
        "created": now,
        "currency": currency,
        "expires_at": params.get("expires_at", now + session_rules.DAY),
        "payment_method_types": _types(params, currency),
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
        message = "The sandbox does not do payment_link in GET /v1/checkout/sessions."
        raise errors.error(501, "invalid_request_error", message)
    return lists.page(account, KIND, params, "/v1/checkout/sessions", matches)


@routes.get("/v1/checkout/sessions/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/checkout/sessions/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    for name in params:
        if name not in ("metadata", "expand"):
            message = f"The sandbox does not do {name} in POST /v1/checkout/sessions/{{id}}."
            raise errors.error(501, "invalid_request_error", message, param=name)
    session = objects.get(account, KIND, id)
    session["metadata"] = objects.merge_metadata(session["metadata"], params.get("metadata"))
    return account.save(KIND, session)


@routes.post("/v1/checkout/sessions/<id>/expire")
def expire(account: Account, params: Json, id: str) -> Json:
    session = objects.get(account, KIND, id)
    if session["status"] != "open":
        message = (
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout "
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


def _values(
    account: Account, params: Json, customer: Json | None, items: list[Json], data: Json
) -> Json:
    id = account.mint("cs_test_a1", 56)
    mode, embedded = params["mode"], params.get("ui_mode") == "embedded_page"
    secret = f"{id}_secret_{account.mint('', 24)}" if embedded else None
    email = customer["email"] if customer else params.get("customer_email")
    values: dict[str, Any] = {
        **{name: params[name] for name in SHOWN if name in params},
        "id": id,
        "adaptive_pricing": params.get("adaptive_pricing", {"enabled": False}),
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "client_secret": secret,
        "consent_collection": _consent(params),
        "custom_text": _custom_text(params),
        "customer": customer["id"] if customer else None,
        "customer_creation": _creation(params),
        "customer_details": _details(customer, email) if email else None,
        "customer_email": params.get("customer_email"),
        "livemode": False,
        "metadata": objects.merge_metadata(None, params.get("metadata")),
        "mode": mode,
        "payment_method_collection": params.get(
            "payment_method_collection", "if_required" if mode == "payment" else "always"
        ),
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "shipping_address_collection": params.get("shipping_address_collection"),
        "status": "open",
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": None if embedded else f"{account.world.base_url}/stripe/pay/{id}",
        "_customer_update": params.get("customer_update", {}),
        "_data": data,
        "_items": items,
    }
    if mode != "setup":
        values |= _amounts(session_lines.due_today(items, bool(_trial(data))))
        values["saved_payment_method_options"] = params.get("saved_payment_method_options") and {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
            **params["saved_payment_method_options"],
        }
    if embedded:
        values["redirect_on_completion"] = params.get("redirect_on_completion", "always")
    if "tax_id_collection" in params:
        values["tax_id_collection"] = {"required": "never", **params["tax_id_collection"]}
    return values


def _amounts(items: list[Json]) -> Json:
    return {
        "amount_subtotal": session_lines.total(items, "amount_subtotal"),
        "amount_total": session_lines.total(items, "amount_total"),
        "total_details": {
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": session_lines.total(items, "amount_tax"),
        },
    }


def _trial(data: Json) -> int | None:
    found: int | None = data.get("trial_period_days") or data.get("trial_end")
    return found


def _data(account: Account, params: Json) -> Json:
    """Keep what the payment, setup or subscription to be made will be given."""
    name = {
        "payment": "payment_intent_data",
        "setup": "setup_intent_data",
        "subscription": "subscription_data",
    }[params["mode"]]
    data = dict(params.get(name, {}))
    if data.get("default_tax_rates"):
        param = "subscription_data[default_tax_rates]"
        data["_rates"] = tax_rates.usable(account, data["default_tax_rates"], param)
        for item in params["line_items"]:
            item.setdefault("tax_rates", data["default_tax_rates"])
    return data


def _setup_intent(account: Account, session: Json, data: Json) -> str:
    types = session["payment_method_types"]
    return str(setup_intents.make(account, session["customer"], types, data)["id"])


def _types(params: Json, currency: str | None) -> list[str]:
    allowed = params.get("allowed_payment_method_types")
    excluded = params.get("excluded_payment_method_types", [])
    usable = methods.usable(currency, params["mode"], allowed)
    found = [name for name in usable if name not in excluded]
    if not found:
        message = (
            "No valid payment method types for this Checkout Session. Please ensure that you have "
            "activated payment methods compatible with your chosen currency and mode."
        )
        raise errors.invalid(message, "allowed_payment_method_types" if allowed else None)
    return found


def _consent(params: Json) -> Json | None:
    if "consent_collection" not in params:
        return None
    empty = {
        "payment_method_reuse_agreement": None,
        "promotions": "none",
        "terms_of_service": "none",
    }
    return {**empty, **params["consent_collection"]}


def _custom_text(params: Json) -> Json:
    given = params.get("custom_text", {})
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: given.get(name) or None for name in names}


def _creation(params: Json) -> str | None:
    if "customer" in params:
        return None
    default = "always" if params["mode"] == "subscription" else "if_required"
    return str(params.get("customer_creation", default))


def _details(customer: Json | None, email: str) -> Json:
    return {
        "address": customer["address"] if customer else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": customer["name"] if customer else None,
        "phone": customer["phone"] if customer else None,
        "tax_exempt": customer["tax_exempt"] if customer else "none",
        "tax_ids": None,
    }


def _with_asked(item: Json, params: Json) -> Json:
    """Add the taxes a list of items shows only when asked: `expand[]=data.taxes`."""
    if "data.taxes" in params.get("expand", []):
        return {**item, "taxes": item["_taxes"]}
    return item

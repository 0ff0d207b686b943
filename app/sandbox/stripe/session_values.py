"""Fill in what a new checkout session shows and remembers."""

from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import errors, methods, objects, session_lines, tax_rates
from app.sandbox.world import Account

# Parameters that the answer shows as they were sent.
SHOWN = (
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "excluded_payment_method_types",
    "integration_identifier",
    "locale",
    "origin_context",
    "phone_number_collection",
    "return_url",
    "submit_type",
    "success_url",
)


def make(
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
        values |= _amounts(session_lines.due_today(items, bool(trial(data))))
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


def trial(data: Json) -> int | None:
    found: int | None = data.get("trial_period_days") or data.get("trial_end")
    return found


def data(account: Account, params: Json) -> Json:
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


def types(params: Json, currency: str | None) -> list[str]:
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

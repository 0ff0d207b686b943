"""The rules between a checkout session's parameters that no single table can say."""

from urllib.parse import urlsplit

from app.sandbox.store import Json
from app.sandbox.stripe import errors

NOT_DONE = (
    "after_expiration",
    "branding_settings",
    "custom_fields",
    "customer_account",
    "discounts",
    "invoice_creation",
    "name_collection",
    "optional_items",
    "payment_method_configuration",
    "shipping_options",
)
NOT_DONE_DATA = {
    "payment_intent_data": ("application_fee_amount", "on_behalf_of", "transfer_data"),
    "setup_intent_data": ("on_behalf_of",),
    "subscription_data": (
        "application_fee_percent",
        "billing_cycle_anchor",
        "billing_cycle_anchor_config",
        "on_behalf_of",
        "transfer_data",
    ),
}
DATA_OF = {
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "subscription_data": "subscription",
}
HALF_HOUR, DAY = 1800, 86_400
# The payer's clock and ours may differ by a little; Stripe is as lenient.
SLACK = 60
MESSAGE_LENGTH = 1200


def check(params: Json, now: int) -> None:
    """Raise Refusal for the first rule broken."""
    if "mode" not in params:
        raise errors.missing("mode")
    _check_done(params)
    _check_mode(params)
    _check_urls(params)
    _check_customer(params)
    _check_values(params, now)
    if params["mode"] == "setup":
        _check_setup(params)


def _check_done(params: Json) -> None:
    for name in NOT_DONE:
        if name in params:
            raise _not_done(name)
    for data, names in NOT_DONE_DATA.items():
        for name in names:
            if name in params.get(data, {}):
                raise _not_done(f"{data}[{name}]")
    if params.get("automatic_tax", {}).get("enabled"):
        raise _not_done("automatic_tax[enabled]")
    if params.get("payment_intent_data", {}).get("capture_method") == "manual":
        raise _not_done("payment_intent_data[capture_method]")
    if params.get("ui_mode") in ("elements", "form"):
        raise _not_done(f"ui_mode={params['ui_mode']}")


def _check_mode(params: Json) -> None:
    mode = params["mode"]
    for name, of in DATA_OF.items():
        if name in params and mode != of:
            message = f"You can not pass `{name}` in `{mode}` mode."
            raise errors.invalid(message, name)
    if mode == "setup" and "line_items" in params:
        raise errors.invalid("You can not pass `line_items` in `setup` mode.", "line_items")
    if mode != "setup" and not params.get("line_items"):
        raise errors.missing("line_items")
    if mode == "subscription" and "customer_creation" in params:
        message = "`customer_creation` can only be used in `payment` and `setup` mode."
        raise errors.invalid(message, "customer_creation")
    if mode != "subscription" and "payment_method_collection" in params:
        message = "You can only set `payment_method_collection` if `mode` is `subscription`."
        raise errors.invalid(message, "payment_method_collection")
    if mode != "payment" and "submit_type" in params and params["submit_type"] != "subscribe":
        message = "`submit_type` can only be used in `payment` mode."
        raise errors.invalid(message, "submit_type")


def _check_urls(params: Json) -> None:
    embedded = params.get("ui_mode") == "embedded_page"
    never = params.get("redirect_on_completion") == "never"
    forbidden = (
        ("success_url", "cancel_url") if embedded else ("return_url", "redirect_on_completion")
    )
    for name in forbidden:
        if name in params:
            mode = "embedded_page" if embedded else "hosted_page"
            raise errors.invalid(f"You cannot pass `{name}` when `ui_mode` is `{mode}`.", name)
    if not embedded and not params.get("success_url"):
        raise errors.missing("success_url")
    if embedded and never and "return_url" in params:
        message = "You cannot pass `return_url` when `redirect_on_completion` is `never`."
        raise errors.invalid(message, "return_url")
    if embedded and not never and not params.get("return_url"):
        raise errors.missing("return_url")
    for name in ("success_url", "cancel_url", "return_url"):
        if params.get(name):
            _check_url(params[name], name)


def _check_url(url: str, name: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 5000:
        raise errors.invalid("Not a valid URL", name, "url_invalid")


def _check_customer(params: Json) -> None:
    if "customer" in params:
        for name in ("customer_email", "customer_creation"):
            if name in params:
                message = f"You may only specify one of these parameters: customer, {name}."
                raise errors.invalid(message, name)
        collects = params.get("tax_id_collection", {}).get("enabled")
        if collects and params.get("customer_update", {}).get("name") != "auto":
            message = (
                "Tax ID collection requires updating business name on the customer. To enable tax "
                "ID collection for an existing customer, please set `customer_update[name]` to "
                "`auto`."
            )
            raise errors.invalid(message, "customer_update[name]")
    elif "customer_update" in params:
        message = "`customer_update` can only be used with `customer`."
        raise errors.invalid(message, "customer_update")
    email = params.get("customer_email", "a@b")
    if "@" not in email or " " in email or len(email) > 800:
        message = f"Invalid email address: {email}"
        raise errors.invalid(message, "customer_email", "email_invalid")


def _check_values(params: Json, now: int) -> None:
    if len(params.get("client_reference_id", "")) > 200:
        message = "Invalid string: must be at most 200 characters"
        raise errors.invalid(message, "client_reference_id", "parameter_invalid_string_too_long")
    expires = params.get("expires_at", now + DAY)
    if expires < now + HALF_HOUR - SLACK:
        message = (
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        )
        raise errors.invalid(message, "expires_at")
    if expires > now + DAY + SLACK:
        message = (
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        )
        raise errors.invalid(message, "expires_at")
    if "allowed_payment_method_types" in params and "excluded_payment_method_types" in params:
        message = (
            "You may only specify one of these parameters: allowed_payment_method_types, "
            "excluded_payment_method_types."
        )
        raise errors.invalid(message, "excluded_payment_method_types")
    for name, text in params.get("custom_text", {}).items():
        if text and len(text["message"]) > MESSAGE_LENGTH:
            message = f"Invalid string: must be at most {MESSAGE_LENGTH} characters"
            param = f"custom_text[{name}][message]"
            raise errors.invalid(message, param, "parameter_invalid_string_too_long")
    _check_trial(params.get("subscription_data", {}), now)


def _check_trial(data: Json, now: int) -> None:
    if "trial_end" in data and "trial_period_days" in data:
        message = "You may only specify one of these parameters: trial_end, trial_period_days."
        raise errors.invalid(message, "subscription_data[trial_end]")
    if not 1 <= data.get("trial_period_days", 1) <= 730:
        message = "The minimum number of trial period days is 1, and the maximum is 730."
        raise errors.invalid(message, "subscription_data[trial_period_days]")
    if data.get("trial_end", now + 2 * DAY) < now + 2 * DAY - SLACK:
        message = "The `trial_end` date has to be at least 2 days in the future."
        raise errors.invalid(message, "subscription_data[trial_end]")


def _check_setup(params: Json) -> None:
    if "currency" not in params and "allowed_payment_method_types" not in params:
        raise errors.missing("currency")


def _not_done(name: str) -> Exception:
    return errors.not_done(f"{name} in POST /v1/checkout/sessions", name)

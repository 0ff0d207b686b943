"""Read what Stripe says went wrong into our own closed family of errors."""

from __future__ import annotations

import logging
import re
from typing import Any

import stripe

from app.providers import errors
from app.providers.stripe import wire

log = logging.getLogger(__name__)

# Stripe's guide "Error handling": the class says who is at fault.
_BY_CLASS: dict[type[stripe.StripeError], type[errors.ProviderError]] = {
    stripe.APIConnectionError: errors.Unavailable,
    stripe.RateLimitError: errors.Unavailable,
    stripe.APIError: errors.Unavailable,
    stripe.IdempotencyError: errors.KeyReused,
    stripe.AuthenticationError: errors.BadCredentials,
    stripe.PermissionError: errors.NotPermitted,
    stripe.CardError: errors.Declined,
    stripe.InvalidRequestError: errors.Refused,
}
# Stripe's guide "Error codes": what says more than its class.
_BY_CODE: dict[str, type[errors.ProviderError]] = {
    "resource_missing": errors.Missing,
    "lock_timeout": errors.Unavailable,
    "idempotency_key_in_use": errors.Unavailable,
    "api_key_expired": errors.BadCredentials,
    "platform_api_key_expired": errors.BadCredentials,
    "secret_key_required": errors.BadCredentials,
    "livemode_mismatch": errors.BadCredentials,
    "account_invalid": errors.BadCredentials,
    "amount_too_large": errors.Refused,
    "amount_too_small": errors.Refused,
    "charge_already_refunded": errors.Refused,
    "charge_disputed": errors.Refused,
    "invalid_charge_amount_no_decimal_compatible": errors.Refused,
    "parameter_invalid_empty": errors.Refused,
    "parameter_invalid_integer": errors.Refused,
    "parameter_invalid_string_blank": errors.Refused,
    "parameter_missing": errors.Refused,
    "parameter_unknown": errors.Refused,
    "parameters_exclusive": errors.Refused,
    "payment_intent_unexpected_state": errors.Refused,
    "payment_method_unactivated": errors.Refused,
    "url_invalid": errors.Refused,
}
_UNKNOWN = errors.Refused
_SECRETS = re.compile(r"\b(?:sk|rk|pk|whsec)_[A-Za-z0-9_*]+")


def translate(error: stripe.StripeError) -> errors.ProviderError:
    """Answer our error for one of the SDK's; the message never holds a key."""
    kind, code = _kind(error), _code(error)
    message = "Stripe: " + _SECRETS.sub("[key]", error.user_message or "no reason given")
    if kind is errors.Unavailable:
        return errors.Unavailable(
            message,
            code=code,
            retry_after=_seconds(header(error, "Retry-After")),
            replayed=header(error, "Idempotent-Replayed") == "true",
        )
    if kind is errors.Declined:
        return errors.Declined(message, code=code, reason=wire.decline(_details(error)))
    return kind(message, code=code)


def header(error: stripe.StripeError, name: str) -> str | None:
    """Answer a header of the answer that was the error."""
    # Where the body is not JSON the SDK puts the headers in the place of the body.
    for headers in (error.headers, error.json_body):
        value = getattr(headers, "get", lambda _: None)(name)
        if isinstance(value, str):
            return value
    return None


def _kind(error: stripe.StripeError) -> type[errors.ProviderError]:
    kind = next((ours for theirs, ours in _BY_CLASS.items() if isinstance(error, theirs)), None)
    code, status = _code(error), error.http_status or 0
    if kind is errors.Refused and code in _BY_CODE:
        return _BY_CODE[code]
    if kind is errors.Refused and status == 404:
        return errors.Missing
    if kind is None or (kind is errors.Refused and code is not None):
        log.warning("Stripe error not in our table: status %s, code %s", status, code)
        return _UNKNOWN
    # An APIError is any other status: 409 and 5xx may pass, a 405 will not.
    if isinstance(error, stripe.APIError) and 400 <= status < 500 and status != 409:
        return _UNKNOWN
    return kind


def _details(error: stripe.StripeError) -> dict[str, Any]:
    body = error.json_body
    details = body.get("error") if isinstance(body, dict) else None
    return details if isinstance(details, dict) else {}


def _code(error: stripe.StripeError) -> str | None:
    return error.code or _details(error).get("code")


def _seconds(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() else None

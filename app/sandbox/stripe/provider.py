"""Stripe's API door: keys, parameters, refusals, expansion, and every route behind it."""

import base64
import binascii
from datetime import timedelta

from flask import Request

from app.sandbox import gateway
from app.sandbox.gateway import Refusal, Route
from app.sandbox.store import Json
from app.sandbox.stripe import (
    accounts,
    charges,
    checkout_sessions,
    customer_calls,
    errors,
    events,
    expand,
    form,
    invoice_calls,
    invoice_payments,
    off_session,
    payment_intents,
    payment_methods,
    previews,
    prices,
    products,
    refunds,
    setup_intents,
    subscription_calls,
    subscription_items,
    tax_ids,
    tax_rates,
    webhook_endpoints,
)
from app.sandbox.stripe.objects import API_VERSION
from app.sandbox.world import Account

ROUTES: list[Route] = [
    route
    for module in (
        accounts,
        charges,
        checkout_sessions,
        customer_calls,
        events,
        invoice_payments,
        invoice_calls,
        off_session,
        payment_intents,
        payment_methods,
        previews,
        prices,
        products,
        refunds,
        setup_intents,
        subscription_items,
        subscription_calls,
        tax_ids,
        tax_rates,
        webhook_endpoints,
    )
    for route in module.routes.routes
]
KEY_PREFIX = "sk_test_sandbox_"
RESTRICTED_PREFIX = "rk_test_sandbox_"
# What a restricted key of the sandbox may not touch, as one made in a hurry.
FORBIDDEN = ("/v1/account", "/v1/webhook_endpoints")


class StripeProvider(gateway.Provider):
    """Stripe keeps idempotency keys for 24 hours and replays whatever was answered, a 500 too."""

    name = "stripe"
    created_status = 200
    replay_window = timedelta(hours=24)
    replays_errors = True

    def key(self, request: Request) -> str:
        key = _bearer(request)
        if not key:
            raise errors.error(
                401,
                "invalid_request_error",
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
            )
        account = _account(key)
        if not account:
            hidden = key[:8] + "*" * max(len(key) - 12, 4) + key[-4:] if len(key) > 12 else "****"
            message = f"Invalid API Key provided: {hidden}"
            raise errors.error(401, "invalid_request_error", message)
        if key.startswith(RESTRICTED_PREFIX):
            _refuse_forbidden(request.path)
        return KEY_PREFIX + account

    def read(self, request: Request, route: Route) -> Json:
        if "<path:" in route.rule:
            return {}
        if request.method != "POST":
            return form.read(route.method, route.rule, request.query_string.decode("latin-1"))
        body = request.get_data()
        if body and request.mimetype != "application/x-www-form-urlencoded":
            raise errors.invalid(
                "Invalid request (check that your POST content type is "
                "application/x-www-form-urlencoded)."
            )
        try:
            return form.read(route.method, route.rule, body.decode())
        except UnicodeDecodeError:
            raise errors.invalid("Invalid UTF-8 in the request body.") from None

    def refuse(self, reason: str, method: str, path: str) -> Refusal:
        if reason == "rate_limited":
            message = "Request rate limit exceeded."
            return errors.error(429, "invalid_request_error", message, code="rate_limit")
        if reason == "in_flight":
            return errors.error(
                409,
                "invalid_request_error",
                "There is currently another in-progress request using this Idempotent Key "
                "(that probably means you submitted twice, and the other request is still going "
                "through). Please try again later.",
                code="idempotency_key_in_use",
            )
        if reason == "key_reused":
            return errors.error(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were "
                "first used with. Try using a key other than the one given if you meant to "
                "execute a different request.",
            )
        if reason == "not_implemented":
            return errors.not_done(f"{method} {path}")
        return errors.error(500, "api_error", "An unknown error occurred.")

    def write(self, account: Account, params: Json, body: Json) -> Json:
        return expand.expand(account, body, params.get("expand") or [])

    def headers(self, account: Account) -> dict[str, str]:
        headers = {"Request-Id": events.request_id(account), "Stripe-Version": API_VERSION}
        key = events.idempotency_key()
        return {**headers, "Idempotency-Key": key} if key else headers


def _account(key: str) -> str:
    """Give the name of the account a key opens: what follows two underscores only tells its keys
    apart."""
    for prefix in (KEY_PREFIX, RESTRICTED_PREFIX):
        if key.startswith(prefix) and key.isascii():
            return key.removeprefix(prefix).partition("__")[0]
    return ""


def _refuse_forbidden(path: str) -> None:
    if path.removeprefix("/stripe").startswith(FORBIDDEN):
        raise errors.error(
            403,
            "invalid_request_error",
            "The provided key does not have the required permissions for this endpoint. Edit the "
            "key in the Dashboard to allow this request.",
        )


def _bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return value.strip() if scheme.lower() == "bearer" else ""

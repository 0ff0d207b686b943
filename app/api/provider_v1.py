"""Seed 001: an app's server starts a tenant's checkout session at the provider it names."""

from __future__ import annotations

import re

from flask import Blueprint, Response

from app.api import calls, credentials, envelope, sessions_bodies, sessions_v1
from app.api.dialects import Answer, Dialect, Operation
from app.api.envelope import refused
from app.api.sessions_bodies import PurchaseBody, SessionList, SetupBody
from app.billing.access.callers import Caller
from app.billing.errors import Invalid, NotFound
from app.billing.purchase.made_checkouts import MadeCheckout

_PATH = "/api/v1/apps/<app_uuid>/tenants/<tenant_uuid>/payment-providers/<provider>"
_UNAUTHORIZED = "Unauthorized Token or API key"
# The seed lists no 404: what the caller names and we do not know is a bad request.
_STATUSES = envelope.STATUSES | {NotFound: 400}

blueprint = Blueprint("provider_v1", __name__)


@blueprint.post(f"{_PATH}/checkout-sessions")
def create(app_uuid: str, tenant_uuid: str, provider: str) -> Response:
    """Create a checkout session and answer where to send the payer."""
    caller = who(app_uuid, tenant_uuid)
    body = read()
    if caller.tenant is None:
        raise Invalid("is not a tenant of this app", field="tenantUuid")
    checkout = sessions_v1.start(
        caller,
        body,
        tenant=caller.tenant,
        user=caller.admin,
        provider=provider,
        origin="provider_v1",
    )
    return write(checkout)


def who(app_uuid: str, tenant_uuid: str) -> Caller:
    """Answer whose write key the three headers show, and the tenant it asks for."""
    return credentials.key_headers_of(tenant_uuid, type="write", app_uuid=app_uuid)


def read() -> PurchaseBody:
    """Answer what is asked for."""
    return sessions_v1.read(PurchaseBody, SetupBody)


def write(checkout: MadeCheckout) -> Response:
    """Say a checkout session in the list envelope."""
    return envelope.items("checkoutSessions", [sessions_v1.item(calls.site(), checkout)])


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return envelope.refuse(
        error, unauthorized=_UNAUTHORIZED, names=sessions_v1.NAMES, statuses=_STATUSES
    )


_REQUEST = {
    "priceId": "price_12345",
    "taxRateId": "txr_12345",
    "quantity": 1,
    "mode": "subscription",
    "billingAddressCollection": True,
    "shippingAddressCollection": False,
    "currency": "EUR",
    "successUrl": "https://app.example.com/success",
    "cancelUrl": "https://app.example.com/cancel",
    "termsOfServiceUrl": "https://app.example.com/terms",
    "collectTermsOfServiceConsent": True,
    "isTaxIdCollectionEnabled": True,
    "isTaxIdCollectionRequired": False,
}

dialect = Dialect(
    name="provider_v1",
    title="001: checkout sessions at a named provider, by API key",
    owns=re.compile(r"/api(/|$)"),
    refuse=refuse,
    operations=(
        Operation(
            method="POST",
            path="/api/v1/apps/{appUuid}/tenants/{tenantUuid}/payment-providers/{paymentProvider}"
            "/checkout-sessions",
            summary="Create a checkout session from a server",
            description="Open `items[0].nextAction.url` for the tenant. The provider's customer is"
            " created where the tenant has none.",
            security=(("apiKey", "clientId", "apiKeyType"),),
            body=PurchaseBody,
            body_example=_REQUEST,
            is_create=True,
            answers={
                200: Answer("Created.", SessionList, sessions_bodies.EXAMPLE),
                **dict(
                    (
                        refused(
                            400,
                            "E4000",
                            "quantity is required",
                            "Something in the request is wrong: one entry for each field.",
                        ),
                        refused(401, "E4010", _UNAUTHORIZED, "Key or client id is wrong."),
                        refused(403, "E4030", "App Is Disabled", "The app may not sell."),
                        refused(409, "E4090", "Try again shortly", "See Idempotency-Key."),
                    )
                ),
                **envelope.COMMON,
            },
        ),
    ),
)

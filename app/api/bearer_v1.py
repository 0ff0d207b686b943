"""Seed 002: a signed-in user starts a checkout session for a tenant they administer."""

from __future__ import annotations

import re
from typing import Literal
from uuid import UUID

from flask import Blueprint, Response
from pydantic import Field

from app.api import calls, credentials, envelope, sessions_bodies, sessions_v1
from app.api.credentials import TokenHolder
from app.api.dialects import Answer, Dialect, Operation
from app.api.envelope import refused
from app.api.sessions_bodies import PurchaseBody, SessionList, SetupBody
from app.billing.errors import NotAllowed, NotFound
from app.billing.purchase.made_checkouts import MadeCheckout
from app.billing.tenants import tenants
from app.models import Membership

_PATH = "/api/v1/apps/<app_uuid>/payment-providers"
_UNAUTHORIZED = "Unauthorized Token"

blueprint = Blueprint("bearer_v1", __name__)


class StripeBody(PurchaseBody):
    """What the sibling for Stripe takes."""

    tenant_uuid: UUID


class StripeSetupBody(SetupBody):
    """The same for saving a payment method."""

    tenant_uuid: UUID


class MollieBody(PurchaseBody):
    """What the seed takes; `card` is the only payment method so far."""

    first_names = {"priceId": "productPriceUuid", "taxRateId": "taxRateUuid"}

    tenant_uuid: UUID
    payment_method: Literal["card"] = Field(description="card is the only one so far.")


class MollieSetupBody(SetupBody):
    """The same for saving a card."""

    tenant_uuid: UUID
    payment_method: Literal["card"]


@blueprint.post(f"{_PATH}/mollie/checkout-sessions")
def create_at_mollie(app_uuid: str) -> Response:
    """Create a checkout session at Mollie and answer where to send the payer."""
    return _create(who(app_uuid), read("mollie"), "mollie")


@blueprint.post(f"{_PATH}/stripe/checkout-sessions")
def create_at_stripe(app_uuid: str) -> Response:
    """Create a checkout session at Stripe and answer where to send the payer."""
    return _create(who(app_uuid), read("stripe"), "stripe")


def who(app_uuid: str) -> TokenHolder:
    """Answer which user the bearer token names."""
    return credentials.bearer(app_uuid)


def read(provider: str) -> PurchaseBody:
    """Answer what is asked for."""
    if provider == "mollie":
        return sessions_v1.read(MollieBody, MollieSetupBody)
    return sessions_v1.read(StripeBody, StripeSetupBody)


def write(checkout: MadeCheckout) -> Response:
    """Say a checkout session in the list envelope."""
    return envelope.items("checkoutSessions", [sessions_v1.item(calls.site(), checkout)])


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return envelope.refuse(error, unauthorized=_UNAUTHORIZED, names=sessions_v1.NAMES)


def _create(holder: TokenHolder, body: PurchaseBody, provider: str) -> Response:
    membership = _membership(holder, body.tenant_uuid)
    checkout = sessions_v1.start(
        holder,
        body,
        tenant=membership.tenant,
        user=holder.user,
        provider=provider,
        origin="bearer_v1",
    )
    return write(checkout)


def _membership(holder: TokenHolder, tenant_uuid: UUID) -> Membership:
    membership = tenants.find(calls.db(), user_id=holder.user.id, tenant_uuid=tenant_uuid)
    if membership.tenant.app_id != holder.app.id:
        raise NotFound("is not a tenant of this app", field="tenantUuid")
    if not membership.may_buy:
        raise NotAllowed("Only an admin of the tenant can buy.")
    return membership


_REQUEST = {
    "tenantUuid": "11111111-1111-1111-1111-111111111111",
    "productPriceUuid": "22222222-2222-2222-2222-222222222222",
    "taxRateUuid": "33333333-3333-3333-3333-333333333333",
    "paymentMethod": "card",
    "quantity": 1,
    "mode": "subscription",
    "billingAddressCollection": False,
    "shippingAddressCollection": False,
    "currency": "EUR",
    "successUrl": "https://app.example.com/billing/success",
    "cancelUrl": "https://app.example.com/billing/cancel",
    "termsOfServiceUrl": "https://app.example.com/terms",
    "collectTermsOfServiceConsent": True,
    "isTaxIdCollectionEnabled": False,
    "isTaxIdCollectionRequired": False,
}
_STRIPE_REQUEST = {
    name: value
    for name, value in _REQUEST.items()
    if name not in ("productPriceUuid", "taxRateUuid", "paymentMethod")
} | {"priceId": "price_12345", "taxRateId": "txr_12345"}
_MODES = (
    "`setup` saves a payment method (at Mollie by a small payment that is given back), `payment`"
    " is paid once, `subscription` is paid now and begins to renew once the provider says that it"
    " was paid."
)
_ANSWERS = {
    200: Answer("Created.", SessionList, sessions_bodies.EXAMPLE),
    **dict(
        (
            refused(
                400,
                "E4000",
                "quantity is required",
                "Something in the request is wrong: one entry for each field.",
            ),
            refused(401, "E4010", _UNAUTHORIZED, "The token is not valid here."),
            refused(
                403,
                "E4030",
                "App Is Disabled",
                "The app may not sell, or the user is no admin of the tenant.",
            ),
            refused(409, "E4090", "Ask again shortly.", "See Idempotency-Key."),
        )
    ),
    **envelope.COMMON,
}


def _operation(provider: str, body: type[PurchaseBody], example: dict[str, object]) -> Operation:
    return Operation(
        method="POST",
        path=f"/api/v1/apps/{{appUuid}}/payment-providers/{provider}/checkout-sessions",
        summary=f"Create a checkout session at {provider.capitalize()} as a signed-in user",
        description=_MODES,
        security=(("bearer",),),
        body=body,
        body_example=example,
        is_create=True,
        for_browsers=True,
        answers=_ANSWERS,
    )


dialect = Dialect(
    name="bearer_v1",
    title="002: checkout sessions by bearer token",
    owns=re.compile(r"/api/v1/apps/[^/]*/payment-providers/(mollie|stripe)/checkout-sessions(/|$)"),
    refuse=refuse,
    operations=(
        _operation("mollie", MollieBody, _REQUEST),
        _operation("stripe", StripeBody, _STRIPE_REQUEST),
    ),
)

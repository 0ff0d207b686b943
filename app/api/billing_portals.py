"""Billing portals: the portal of a tenant, asked for beside checkout sessions."""

from __future__ import annotations

import re
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, Response, request
from pydantic import Field

from app.api import bodies, calls, credentials, envelope, resources
from app.api.credentials import KeyHolder, TokenHolder
from app.api.dialects import Dialect, Operation
from app.api.resources import Body, NextAction, Row, Shape
from app.billing.access import billing_portals as portals
from app.billing.access.repeated_links import Call
from app.billing.errors import NotFound
from app.billing.tenants import tenants
from app.models import ApiKey, PortalLink, ProviderAccount, Tenant, User

_BY_KEY = (
    "/api/v1/apps/<app_uuid>/tenants/<tenant_uuid>/payment-providers/<provider>/billing-portals"
)
_BY_TOKEN = "/api/v1/apps/<app_uuid>/payment-providers"
_NAMES = resources.NAMES | {"return_url": "defaultReturnUrl"}

blueprint = Blueprint("billing_portals", __name__)


class BillingPortalToCreate(Body):
    """Where the portal leads back to."""

    default_return_url: str = Field(
        max_length=2000, description="Below one of the app's registered origins."
    )


class OwnBillingPortalToCreate(BillingPortalToCreate):
    """A portal for the user whose token it is."""

    tenant_uuid: str = Field(max_length=36)


class CreatedBillingPortal(Row):
    """The portal link behind a billing portal."""

    app_uuid: UUID
    tenant_uuid: UUID
    user_uuid: UUID
    payment_provider_uuid: UUID
    default_return_url: str
    expires_at: str


class BillingPortalItem(Shape):
    """A billing portal and what comes next."""

    created_billing_portal: CreatedBillingPortal
    next_action: NextAction


class BillingPortalList(Shape):
    """The answer to a create: always one item."""

    kind: Literal["billingPortal"]
    total_items: int
    items_length: int
    items: list[BillingPortalItem]


@blueprint.post(_BY_KEY)
def create(app_uuid: str, tenant_uuid: str, provider: str) -> Response:
    """Answer the way into a tenant's portal for its oldest admin."""
    holder = who(app_uuid)
    asked = bodies.read_json(BillingPortalToCreate)
    tenant = resources.tenant(holder.app, tenant_uuid)
    call = resources.repeatable(holder.scope, asked)
    return _create(tenant, provider, asked.default_return_url, call, key=holder.key)


@blueprint.post(f"{_BY_TOKEN}/stripe/billing-portals")
def create_at_stripe(app_uuid: str) -> Response:
    """Answer the way into a tenant's portal for the user of a token."""
    return _create_own(app_uuid, "stripe")


@blueprint.post(f"{_BY_TOKEN}/mollie/billing-portals")
def create_at_mollie(app_uuid: str) -> Response:
    """Answer the way into a tenant's portal for the user of a token."""
    return _create_own(app_uuid, "mollie")


def who(app_uuid: str) -> KeyHolder:
    """Answer whose write key the three headers show."""
    return resources.writer(app_uuid)


def write(link: PortalLink, account: ProviderAccount, url: str | None) -> dict[str, Any]:
    """Answer a billing portal as one item."""
    created = {
        **resources.row(link),
        "appUuid": str(link.tenant.app.uuid),
        "tenantUuid": str(link.tenant.uuid),
        "userUuid": str(link.user.uuid),
        "paymentProviderUuid": str(account.uuid),
        "defaultReturnUrl": link.return_url,
        "expiresAt": envelope.moment(link.expires_at),
    }
    return {"createdBillingPortal": created, "nextAction": {"url": url}}


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    by_key = "/tenants/" in request.path
    unauthorized = resources.UNAUTHORIZED if by_key else resources.UNAUTHORIZED_TOKEN
    return envelope.refuse(error, unauthorized=unauthorized, names=_NAMES)


def _create_own(app_uuid: str, provider: str) -> Response:
    holder = credentials.bearer(app_uuid)
    asked = bodies.read_json(OwnBillingPortalToCreate)
    tenant = _own(holder, asked.tenant_uuid)
    call = resources.repeatable(holder.scope, asked)
    return _create(tenant, provider, asked.default_return_url, call, user=holder.user)


def _own(holder: TokenHolder, tenant_uuid: str) -> Tenant:
    membership = tenants.find(
        calls.db(), user_id=holder.user.id, tenant_uuid=resources.uuid(tenant_uuid)
    )
    if membership.tenant.app_id != holder.app.id:
        raise NotFound("There is no such tenant.")
    return membership.tenant


def _create(
    tenant: Tenant,
    provider: str,
    return_url: str,
    call: Call,
    *,
    user: User | None = None,
    key: ApiKey | None = None,
) -> Response:
    account = resources.account(tenant.app, provider)
    link, url = portals.open_for(
        calls.db(),
        calls.site(),
        call,
        tenant=tenant,
        account=account,
        user=user,
        return_url=return_url,
        api_key=key,
    )
    return envelope.items("billingPortal", [write(link, account, url)])


_URL = "https://billing.example.com/link/3q2-7wAA"
_EXAMPLE = resources.listed(
    "billingPortal",
    {
        "createdBillingPortal": {
            **resources.A_ROW,
            "appUuid": "22222222-2222-4222-8222-222222222222",
            "tenantUuid": "55555555-5555-4555-8555-555555555555",
            "userUuid": "44444444-4444-4444-8444-444444444444",
            "paymentProviderUuid": "33333333-3333-4333-8333-333333333333",
            "defaultReturnUrl": "https://app.example.com/billing",
            "expiresAt": "2026-01-01T00:10:00.000Z",
        },
        "nextAction": {"url": _URL},
    },
)


def _operation_by_token(provider: str) -> Operation:
    return Operation(
        method="POST",
        path=f"/api/v1/apps/{{appUuid}}/payment-providers/{provider}/billing-portals",
        summary=f"Create a billing portal from a page, at {provider.title()}",
        security=resources.BY_TOKEN,
        body=OwnBillingPortalToCreate,
        body_example={
            "tenantUuid": "55555555-5555-4555-8555-555555555555",
            "defaultReturnUrl": "https://app.example.com/billing",
        },
        is_create=True,
        for_browsers=True,
        answers=resources.created(BillingPortalList, _EXAMPLE, status=200),
    )


dialect = Dialect(
    name="billing_portals",
    title="Billing portals: the whole portal of a tenant, as userdocks' clients ask for it",
    owns=re.compile(
        r"/api/v1/apps/[^/]+/(tenants/[^/]+/)?payment-providers/[^/]+/billing-portals(/|$)"
    ),
    refuse=refuse,
    operations=(
        Operation(
            method="POST",
            path="/api/v1/apps/{appUuid}/tenants/{tenantUuid}/payment-providers/{paymentProvider}"
            "/billing-portals",
            summary="Create a billing portal from a server",
            description="Open `items[0].nextAction.url` for the tenant's oldest admin: it lives ten"
            " minutes and works once. The provider's customer is made where the tenant has none.",
            security=resources.BY_KEY,
            body=BillingPortalToCreate,
            body_example={"defaultReturnUrl": "https://app.example.com/billing"},
            is_create=True,
            answers=resources.created(BillingPortalList, _EXAMPLE, status=200),
        ),
        _operation_by_token("stripe"),
        _operation_by_token("mollie"),
    ),
)

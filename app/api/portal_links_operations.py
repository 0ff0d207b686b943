"""The operations of portal links, as /openapi.json tells of them."""

from __future__ import annotations

from app.api import resources
from app.api.dialects import Operation
from app.api.portal_links_bodies import PortalLinkList, PortalLinkToCreate

_PATH = "/api/v1/apps/{appUuid}/tenants/{tenantUuid}/portal-links"
_ITEM = {
    **resources.A_ROW,
    "appUuid": "22222222-2222-4222-8222-222222222222",
    "tenantUuid": "55555555-5555-4555-8555-555555555555",
    "userUuid": "44444444-4444-4444-8444-444444444444",
    "scope": "checkout",
    "priceId": "price_12345",
    "quantity": 2,
    "returnUrl": "https://app.example.com/billing",
    "status": "open",
    "expiresAt": "2026-01-01T00:10:00.000Z",
    "consumedAt": None,
    "revokedAt": None,
    "nextAction": {"url": "https://billing.example.com/link/3q2-7wAA"},
}
_TOLD_LATER = {**_ITEM, "nextAction": {"url": None}}

OPERATIONS = (
    Operation(
        method="POST",
        path=_PATH,
        summary="Create a portal link",
        description="Open `items[0].nextAction.url` for the tenant's user: in a tab, or in a"
        " frame of a page that may embed the portal. It lives ten minutes and works once;"
        " opening it uses nothing up.",
        security=resources.BY_KEY,
        body=PortalLinkToCreate,
        body_example={
            "scope": "checkout",
            "priceId": "price_12345",
            "quantity": 2,
            "returnUrl": "https://app.example.com/billing",
        },
        is_create=True,
        answers=resources.created(PortalLinkList, resources.listed("portalLinks", _ITEM)),
    ),
    Operation(
        method="GET",
        path=_PATH,
        summary="List a tenant's portal links",
        security=resources.BY_KEY,
        query=resources.Page,
        answers=resources.answers(
            "The newest first.", PortalLinkList, resources.listed("portalLinks", _TOLD_LATER)
        ),
    ),
    Operation(
        method="DELETE",
        path=f"{_PATH}/{{linkUuid}}",
        summary="Revoke a portal link",
        description="A link that was used cannot be revoked: its visit ends within an hour.",
        security=resources.BY_KEY,
        answers=resources.answers(
            "Revoked; one that was revoked or has expired stays as it is.",
            PortalLinkList,
            resources.listed(
                "portalLinks",
                {**_TOLD_LATER, "status": "revoked", "revokedAt": resources.A_MOMENT},
            ),
        ),
    ),
)

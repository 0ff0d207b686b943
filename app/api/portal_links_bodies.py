"""What is asked and said about portal links."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from app.api.resources import Body, NextAction, Row, Shape
from app.billing.access import portal_links


class PortalLinkToCreate(Body):
    """A link into the portal, or to one act there."""

    scope: str = Field(
        default="portal",
        max_length=40,
        description=f"One of {', '.join(portal_links.OFFERED)}.",
    )
    price_id: str | None = Field(
        default=None, max_length=255, description="What is bought; with the scope checkout only."
    )
    quantity: int | None = Field(
        default=None, ge=1, le=1_000_000, description="With the scope checkout; 1 where left out."
    )
    user_uuid: str | None = Field(
        default=None,
        max_length=36,
        description="Who comes by it; the tenant's oldest admin where left out.",
    )
    return_url: str | None = Field(
        default=None, max_length=2000, description="Below one of the app's registered origins."
    )


class PortalLinkItem(Row):
    """A portal link; its address is told only where it is made."""

    app_uuid: UUID
    tenant_uuid: UUID
    user_uuid: UUID
    scope: str
    price_id: str | None
    quantity: int | None
    return_url: str | None
    status: Literal["open", "used", "revoked", "expired"]
    expires_at: str
    consumed_at: str | None
    revoked_at: str | None
    next_action: NextAction


class PortalLinkList(Shape):
    """Portal links, the newest first."""

    kind: Literal["portalLinks"]
    total_items: int
    items_length: int
    items: list[PortalLinkItem]

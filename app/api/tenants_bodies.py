"""What is asked and said about tenants."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from app.api.resources import Body, Row, Shape
from app.billing.tenants import enrollments


class TenantDetails(Body):
    """What invoices carry; `country` is ISO 3166-1 alpha-2."""

    legal_name: str = Field(max_length=enrollments.LONGEST)
    address_line1: str = Field(max_length=enrollments.LONGEST)
    address_line2: str | None = Field(default=None, max_length=enrollments.LONGEST)
    postal_code: str | None = Field(default=None, max_length=enrollments.LONGEST)
    city: str = Field(max_length=enrollments.LONGEST)
    region: str | None = Field(default=None, max_length=enrollments.LONGEST)
    country: str = Field(min_length=2, max_length=2)
    invoice_email: str | None = Field(default=None, max_length=enrollments.LONGEST)


class TenantUserToCreate(Body):
    """Somebody of the tenant; `externalId` is what your own issuer calls them in `sub`."""

    email: str = Field(max_length=254)
    name: str | None = Field(default=None, max_length=enrollments.LONGEST)
    role: Literal["admin", "member"] = "admin"
    external_id: str | None = Field(
        default=None, min_length=1, max_length=enrollments.LONGEST, pattern=r"^[!-~]+$"
    )


class TenantToCreate(Body):
    """A company; without an admin nobody can buy for it."""

    name: str = Field(min_length=1, max_length=enrollments.LONGEST)
    users: list[TenantUserToCreate] = Field(
        default=[], max_length=100, description="The first admin is who portal links sign in."
    )
    details: TenantDetails | None = Field(
        default=None, description="Asked at the first purchase where left out."
    )


class TenantUser(Shape):
    """Somebody of the tenant."""

    uuid: UUID
    email: str
    role: Literal["admin", "member"]


class TenantDetailsItem(Shape):
    """What invoices carry, as far as it is known."""

    legal_name: str | None
    address_line1: str | None
    address_line2: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str | None
    invoice_email: str | None


class TenantItem(Row):
    """A tenant, its people and its details."""

    app_uuid: UUID
    name: str
    currency: str | None
    vat_number: str | None
    details: TenantDetailsItem
    users: list[TenantUser]


class TenantList(Shape):
    """Always one tenant."""

    kind: Literal["tenants"]
    total_items: int
    items_length: int
    items: list[TenantItem]

"""Tenants: an app's server enrolls the companies that pay, with their people."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from app.api import bodies, calls, envelope, resources, tenants_operations
from app.api.credentials import KeyHolder
from app.api.dialects import Dialect
from app.api.tenants_bodies import TenantToCreate
from app.billing.purchase import idempotency_keys
from app.billing.tenants import enrollments, tenants
from app.billing.tenants.enrollments import Person
from app.billing.tenants.tenant_details import Details
from app.models import Membership, Tenant

_PATH = "/api/v1/apps/<app_uuid>/tenants"
_DETAILS = {
    "legal_name": "legalName",
    "address_line1": "addressLine1",
    "address_line2": "addressLine2",
    "postal_code": "postalCode",
    "city": "city",
    "region": "region",
    "country": "country",
    "invoice_email": "invoiceEmail",
}
_NAMES = {field: f"details.{said}" for field, said in _DETAILS.items()}

blueprint = Blueprint("tenants_api", __name__)


@blueprint.post(_PATH)
def create(app_uuid: str) -> Response:
    """Enroll a tenant."""
    holder = who(app_uuid)
    asked = read()
    db = calls.db()
    tenant = enrollments.once_only(
        db,
        holder.app,
        asked.name,
        [Person(**person.model_dump()) for person in asked.users],
        Details(**asked.details.model_dump()) if asked.details else None,
        scope=f"{holder.scope} {request.method} {request.path}",
        key=request.headers.get(idempotency_keys.FIELD),
        body=asked.model_dump(mode="json"),
    )
    item = write(tenant)
    db.commit()
    response = envelope.items("tenants", [item])
    response.status_code = 201
    return response


@blueprint.get(f"{_PATH}/<tenant_uuid>")
def show(app_uuid: str, tenant_uuid: str) -> Response:
    """Answer a tenant."""
    holder = resources.reader(app_uuid)
    return envelope.items("tenants", [write(resources.tenant(holder.app, tenant_uuid))])


def who(app_uuid: str) -> KeyHolder:
    """Answer whose write key the three headers show."""
    return resources.writer(app_uuid)


def read() -> TenantToCreate:
    """Answer what is asked for."""
    return bodies.read_json(TenantToCreate)


def write(tenant: Tenant) -> dict[str, Any]:
    """Answer a tenant as one item."""
    people = tenants.people(calls.db(), tenant)
    return {
        **resources.row(tenant),
        "appUuid": str(tenant.app.uuid),
        "name": tenant.name,
        "currency": tenant.currency,
        "vatNumber": tenant.vat_number,
        "details": {said: getattr(tenant, field) for field, said in _DETAILS.items()},
        "users": [_person(membership) for membership in people],
    }


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return envelope.refuse(error, unauthorized=resources.UNAUTHORIZED, names=_NAMES)


def _person(membership: Membership) -> dict[str, str]:
    user = membership.user
    return {"uuid": str(user.uuid), "email": user.email, "role": membership.role}


dialect = Dialect(
    name="tenants",
    title="Tenants: the companies that pay, and their people",
    owns=re.compile(r"/api/v1/apps/[^/]+/tenants(/[^/]*)?$"),
    refuse=refuse,
    operations=tenants_operations.OPERATIONS,
)

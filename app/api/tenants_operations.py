"""The operations of tenants, as /openapi.json tells of them."""

from __future__ import annotations

from app.api import resources
from app.api.dialects import Operation
from app.api.envelope import refused
from app.api.tenants_bodies import TenantList, TenantToCreate

_DETAILS_EXAMPLE = {
    "legalName": "Umbrella GmbH",
    "addressLine1": "Hauptstrasse 1",
    "addressLine2": None,
    "postalCode": "10115",
    "city": "Berlin",
    "region": None,
    "country": "DE",
    "invoiceEmail": "invoices@umbrella.example",
}
_EXAMPLE = resources.listed(
    "tenants",
    {
        **resources.A_ROW,
        "appUuid": "22222222-2222-4222-8222-222222222222",
        "name": "Umbrella",
        "currency": None,
        "vatNumber": None,
        "details": _DETAILS_EXAMPLE,
        "users": [
            {"uuid": resources.AN_UUID, "email": "ada@umbrella.example", "role": "admin"},
        ],
    },
)

OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/apps/{appUuid}/tenants",
        summary="Create a tenant",
        security=resources.BY_KEY,
        body=TenantToCreate,
        body_example={
            "name": "Umbrella",
            "users": [{"email": "ada@umbrella.example", "externalId": "user-4711"}],
            "details": _DETAILS_EXAMPLE,
        },
        is_create=True,
        answers=resources.answers("Created.", TenantList, _EXAMPLE, status=201)
        | dict((refused(409, "E4090", "Try again shortly", "See Idempotency-Key."),)),
    ),
    Operation(
        method="GET",
        path="/api/v1/apps/{appUuid}/tenants/{tenantUuid}",
        summary="Read a tenant",
        security=resources.BY_KEY,
        answers=resources.answers("The tenant.", TenantList, _EXAMPLE),
    ),
)

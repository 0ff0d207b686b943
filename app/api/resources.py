"""What all that stands beside seeds 001 and 002 shares with them: rows, pages, paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.api import bodies, calls, credentials, envelope
from app.api.credentials import KeyHolder, TokenHolder
from app.api.dialects import Answer
from app.api.envelope import refused
from app.billing.access.repeated_links import Call
from app.billing.connecting import provider_accounts
from app.billing.errors import NotFound
from app.billing.people import users
from app.billing.purchase import idempotency_keys
from app.billing.tenants import tenants
from app.db.base import Base
from app.models import App, ProviderAccount, Tenant, User

UNAUTHORIZED = "Unauthorized Token or API key"
UNAUTHORIZED_TOKEN = "Unauthorized Token"
BY_KEY = (("apiKey", "clientId", "apiKeyType"),)
BY_TOKEN = (("bearer",),)
# The envelope's words for the fields that billing names.
NAMES = {
    "price": "priceId",
    "user": "userUuid",
    "return_url": "returnUrl",
    "tenant": "tenantUuid",
}
AN_UUID = "11111111-1111-4111-8111-111111111111"
A_MOMENT = "2026-01-01T00:00:00.000Z"
A_ROW = {
    "id": 1,
    "uuid": AN_UUID,
    "createdAt": A_MOMENT,
    "updatedAt": A_MOMENT,
    "deletedAt": None,
}


class Shape(BaseModel):
    """Something said or asked in JSON, its names in camel case."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Body(BaseModel):
    """What a caller sends; what is not known here is left alone, as in the seeds."""

    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)


class Row(Shape):
    """What every row has."""

    id: int
    uuid: UUID
    created_at: str
    updated_at: str
    deleted_at: str | None


class Page(BaseModel):
    """Which part of a list is wanted."""

    model_config = ConfigDict(extra="ignore")

    page: int = Field(default=0, ge=0, le=1_000_000, description="Counts from zero.")
    limit: int = Field(default=10, ge=1, le=100, description="How many a page holds.")


class NextAction(Shape):
    """Where a person is sent."""

    url: str | None


def reader(app_uuid: str) -> KeyHolder:
    """Answer whose read key the three headers show."""
    return credentials.key_headers(type="read", app_uuid=app_uuid)


def writer(app_uuid: str) -> KeyHolder:
    """Answer whose write key the three headers show."""
    return credentials.key_headers(type="write", app_uuid=app_uuid)


def reader_or_user(app_uuid: str) -> KeyHolder | TokenHolder:
    """Answer whose read key the headers show, or whose bearer token where they show no key."""
    if "Authorization" in request.headers and "x-api-key" not in request.headers:
        return credentials.bearer(app_uuid)
    return reader(app_uuid)


def page() -> Page:
    """Answer which part of a list is asked for; raises BadBody."""
    return bodies.read_query(Page)


def uuid(text: str) -> UUID:
    """Answer the uuid in a path; raises NotFound for a text that is none."""
    found = credentials.uuid_or_none(text)
    if found is None:
        raise NotFound("There is no such thing.")
    return found


def tenant(app: App, text: str) -> Tenant:
    """Answer the tenant a path names; raises NotFound, also for another app's."""
    return tenants.of_app(calls.db(), app, uuid(text))


def user(app: App, text: str) -> User:
    """Answer the user a path names; raises NotFound for one without a tenant in this app."""
    found = users.of_app(calls.db(), app, uuid(text))
    if found is None:
        raise NotFound("There is no such user.")
    return found


def account(app: App, provider: str) -> ProviderAccount:
    """Answer the app's account at the provider a path names; raises NotFound where none is
    connected."""
    accounts = provider_accounts.of(calls.db(), app)
    found = next((account for account in accounts if account.provider == provider), None)
    if found is None:
        raise NotFound("This provider is not connected.")
    return found


def repeatable(scope: str, asked: BaseModel | None) -> Call:
    """Answer this call as billing knows it again by its idempotency key; None asks for nothing but
    what its address says."""
    return Call(
        scope=f"{scope} {request.method} {request.path}",
        key=request.headers.get(idempotency_keys.FIELD),
        body=asked.model_dump(mode="json") if asked else None,
    )


def row(found: Base) -> dict[str, Any]:
    """Answer what every row has."""
    return {
        "id": found.id,
        "uuid": str(found.uuid),
        "createdAt": envelope.moment(found.created_at),
        "updatedAt": envelope.moment(found.updated_at),
        "deletedAt": envelope.moment(found.deleted_at),
    }


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return envelope.refuse(error, unauthorized=UNAUTHORIZED, names=NAMES)


def answers(
    description: str, model: type[BaseModel], example: Mapping[str, Any], *, status: int = 200
) -> dict[int, Answer]:
    """Describe what an operation answers, well or badly, for `/openapi.json`."""
    return {
        status: Answer(description, model, example),
        **dict(
            (
                refused(400, "E4000", "limit must be from 1 to 100", "What was asked is wrong."),
                refused(401, "E4010", UNAUTHORIZED, "Key, client id or token is wrong."),
                refused(403, "E4030", "App Is Disabled", "The app may not sell."),
            )
        ),
        **envelope.COMMON,
    }


def created(
    model: type[BaseModel], example: Mapping[str, Any], *, status: int = 201
) -> dict[int, Answer]:
    """Describe what a create answers that takes an idempotency key."""
    in_flight = refused(409, "E4090", "Try again shortly", "See Idempotency-Key.")
    return answers("Created.", model, example, status=status) | dict((in_flight,))


def listed(kind: str, *examples: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the example of a list."""
    count = len(examples)
    return {"kind": kind, "totalItems": count, "itemsLength": count, "items": list(examples)}

"""Webhook endpoints: where an app's server wants to be told of what happens, and what it got."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from app.api import bodies, calls, credentials, envelope, resources, webhook_endpoints_operations
from app.api.credentials import KeyHolder
from app.api.dialects import Dialect
from app.api.webhook_endpoints_bodies import (
    DeliveriesPage,
    WebhookEndpointToChange,
    WebhookEndpointToCreate,
)
from app.billing.errors import Invalid
from app.billing.purchase import idempotency_keys
from app.billing.webhooks import deliveries, endpoints, handouts
from app.models import App, WebhookAttempt, WebhookDelivery, WebhookEndpoint

_ENDPOINTS = "/api/v1/apps/<app_uuid>/webhook-endpoints"
_ENDPOINT = f"{_ENDPOINTS}/<endpoint_uuid>"

blueprint = Blueprint("webhook_endpoints_api", __name__)


@blueprint.post(_ENDPOINTS)
def create(app_uuid: str) -> Response:
    """Make an endpoint and answer its secret."""
    holder = who(app_uuid)
    asked = read()
    endpoint, secret = endpoints.register(
        calls.db(),
        calls.site(),
        holder.app,
        url=asked.url,
        types=asked.types,
        scope=f"{holder.scope} {request.method} {request.path}",
        key=request.headers.get(idempotency_keys.FIELD),
        by=holder.key,
    )
    response = _said(endpoint, secret)
    response.status_code = 201
    return response


@blueprint.get(_ENDPOINTS)
def index(app_uuid: str) -> Response:
    """List the app's endpoints."""
    found = endpoints.listed(calls.db(), resources.reader(app_uuid).app)
    return envelope.items("webhookEndpoints", [write(endpoint) for endpoint in found])


@blueprint.get(_ENDPOINT)
def show(app_uuid: str, endpoint_uuid: str) -> Response:
    """Answer an endpoint."""
    endpoint = _find(resources.reader(app_uuid).app, endpoint_uuid)
    return envelope.items("webhookEndpoints", [write(endpoint)])


@blueprint.patch(_ENDPOINT)
def change(app_uuid: str, endpoint_uuid: str) -> Response:
    """Change an endpoint, enable or disable it."""
    holder = who(app_uuid)
    endpoint = _find(holder.app, endpoint_uuid)
    asked = bodies.read_json(WebhookEndpointToChange)
    site = calls.site()
    endpoints.change(
        calls.db(),
        site,
        endpoint,
        url=asked.url,
        types=asked.types,
        is_enabled=asked.is_enabled,
        by=holder.key,
        now=site.clock.now(),
    )
    return _said(endpoint)


@blueprint.delete(_ENDPOINT)
def remove(app_uuid: str, endpoint_uuid: str) -> Response:
    """Tell an endpoint nothing any more."""
    holder = who(app_uuid)
    endpoint = _find(holder.app, endpoint_uuid)
    endpoints.remove(calls.db(), endpoint, by=holder.key, now=calls.site().clock.now())
    return _said(endpoint)


@blueprint.post(f"{_ENDPOINT}/rotate-secret")
def rotate_secret(app_uuid: str, endpoint_uuid: str) -> Response:
    """Give an endpoint a new secret and answer it."""
    holder = who(app_uuid)
    endpoint = _find(holder.app, endpoint_uuid)
    secret = endpoints.rotate_secret(calls.db(), calls.site(), endpoint, by=holder.key)
    return _said(endpoint, secret)


@blueprint.post(f"{_ENDPOINT}/test")
def ping(app_uuid: str, endpoint_uuid: str) -> Response:
    """Send an endpoint a ping."""
    endpoint = _find(who(app_uuid).app, endpoint_uuid)
    delivery = handouts.ping(calls.db(), endpoint, now=calls.site().clock.now())
    return _delivery(delivery)


@blueprint.get(f"{_ENDPOINT}/deliveries")
def list_deliveries(app_uuid: str, endpoint_uuid: str) -> Response:
    """List what an endpoint was sent."""
    endpoint = _find(resources.reader(app_uuid).app, endpoint_uuid)
    page = bodies.read_query(DeliveriesPage)
    after = credentials.uuid_or_none(page.after) if page.after else None
    if page.after and after is None:
        raise Invalid("must be the uuid of a delivery", field="after")
    found, total = deliveries.listed(
        calls.db(), endpoint, state=page.state, after=after, limit=page.limit
    )
    items = [write_delivery(delivery) for delivery in found]
    return envelope.items("webhookDeliveries", items, total=total)


@blueprint.post(f"{_ENDPOINT}/deliveries/<delivery_uuid>/resend")
def resend(app_uuid: str, endpoint_uuid: str, delivery_uuid: str) -> Response:
    """Attempt a delivery again now."""
    endpoint = _find(who(app_uuid).app, endpoint_uuid)
    delivery = deliveries.find(calls.db(), endpoint, resources.uuid(delivery_uuid))
    deliveries.resend(calls.db(), delivery, now=calls.site().clock.now())
    return _delivery(delivery)


def who(app_uuid: str) -> KeyHolder:
    """Answer whose write key the three headers show."""
    return resources.writer(app_uuid)


def read() -> WebhookEndpointToCreate:
    """Answer what is asked for."""
    return bodies.read_json(WebhookEndpointToCreate)


def write(endpoint: WebhookEndpoint, secret: str | None = None) -> dict[str, Any]:
    """Answer an endpoint as one item; `secret` is known only to whoever made or changed it."""
    return {
        **resources.row(endpoint),
        "deletedAt": envelope.moment(endpoint.removed_at),
        "appUuid": str(endpoint.app.uuid),
        "url": endpoint.url,
        "types": endpoint.types,
        "isEnabled": endpoint.is_enabled,
        "disabledAt": envelope.moment(endpoint.disabled_at),
        "disabledReason": endpoint.disabled_reason,
        "failingSince": envelope.moment(endpoint.failing_since),
        "secret": secret,
    }


def write_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    """Answer a delivery as one item."""
    event = delivery.event
    return {
        **resources.row(delivery),
        "eventUuid": str(event.uuid),
        "type": event.type,
        "happenedAt": envelope.moment(event.at),
        "tenantUuid": str(event.tenant.uuid) if event.tenant else None,
        "state": delivery.state,
        "nextTryAt": envelope.moment(delivery.next_try_at) if _is_waiting(delivery) else None,
        "endedAt": envelope.moment(delivery.ended_at),
        "attempts": [_attempt(attempt) for attempt in delivery.attempts],
    }


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return resources.refuse(error)


def _find(app: App, uuid: str) -> WebhookEndpoint:
    return endpoints.find(calls.db(), app, resources.uuid(uuid))


def _said(endpoint: WebhookEndpoint, secret: str | None = None) -> Response:
    item = write(endpoint, secret)
    calls.db().commit()
    return envelope.items("webhookEndpoints", [item])


def _delivery(delivery: WebhookDelivery) -> Response:
    item = write_delivery(delivery)
    calls.db().commit()
    return envelope.items("webhookDeliveries", [item])


def _is_waiting(delivery: WebhookDelivery) -> bool:
    return delivery.state == "waiting"


def _attempt(attempt: WebhookAttempt) -> dict[str, Any]:
    return {
        "at": envelope.moment(attempt.at),
        "responseStatus": attempt.response_status,
        "responseBody": attempt.response_body,
        "responseMs": attempt.response_ms,
        "error": attempt.error,
    }


dialect = Dialect(
    name="webhook_endpoints",
    title="Webhook endpoints: where your server is told of what happens",
    owns=re.compile(r"/api/v1/apps/[^/]+/webhook-endpoints(/|$)"),
    refuse=refuse,
    operations=webhook_endpoints_operations.OPERATIONS,
)

"""The operations of webhook endpoints, as /openapi.json tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import resources
from app.api.dialects import Answer, Operation
from app.api.envelope import refused
from app.api.webhook_endpoints_bodies import (
    DeliveriesPage,
    WebhookDeliveryList,
    WebhookEndpointList,
    WebhookEndpointToChange,
    WebhookEndpointToCreate,
)

_PATH = "/api/v1/apps/{appUuid}/webhook-endpoints"
_ONE = f"{_PATH}/{{endpointUuid}}"
_URL = "https://app.example.com/hooks/billing"
_ITEM = {
    **resources.A_ROW,
    "appUuid": "22222222-2222-4222-8222-222222222222",
    "url": _URL,
    "types": ["subscription.activated", "subscription.canceled"],
    "isEnabled": True,
    "disabledAt": None,
    "disabledReason": None,
    "failingSince": None,
    "secret": None,
}
_WITH_SECRET = {**_ITEM, "secret": "whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD"}
_DELIVERY = {
    **resources.A_ROW,
    "eventUuid": "66666666-6666-4666-8666-666666666666",
    "type": "subscription.activated",
    "happenedAt": resources.A_MOMENT,
    "tenantUuid": "55555555-5555-4555-8555-555555555555",
    "state": "delivered",
    "nextTryAt": None,
    "endedAt": resources.A_MOMENT,
    "attempts": [
        {
            "at": resources.A_MOMENT,
            "responseStatus": 204,
            "responseBody": "",
            "responseMs": 38,
            "error": None,
        }
    ],
}
_TO_COME = {**_DELIVERY, "state": "waiting", "nextTryAt": resources.A_MOMENT, "endedAt": None}


def _endpoints(
    description: str, example: Mapping[str, Any], *, status: int = 200
) -> dict[int, Answer]:
    listed = resources.listed("webhookEndpoints", example)
    return resources.answers(description, WebhookEndpointList, listed, status=status)


def _deliveries(description: str, example: Mapping[str, Any]) -> dict[int, Answer]:
    listed = resources.listed("webhookDeliveries", example)
    return resources.answers(description, WebhookDeliveryList, listed)


OPERATIONS = (
    Operation(
        method="POST",
        path=_PATH,
        summary="Create a webhook endpoint",
        description="`items[0].secret` verifies what is sent there (Standard Webhooks). It is told"
        " only here, and again to a repeated call with the same idempotency key.",
        security=resources.BY_KEY,
        body=WebhookEndpointToCreate,
        body_example={"url": _URL, "types": ["subscription.activated", "subscription.canceled"]},
        is_create=True,
        answers=_endpoints("Created.", _WITH_SECRET, status=201)
        | dict((refused(409, "E4090", "Try again shortly", "See Idempotency-Key."),)),
    ),
    Operation(
        method="GET",
        path=_PATH,
        summary="List the webhook endpoints",
        security=resources.BY_KEY,
        answers=_endpoints("The oldest first.", _ITEM),
    ),
    Operation(
        method="GET",
        path=_ONE,
        summary="Get a webhook endpoint",
        security=resources.BY_KEY,
        answers=_endpoints("The endpoint.", _ITEM),
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        summary="Change a webhook endpoint",
        description="One that is enabled again goes on with what waits for it. What happened while"
        " it was disabled it is not told.",
        security=resources.BY_KEY,
        body=WebhookEndpointToChange,
        body_example={"isEnabled": True},
        answers=_endpoints("Changed.", _ITEM),
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        summary="Remove a webhook endpoint",
        security=resources.BY_KEY,
        answers=_endpoints(
            "Removed; what waited for it is not sent any more.",
            {**_ITEM, "isEnabled": False, "deletedAt": resources.A_MOMENT},
        ),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/rotate-secret",
        summary="Give a webhook endpoint a new secret",
        description="For 24 hours each delivery is signed with the old secret too.",
        security=resources.BY_KEY,
        answers=_endpoints("The new secret, told only here.", _WITH_SECRET),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/test",
        summary="Send a ping to a webhook endpoint",
        description="An event of type `ping`, to this endpoint alone, tried once.",
        security=resources.BY_KEY,
        answers=_deliveries(
            "On its way.", {**_TO_COME, "type": "ping", "tenantUuid": None, "attempts": []}
        ),
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/deliveries",
        summary="List the deliveries of a webhook endpoint",
        description="With every attempt, the status and the first kilobyte of what came back.",
        security=resources.BY_KEY,
        query=DeliveriesPage,
        answers=_deliveries("The newest first.", _DELIVERY),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/deliveries/{{deliveryUuid}}/resend",
        summary="Send a delivery again",
        description="Now, with the same id and the same body. One that had ended is tried once.",
        security=resources.BY_KEY,
        answers=_deliveries("On its way.", _TO_COME),
    ),
)

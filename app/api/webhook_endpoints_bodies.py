"""What is asked and said about webhook endpoints and their deliveries."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.resources import Body, Row, Shape
from app.billing import urls

State = Literal["waiting", "delivered", "failed"]


class WebhookEndpointToCreate(Body):
    """An address of yours that wants to be told."""

    url: str = Field(max_length=urls.LONGEST, description="https, and on the internet.")
    types: list[str] = Field(
        default=[], max_length=100, description="Which events; all where left out or empty."
    )


class WebhookEndpointToChange(Body):
    """What is left out stays as it is."""

    url: str | None = Field(default=None, max_length=urls.LONGEST)
    types: list[str] | None = Field(default=None, max_length=100)
    is_enabled: bool | None = Field(
        default=None, description="True goes on with what waits; false stops all calls."
    )


class WebhookEndpointItem(Row):
    """A webhook endpoint; its secret is told only where it is made or changed."""

    app_uuid: UUID
    url: str
    types: list[str]
    is_enabled: bool
    disabled_at: str | None
    disabled_reason: Literal["owner", "failing", "gone"] | None
    failing_since: str | None
    secret: str | None


class WebhookEndpointList(Shape):
    """Webhook endpoints, the oldest first."""

    kind: Literal["webhookEndpoints"]
    total_items: int
    items_length: int
    items: list[WebhookEndpointItem]


class DeliveriesPage(BaseModel):
    """Which deliveries are wanted."""

    model_config = ConfigDict(extra="ignore")

    state: State | None = Field(default=None, description="Only those in this state.")
    after: str | None = Field(
        default=None,
        max_length=36,
        description="The uuid of the last delivery seen; those made before it follow.",
    )
    limit: int = Field(default=10, ge=1, le=100, description="How many are answered at most.")


class WebhookAttemptItem(Shape):
    """One call; without status and error its end is not known."""

    at: str
    response_status: int | None
    response_body: str | None
    response_ms: int | None
    error: str | None


class WebhookDeliveryItem(Row):
    """An event on its way to an endpoint; `eventUuid` is what it carries as `webhook-id`."""

    event_uuid: UUID
    type: str
    happened_at: str
    tenant_uuid: UUID | None
    state: State
    next_try_at: str | None
    ended_at: str | None
    attempts: list[WebhookAttemptItem]


class WebhookDeliveryList(Shape):
    """Deliveries of an endpoint, the newest first."""

    kind: Literal["webhookDeliveries"]
    total_items: int
    items_length: int
    items: list[WebhookDeliveryItem]

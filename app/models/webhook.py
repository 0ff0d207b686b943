"""What the app is told: endpoints, events, and each attempt to deliver one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class WebhookEndpoint(Base):
    """An address of the app that wants to be told; its secret is sealed."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (UniqueConstraint("app_id", "url"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    url: Mapped[str]
    sealed_secret: Mapped[str]
    disabled_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """Something that happened, written with the change itself, once per transition (`effect`)."""

    __tablename__ = "webhook_event"
    __table_args__ = (Index(None, "app_id", "id"), Index(None, "tenant_id", "id"))

    effect: Mapped[str] = mapped_column(unique=True)
    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    livemode: Mapped[bool]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class WebhookDelivery(Base):
    """An event on its way to an endpoint."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_event_id", "webhook_endpoint_id"),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index(None, "state", "next_try_at"),
    )

    webhook_event_id: Mapped[int] = mapped_column(ForeignKey("webhook_event.id"))
    webhook_endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id"))
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    response_status: Mapped[int | None]
    response_ms: Mapped[int | None]
    error: Mapped[str | None]
    next_try_at: Mapped[datetime | None]

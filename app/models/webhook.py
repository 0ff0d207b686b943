"""What the app is told: endpoints, events, and each attempt to deliver one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base

_IS_NEW = text("NOT is_handed_out")
_IS_WAITING = text("state = 'waiting'")


class WebhookEndpoint(Base):
    """An address of the app that wants to be told; its secret is sealed.

    `types` are the events it wants, none meaning all. `failing_since` is when the first delivery
    failed of those that have failed in a row since.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index(None, "app_id"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    url: Mapped[str]
    types: Mapped[list[str]] = mapped_column(default=list)
    sealed_secret: Mapped[str]
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    removed_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """Something that happened, written with the change itself, once per transition (`effect`).

    `is_handed_out`: each endpoint that wants it has its delivery.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (
        Index(None, "app_id", "id"),
        Index(None, "tenant_id", "id"),
        Index("ix_webhook_event_new", "id", sqlite_where=_IS_NEW, postgresql_where=_IS_NEW),
    )

    effect: Mapped[str] = mapped_column(unique=True)
    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    livemode: Mapped[bool]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    is_handed_out: Mapped[bool] = mapped_column(default=False)


class WebhookDelivery(Base):
    """An event on its way to an endpoint. Of one tenant an endpoint hears in order: a delivery
    waits while an earlier one of the same tenant does."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_event_id", "webhook_endpoint_id"),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index(
            "ix_webhook_delivery_due",
            "next_try_at",
            sqlite_where=_IS_WAITING,
            postgresql_where=_IS_WAITING,
        ),
        Index(
            "ix_webhook_delivery_order",
            "webhook_endpoint_id",
            "tenant_id",
            "webhook_event_id",
            sqlite_where=_IS_WAITING,
            postgresql_where=_IS_WAITING,
        ),
        Index(None, "webhook_endpoint_id", "id"),
    )

    webhook_event_id: Mapped[int] = mapped_column(ForeignKey("webhook_event.id"))
    webhook_endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    event: Mapped[WebhookEvent] = relationship()
    endpoint: Mapped[WebhookEndpoint] = relationship()
    attempts: Mapped[list[WebhookAttempt]] = relationship(order_by="WebhookAttempt.id")


class WebhookAttempt(Base):
    """One call to an endpoint, written before it is made; what came back is added after."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index(None, "webhook_delivery_id"),)

    webhook_delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_delivery.id"))
    at: Mapped[datetime]
    response_status: Mapped[int | None]
    response_body: Mapped[str | None]
    response_ms: Mapped[int | None]
    error: Mapped[str | None]

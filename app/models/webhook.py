"""What the app is told: endpoints, events, and each attempt to deliver one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.product import Price
from app.models.tenant import Tenant

_IS_NEW = text("NOT is_handed_out")
_IS_WAITING = text("state = 'waiting'")


class WebhookEndpoint(Base):
    """An address of the app that wants to be told; its secret is sealed.

    `types` are the events it wants, none meaning all. For a day after a change of secret the old
    one signs too. `failures` counts the attempts that failed in a row, the first of them at
    `failing_since`.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index(None, "app_id"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    url: Mapped[str]
    types: Mapped[list[str]] = mapped_column(default=list)
    sealed_secret: Mapped[str]
    sealed_old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    removed_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()

    @property
    def is_enabled(self) -> bool:
        """It is told of what happens."""
        return self.disabled_at is None and self.removed_at is None


class WebhookEvent(Base):
    """Something that happened, written with the change itself, once per transition (`effect`).

    Of one `lane` endpoints hear in order: it is the tenant or, where there is none, the checkout
    (negative). `payload` is what was true at that moment; what never changes (the app, the tenant,
    the price) is looked up where it is sent. `is_handed_out`: each endpoint that wants it has its
    delivery.
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
    price_id: Mapped[int | None] = mapped_column(ForeignKey("price.id"))
    lane: Mapped[int]
    livemode: Mapped[bool]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    is_handed_out: Mapped[bool] = mapped_column(default=False)

    app: Mapped[App] = relationship()
    tenant: Mapped[Tenant | None] = relationship()
    price: Mapped[Price | None] = relationship()


class WebhookDelivery(Base):
    """An event on its way to an endpoint; it waits while an earlier one of its lane does.

    `next_try_at` is billing time, and None while the endpoint is disabled; `tries_left` counts the
    attempts that may still be begun.
    """

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
            "lane",
            "webhook_event_id",
            sqlite_where=_IS_WAITING,
            postgresql_where=_IS_WAITING,
        ),
        Index(None, "webhook_endpoint_id", "id"),
        Index("ix_webhook_delivery_by_state", "webhook_endpoint_id", "state", "id"),
    )

    webhook_event_id: Mapped[int] = mapped_column(ForeignKey("webhook_event.id"))
    webhook_endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id"))
    lane: Mapped[int]
    state: Mapped[str] = mapped_column(default="waiting")
    tries_left: Mapped[int]
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    event: Mapped[WebhookEvent] = relationship()
    endpoint: Mapped[WebhookEndpoint] = relationship()
    attempts: Mapped[list[WebhookAttempt]] = relationship(order_by="WebhookAttempt.id")


class WebhookAttempt(Base):
    """One call to an endpoint, written before it is made; what came back is added after.

    `at` is wall time. One without status and error was begun by a process that died.
    """

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index(None, "webhook_delivery_id"),)

    webhook_delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_delivery.id"))
    at: Mapped[datetime]
    response_status: Mapped[int | None]
    response_body: Mapped[str | None]
    response_ms: Mapped[int | None]
    error: Mapped[str | None]

"""What changed, why, and who or what caused it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class TimelineEntry(Base):
    """One transition of a tenant's billing, for the tenant and for support."""

    __tablename__ = "timeline_entry"
    __table_args__ = (Index(None, "tenant_id", "livemode", "id"), Index(None, "checkout_id"))

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    livemode: Mapped[bool]
    kind: Mapped[str]
    cause: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    details: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


class AuditEntry(Base):
    """An act of a person or key on the app itself; rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "app_id", "id"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]

"""A caller's idempotency key and what it made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class IdempotencyKey(Base):
    """A key of one credential and route, kept for 24 hours; the answer is written anew from the row
    it made, and only a bearer token, which has none, is kept itself, sealed."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("scope", "key"), Index(None, "expires_at"))

    scope: Mapped[str]
    key: Mapped[str]
    body_digest: Mapped[str]
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    portal_link_id: Mapped[int | None] = mapped_column(ForeignKey("portal_link.id"))
    webhook_endpoint_id: Mapped[int | None] = mapped_column(ForeignKey("webhook_endpoint.id"))
    signing_key_id: Mapped[int | None] = mapped_column(ForeignKey("signing_key.id"))
    sealed_token: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    expires_at: Mapped[datetime]

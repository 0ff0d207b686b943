"""A call at our door from a provider: a reason to look, never the truth itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.provider_account import ProviderAccount

_IS_FAILED = text("state = 'failed'")
_IS_UNDONE = text("state IN ('received', 'processing')")
_IS_WAITING_UNNUMBERED = text("state = 'received' AND provider_event_id IS NULL")


class ProviderEvent(Base):
    """One event. Stripe numbers them, so each is stored once; Mollie does not, so of one object
    at most one call waits."""

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_event_id"),
        CheckConstraint("state IN ('received', 'processing', 'done', 'failed')", name="state"),
        Index(
            "uq_provider_event_waiting",
            "provider_account_id",
            "object_id",
            unique=True,
            sqlite_where=_IS_WAITING_UNNUMBERED,
            postgresql_where=_IS_WAITING_UNNUMBERED,
        ),
        Index(
            "ix_provider_event_due",
            "next_try_at",
            sqlite_where=_IS_UNDONE,
            postgresql_where=_IS_UNDONE,
        ),
        Index(None, "provider_account_id", "id"),
        Index(
            "ix_provider_event_failed", "id", sqlite_where=_IS_FAILED, postgresql_where=_IS_FAILED
        ),
    )

    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    provider_event_id: Mapped[str | None]
    type: Mapped[str | None]
    object_id: Mapped[str]
    payload: Mapped[str]
    state: Mapped[str] = mapped_column(default="received")
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    received_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    provider_account: Mapped[ProviderAccount] = relationship()

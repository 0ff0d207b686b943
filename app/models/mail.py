"""A mail in the outbox, one per transition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.tenant import Tenant

_IS_WAITING = text("state = 'waiting'")


class Mail(Base):
    """A mail to send once; `kind` and `effect` name the transition it tells of.

    `uuid` is in its Message-ID, so that a repeated one can be told. `values` is what its words
    need, as it was at that moment; a secret in it is sealed. `tries` counts what was begun,
    whatever came of it; `next_try_at` is billing time. Without `app_id` it is about the
    installation.
    """

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
        Index("ix_mail_due", "next_try_at", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
        Index(None, "tenant_id", "id"),
    )

    effect: Mapped[str] = mapped_column(unique=True)
    app_id: Mapped[int | None] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    livemode: Mapped[bool]
    recipient: Mapped[str]
    kind: Mapped[str]
    values: Mapped[dict[str, Any]]
    locale: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    app: Mapped[App | None] = relationship()
    tenant: Mapped[Tenant | None] = relationship()

"""An invoice: ours, or the provider's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Invoice(Base):
    """What was charged, to whom, by whom, under which tax rule. Numbers are ours, without gaps,
    per app and mode; the provider's own number is `provider_number`. Amounts in minor units."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("app_id", "livemode", "number"),
        UniqueConstraint("provider_account_id", "provider_id"),
        UniqueConstraint("payment_id"),
        CheckConstraint(
            "status IN ('draft', 'open', 'paid', 'uncollectible', 'void')", name="status"
        ),
        Index(None, "tenant_id", "id"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    livemode: Mapped[bool]
    number: Mapped[int | None]
    provider_id: Mapped[str | None]
    provider_number: Mapped[str | None]
    status: Mapped[str]
    currency: Mapped[str]
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    tax_rule: Mapped[str | None]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    hosted_url: Mapped[str | None]
    pdf_url: Mapped[str | None]
    issued_at: Mapped[datetime]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]

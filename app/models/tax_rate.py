"""Tax rates, and the ones a provider had to make."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App


class TaxRate(Base):
    """A rate of a country in percent; reverse charge has no country and no percentage."""

    __tablename__ = "tax_rate"
    __table_args__ = (
        CheckConstraint("percentage >= 0 AND percentage <= 100", name="percentage"),
        CheckConstraint("NOT is_reverse_charge OR percentage = 0", name="reverse_charge"),
        Index(None, "app_id", "country"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tax_rate_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="VAT")
    country: Mapped[str | None]
    percentage: Mapped[Decimal] = mapped_column(Numeric(7, 4))
    is_reverse_charge: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()


class ProviderTaxRate(Base):
    """A rate made at a provider on first use, one inclusive and one exclusive."""

    __tablename__ = "provider_tax_rate"
    __table_args__ = (
        UniqueConstraint(
            "tax_rate_id", "provider_account_id", "is_inclusive", name="uq_provider_tax_rate_use"
        ),
        UniqueConstraint("provider_account_id", "provider_id"),
    )

    tax_rate_id: Mapped[int] = mapped_column(ForeignKey("tax_rate.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    is_inclusive: Mapped[bool]
    provider_id: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    request: Mapped[str]
    first_tried_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]

    tax_rate: Mapped[TaxRate] = relationship()

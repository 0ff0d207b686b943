"""A subscription: a plan that runs, renews and ends."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.product import Price
from app.models.provider_account import ProviderAccount
from app.money import Money

RUNNING = ("trialing", "active", "past_due", "unpaid", "paused", "canceling")
STATUSES = (*RUNNING, "incomplete", "canceled")
_IS_RUNNING = text(f"status IN {RUNNING!r} AND NOT is_duplicate")


class Subscription(Base):
    """One plan of a tenant, one row for its whole life, whatever the provider made of it.

    At most one runs per tenant, mode and family; one that was paid anyway is kept as a duplicate,
    outside the index, and ended. Amounts are in minor units and per period.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_id"),
        CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        Index(
            "uq_subscription_running",
            "tenant_id",
            "livemode",
            "family",
            unique=True,
            sqlite_where=_IS_RUNNING,
            postgresql_where=_IS_RUNNING,
        ),
        Index(None, "next_check_at"),
        Index(None, "checkout_id"),
        Index(None, "tenant_id", "id"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    price_id: Mapped[int] = mapped_column(ForeignKey("price.id"))
    payment_method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_method.id"))
    livemode: Mapped[bool]
    family: Mapped[str]
    status: Mapped[str]
    is_duplicate: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)
    provider_id: Mapped[str | None]
    provider_ids: Mapped[list[str]] = mapped_column(default=list)
    customer_provider_id: Mapped[str | None]
    quantity: Mapped[int]
    currency: Mapped[str]
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    tax_rule: Mapped[str | None]
    tax_percentage: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    started_at: Mapped[datetime]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    settling_until: Mapped[datetime | None]
    trial_end: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]

    price: Mapped[Price] = relationship()
    provider_account: Mapped[ProviderAccount] = relationship()

    @property
    def is_running(self) -> bool:
        """It counts as the tenant's plan of its family."""
        return self.status in RUNNING and not self.is_duplicate

    @property
    def is_settling(self) -> bool:
        """Its first payment is still on the way."""
        return self.settling_until is not None and self.status == "active"

    @property
    def shown_status(self) -> str:
        """The status a person is shown."""
        return "processing" if self.is_settling else self.status

    @property
    def renewal(self) -> Money:
        """What each period costs, tax included."""
        return Money(self.total, self.currency)

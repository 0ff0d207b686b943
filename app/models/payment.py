"""Money that moved, or tried to: payments, refunds, and the methods that are on file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.money import Money

# Queries that shall use the index below say so in the same words.
HAS_GONE_BACK = text("(refunded > 0 OR charged_back > 0)")


class Payment(Base):
    """One attempt at a provider, never overwritten by another. Amounts are in minor units.

    Of a subscription's payment, `period_start` and `period_end` are the period it pays for.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_id"),
        CheckConstraint(
            "status IN ('open', 'action_needed', 'processing', 'paid', 'failed', 'canceled',"
            " 'expired')",
            name="status",
        ),
        Index(None, "checkout_id"),
        Index(None, "subscription_id"),
        Index(None, "tenant_id", "id"),
        Index("ix_payment_listed", "provider_account_id", "attempted_at", "id"),
        Index("ix_payment_listed_by_status", "provider_account_id", "status", "attempted_at", "id"),
        Index(
            "ix_payment_gone_back",
            "provider_account_id",
            "attempted_at",
            "id",
            sqlite_where=HAS_GONE_BACK,
            postgresql_where=HAS_GONE_BACK,
        ),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    provider_id: Mapped[str]
    livemode: Mapped[bool]
    status: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    refunded: Mapped[int] = mapped_column(default=0)
    charged_back: Mapped[int] = mapped_column(default=0)
    method: Mapped[str | None]
    brand: Mapped[str | None]
    last4: Mapped[str | None]
    decline: Mapped[str | None]
    attempted_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]

    refunds: Mapped[list[Refund]] = relationship(back_populates="payment", order_by="Refund.id")

    @property
    def total(self) -> Money:
        """What was asked for."""
        return Money(self.amount, self.currency)

    @property
    def is_paid(self) -> bool:
        """The provider has the money."""
        return self.status == "paid"

    @property
    def standing(self) -> str:
        """Its status, or what became of the money since it was paid: `partly_refunded`, `refunded`,
        `charged_back`."""
        return reversal(self, self.amount) or self.status

    @property
    def remaining(self) -> Money:
        """What was paid and not given back."""
        kept = self.amount - self.refunded - self.charged_back if self.is_paid else 0
        return Money(max(kept, 0), self.currency)


def reversal(payment: Payment | None, total: int) -> str | None:
    """Answer how `total`, in minor units, went back to who paid it: `partly_refunded`, `refunded`
    or `charged_back`; None where it is kept, or was never paid."""
    if payment is None or not payment.is_paid:
        return None
    if payment.charged_back:
        return "charged_back"
    if payment.refunded:
        return "refunded" if payment.refunded >= total else "partly_refunded"
    return None


class Refund(Base):
    """Money given back, by an act of ours or at the provider by a person; `recorded_at` is when it
    was first seen."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_id"),
        CheckConstraint("status IN ('pending', 'refunded', 'failed')", name="status"),
        Index(None, "payment_id"),
        Index(None, "provider_account_id", "recorded_at"),
    )

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    provider_id: Mapped[str]
    status: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    recorded_at: Mapped[datetime]

    payment: Mapped[Payment] = relationship(back_populates="refunds")


class PaymentMethod(Base):
    """A card or mandate on file; pending counts, invalid does not."""

    __tablename__ = "payment_method"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_id"),
        CheckConstraint("status IN ('pending', 'valid', 'invalid')", name="status"),
        Index(None, "tenant_id"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    provider_id: Mapped[str]
    livemode: Mapped[bool]
    type: Mapped[str]
    status: Mapped[str]
    brand: Mapped[str | None]
    last4: Mapped[str | None]
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]

    @property
    def is_usable(self) -> bool:
        """It can be charged, or soon will be."""
        return self.status in ("pending", "valid")

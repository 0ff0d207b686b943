"""A subscription: a plan that runs, renews, changes and ends."""

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
# Why it ended: it was canceled here, or with the provider; it was not paid; the payer took money
# back by their bank; it had been bought twice.
END_REASONS = ("canceled", "provider", "not_paid", "charged_back", "duplicate")
# Scheduled: the provider has it, and it takes effect with the next period.
CHANGE_STATES = ("previewed", "confirmed", "scheduled", "done", "failed", "canceled")
# Queries that shall use the index below say so in the same words.
IS_RUNNING = text(f"status IN {RUNNING!r} AND NOT is_duplicate")
_IS_IN_TROUBLE = text("status IN ('incomplete', 'past_due', 'unpaid')")
_HAS_ENDED = text("ended_at IS NOT NULL")
_IS_ON_ITS_WAY = text("state IN ('confirmed', 'scheduled')")


class Subscription(Base):
    """One plan of a tenant, one row for its whole life, whatever the provider made of it.

    At most one runs per tenant, mode and family; one that was paid anyway is kept as a duplicate,
    outside the index, and ended. Amounts are in minor units and per period; `credit` is what the
    provider will take off the next charges.

    Periods are counted from `anchor_at`, `period_end` is the moment up to which it is paid (or on
    trial). `overdue_since` is when the charge failed that is not made good yet, `next_retry_at` the
    next try and `pay_by` the last moment before it ends for that.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_id"),
        CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        CheckConstraint(f"end_reason IN {END_REASONS!r}", name="end_reason"),
        Index(
            "uq_subscription_running",
            "tenant_id",
            "livemode",
            "family",
            unique=True,
            sqlite_where=IS_RUNNING,
            postgresql_where=IS_RUNNING,
        ),
        Index(
            "ix_subscription_in_trouble",
            "id",
            sqlite_where=_IS_IN_TROUBLE,
            postgresql_where=_IS_IN_TROUBLE,
        ),
        Index(None, "next_check_at"),
        Index(None, "checkout_id"),
        Index(None, "price_id"),
        Index(None, "tenant_id", "id"),
        Index("ix_subscription_listed", "provider_account_id", "started_at", "id"),
        Index(
            "ix_subscription_listed_by_status", "provider_account_id", "status", "started_at", "id"
        ),
        Index(
            "ix_subscription_ended",
            "provider_account_id",
            "ended_at",
            sqlite_where=_HAS_ENDED,
            postgresql_where=_HAS_ENDED,
        ),
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
    credit: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    anchor_at: Mapped[datetime]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    settling_until: Mapped[datetime | None]
    trial_end: Mapped[datetime | None]
    overdue_since: Mapped[datetime | None]
    next_retry_at: Mapped[datetime | None]
    pay_by: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
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

    @property
    def tax_amount(self) -> Money:
        """The tax in it."""
        return Money(self.tax, self.currency)


class SubscriptionChange(Base):
    """Another price or quantity for a running subscription: shown, confirmed, done.

    `uuid` is the preview's id, good until `expires_at` and for as long as the facts it was worked
    out on, of which `basis` is a digest, stay as they are. `net`, `tax` and `total` are per period
    from `takes_effect_at` on; `due_now` is charged at once (negative: a credit). Of one
    subscription at most one is on its way.
    """

    __tablename__ = "subscription_change"
    __table_args__ = (
        CheckConstraint(f"state IN {CHANGE_STATES!r}", name="state"),
        CheckConstraint("moment IN ('now', 'period_end')", name="moment"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(
            "uq_subscription_change_on_its_way",
            "subscription_id",
            unique=True,
            sqlite_where=_IS_ON_ITS_WAY,
            postgresql_where=_IS_ON_ITS_WAY,
        ),
        Index(None, "subscription_id", "id"),
    )

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    price_id: Mapped[int] = mapped_column(ForeignKey("price.id"))
    state: Mapped[str] = mapped_column(default="previewed")
    basis: Mapped[str]
    moment: Mapped[str]
    quantity: Mapped[int]
    currency: Mapped[str]
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    due_now: Mapped[int]
    decline: Mapped[str | None]
    takes_effect_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    price: Mapped[Price] = relationship()
    subscription: Mapped[Subscription] = relationship()

    @property
    def due(self) -> Money:
        """What is charged at once."""
        return Money(max(self.due_now, 0), self.currency)

    @property
    def credit(self) -> Money:
        """What is taken off the next charges."""
        return Money(max(-self.due_now, 0), self.currency)

    @property
    def renewal(self) -> Money:
        """What each period costs from then on, tax included."""
        return Money(self.total, self.currency)

    @property
    def tax_amount(self) -> Money:
        """The tax in it."""
        return Money(self.tax, self.currency)


class FormerFigure(Base):
    """What a subscription cost each period, net and in minor units, before it changed: from
    `from_at` until `until_at`. What it costs since stands on the subscription itself."""

    __tablename__ = "former_figure"
    __table_args__ = (
        CheckConstraint("interval IN ('month', 'year')", name="interval"),
        Index(None, "subscription_id", "until_at"),
        Index(None, "provider_account_id", "until_at"),
    )

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    interval: Mapped[str]
    net: Mapped[int]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]

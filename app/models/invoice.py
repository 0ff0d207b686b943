"""An invoice or a credit note: ours, or the provider's."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.payment import Payment, reversal
from app.models.provider_account import ProviderAccount
from app.models.tenant import Tenant
from app.money import Money

STATUSES = ("draft", "open", "paid", "uncollectible", "void")
LISTED_AS = (
    *("draft", "open", "paid", "partly_refunded", "refunded", "charged_back"),
    *("uncollectible", "void", "credit_note"),
)


class Invoice(Base):
    """What was charged, to whom, by whom, under which tax rule, as it was at that moment.

    Ours has a `number`, without gaps per app and mode, in `document_number` as it is printed; one
    the provider issued has its `provider_id`, `provider_number` and addresses instead. A credit
    note takes back what `refund_id` gave back of the invoice `corrects_id`; its amounts are
    positive. What an app sold to nobody in particular has no tenant, its buyer is what the payer
    entered. `lines` are `{"name", "interval", "quantity", "unit", "tax_behavior", "net"}`, where
    `unit` is None if the charge does not follow from a price; `tax_sentence` is a text and its
    values, `paid_with` `{"method", "brand", "last4"}`; all amounts are in minor units. `listed_as`
    is its standing, or `credit_note`, kept so that lists are narrowed by it along an index.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("app_id", "livemode", "number"),
        UniqueConstraint("provider_account_id", "provider_id"),
        UniqueConstraint("payment_id"),
        UniqueConstraint("refund_id"),
        CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        CheckConstraint(f"listed_as IN {LISTED_AS!r}", name="listed_as"),
        CheckConstraint("kind IN ('invoice', 'credit_note')", name="kind"),
        Index(None, "tenant_id", "livemode", "issued_at"),
        Index(None, "app_id", "id"),
        Index(None, "checkout_id"),
        Index(None, "subscription_id"),
        Index(None, "corrects_id"),
        Index("ix_invoice_listed", "provider_account_id", "issued_at", "id"),
        Index(
            "ix_invoice_listed_by_standing", "provider_account_id", "listed_as", "issued_at", "id"
        ),
        Index(None, "app_id", "document_number"),
        Index(None, "app_id", "provider_number"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    price_id: Mapped[int | None] = mapped_column(ForeignKey("price.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    livemode: Mapped[bool]
    kind: Mapped[str] = mapped_column(default="invoice")
    number: Mapped[int | None]
    document_number: Mapped[str | None]
    provider_id: Mapped[str | None]
    provider_number: Mapped[str | None]
    status: Mapped[str]
    listed_as: Mapped[str]
    currency: Mapped[str]
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    tax_rule: Mapped[str | None]
    tax_percentage: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    tax_sentence: Mapped[dict[str, Any] | None]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    paid_with: Mapped[dict[str, Any] | None]
    locale: Mapped[str | None]
    hosted_url: Mapped[str | None]
    pdf_url: Mapped[str | None]
    issued_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]

    app: Mapped[App] = relationship()
    provider_account: Mapped[ProviderAccount] = relationship()
    tenant: Mapped[Tenant | None] = relationship()
    payment: Mapped[Payment | None] = relationship()
    corrects: Mapped[Invoice | None] = relationship(remote_side="Invoice.id")

    @property
    def is_ours(self) -> bool:
        """We issued it, and can draw it; else the provider did."""
        return self.number is not None

    @property
    def standing(self) -> str:
        """Its status, or what became of the money since it was paid: `partly_refunded`, `refunded`,
        `charged_back`. A credit note's is its status."""
        return reversal(self.payment, self.total) or self.status

    @property
    def amount(self) -> Money:
        """Its total, tax included."""
        return Money(self.total, self.currency)

    @property
    def before_tax(self) -> Money:
        """Its total without the tax."""
        return Money(self.net, self.currency)

    @property
    def tax_amount(self) -> Money:
        """The tax in its total."""
        return Money(self.tax, self.currency)

    @property
    def shown_number(self) -> str:
        """The number a person is shown."""
        return self.document_number or self.provider_number or str(self.uuid)[:8].upper()

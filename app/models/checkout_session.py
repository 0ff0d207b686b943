"""A checkout session: one purchase or set-up, from the click to its lasting receipt."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.payment import Payment
from app.models.product import Price
from app.models.provider_account import ProviderAccount
from app.models.tax_rate import TaxRate
from app.models.tenant import Tenant
from app.models.user import User
from app.money import Money

# Where each state may lead. Money that comes late leads from an end to needs_review, never to
# complete without a person.
ALLOWED: dict[str, frozenset[str]] = {
    "starting": frozenset(
        {"open", "processing", "complete", "not_charged", "expired", "canceled", "needs_review"}
    ),
    "open": frozenset(
        {"processing", "complete", "not_charged", "expired", "canceled", "needs_review"}
    ),
    "processing": frozenset({"complete", "not_charged", "needs_review"}),
    "complete": frozenset(),
    "not_charged": frozenset({"needs_review"}),
    "expired": frozenset({"needs_review"}),
    "canceled": frozenset({"needs_review"}),
    "needs_review": frozenset({"complete", "refunded"}),
    "refunded": frozenset(),
}
STATES = tuple(ALLOWED)
PENDING = ("starting", "open", "processing")
# Paid, and that is settled: it gave what was paid for, a person decides, or it was given back.
SETTLED = ("complete", "needs_review", "refunded")
MODES = ("payment", "subscription", "setup")
_HOLDS_SLOT = text(f"slot IS NOT NULL AND superseded_at IS NULL AND state IN {PENDING!r}")
_IS_DUE = text("next_check_at IS NOT NULL")
_IS_PAID_FOR_NOTHING = text(f"paid_at IS NOT NULL AND state NOT IN {SETTLED!r}")
_IS_IN_REVIEW = text("state = 'needs_review'")
# Something was bought; queries that shall use the index below say so in the same words.
BOUGHT = ("processing", "complete", "needs_review", "refunded")
HAS_BOUGHT = text(f"state IN {BOUGHT!r}")
_IS_PAYABLE = text("payable IS NOT NULL")
_HAS_REFERENCE = text("reference IS NOT NULL")
_HAS_EMAIL = text("email IS NOT NULL")
# What a person decided of a payment that Portico could not judge.
VERDICTS = ("accepted", "given_back")


class CheckoutSession(Base):
    """One purchase or set-up at one provider account.

    `slot` is set for checkouts begun in the portal: of one tenant, mode and slot at most one is
    pending. `order_digest` tells the same order from another one. `request` is the sealed request
    to the provider, stored before the first try. Amounts are in minor units and due today; where
    the plan begins with a trial of `trial_days`, the `renewal_` ones are due each period after it.
    `version` moves with every look that was applied. `return_url` is where the portal link it was
    begun by leads back. `review` is why a person has to look, `verdict` what they decided.

    For callers of the APIs: a deferred checkout is made at the provider when its payer presses pay;
    a kept one is opened by the sweep rather than dropped, since its caller will ask again; at its
    `deadline` we end it, whatever the provider's own minimum; `payable` names what of the caller's
    is paid for (one open at a time), `reference` and `caller_metadata` are the caller's own words.
    """

    __tablename__ = "checkout_session"
    __table_args__ = (
        UniqueConstraint("provider_account_id", "provider_id"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"mode IN {MODES!r}", name="mode"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(
            "uq_checkout_session_slot",
            "tenant_id",
            "livemode",
            "slot",
            unique=True,
            sqlite_where=_HOLDS_SLOT,
            postgresql_where=_HOLDS_SLOT,
        ),
        Index(
            "ix_checkout_session_due",
            "next_check_at",
            sqlite_where=_IS_DUE,
            postgresql_where=_IS_DUE,
        ),
        Index(
            "ix_checkout_session_paid_for_nothing",
            "livemode",
            sqlite_where=_IS_PAID_FOR_NOTHING,
            postgresql_where=_IS_PAID_FOR_NOTHING,
        ),
        Index(
            "ix_checkout_session_in_review",
            "id",
            sqlite_where=_IS_IN_REVIEW,
            postgresql_where=_IS_IN_REVIEW,
        ),
        Index(None, "tenant_id", "id"),
        Index(None, "app_id", "id"),
        Index(
            "ix_checkout_session_sold",
            "price_id",
            sqlite_where=HAS_BOUGHT,
            postgresql_where=HAS_BOUGHT,
        ),
        Index(None, "payment_uuid", unique=True),
        Index("ix_checkout_session_listed", "provider_account_id", "created_at", "id"),
        Index(
            "ix_checkout_session_listed_by_state",
            "provider_account_id",
            "state",
            "created_at",
            "id",
        ),
        Index(
            "ix_checkout_session_reference",
            "app_id",
            "reference",
            sqlite_where=_HAS_REFERENCE,
            postgresql_where=_HAS_REFERENCE,
        ),
        Index(
            "ix_checkout_session_email",
            "app_id",
            "email",
            sqlite_where=_HAS_EMAIL,
            postgresql_where=_HAS_EMAIL,
        ),
        CheckConstraint(f"verdict IN {VERDICTS!r}", name="verdict"),
        Index(
            "ix_checkout_session_payable",
            "tenant_id",
            "payable",
            sqlite_where=_IS_PAYABLE,
            postgresql_where=_IS_PAYABLE,
        ),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    price_id: Mapped[int | None] = mapped_column(ForeignKey("price.id"))
    tax_rate_id: Mapped[int | None] = mapped_column(ForeignKey("tax_rate.id"))
    superseded_by_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))

    livemode: Mapped[bool]
    origin: Mapped[str]
    mode: Mapped[str]
    family: Mapped[str | None]
    slot: Mapped[str | None]
    order_digest: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=0)
    superseded_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]

    method: Mapped[str | None]
    quantity: Mapped[int]
    currency: Mapped[str]
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    trial_days: Mapped[int] = mapped_column(default=0)
    renewal_net: Mapped[int | None]
    renewal_tax: Mapped[int | None]
    renewal_total: Mapped[int | None]
    tax_rule: Mapped[str | None]
    tax_country: Mapped[str | None]
    tax_percentage: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    vat_number: Mapped[str | None]
    vat_status: Mapped[str | None]
    description: Mapped[str]
    details: Mapped[dict[str, Any] | None]
    buyer: Mapped[dict[str, Any] | None]
    collected: Mapped[dict[str, Any] | None]

    success_url: Mapped[str | None]
    cancel_url: Mapped[str | None]
    return_url: Mapped[str | None]
    return_key: Mapped[str]
    is_deferred: Mapped[bool] = mapped_column(default=False)
    is_kept: Mapped[bool] = mapped_column(default=False)
    deadline: Mapped[datetime | None]
    payable: Mapped[str | None]
    reference: Mapped[str | None]
    state_digest: Mapped[str | None]
    email: Mapped[str | None]
    caller_metadata: Mapped[dict[str, Any] | None]
    payment_uuid: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)

    provider_id: Mapped[str | None]
    url: Mapped[str | None]
    sealed_client_secret: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    request: Mapped[str | None]
    first_tried_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    decline: Mapped[str | None]
    review: Mapped[str | None]
    verdict: Mapped[str | None]
    verdict_reason: Mapped[str | None]

    app: Mapped[App] = relationship()
    tenant: Mapped[Tenant | None] = relationship()
    user: Mapped[User | None] = relationship()
    provider_account: Mapped[ProviderAccount] = relationship()
    price: Mapped[Price | None] = relationship()
    tax_rate: Mapped[TaxRate | None] = relationship()
    payments: Mapped[list[Payment]] = relationship(order_by="Payment.id", viewonly=True)

    @property
    def is_pending(self) -> bool:
        """It may still end well without a person."""
        return self.state in PENDING

    @property
    def is_over(self) -> bool:
        """It ended without a payment."""
        return self.state in ("not_charged", "expired", "canceled")

    @property
    def due_today(self) -> Money:
        """What the payer accepted to pay now, tax included."""
        return Money(self.total, self.currency)

    @property
    def renewal(self) -> Money:
        """What each period of a plan costs, tax included, from the end of its trial if it has one
        on."""
        total = self.total if self.renewal_total is None else self.renewal_total
        return Money(total, self.currency)

    def may_become(self, state: str) -> bool:
        """The state may follow the present one."""
        return state in ALLOWED[self.state]

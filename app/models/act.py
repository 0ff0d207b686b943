"""An act: something the provider's truth asks us to do there, stored before it is done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.provider_account import ProviderAccount

KINDS = (
    "begin_subscription",
    "change_subscription",
    "cancel_subscription",
    "resume_subscription",
    "charge",
    "collect",
    "set_default_method",
    "forget_payment_method",
    "refund",
    "expire_checkout",
    "delete_customer",
)
_IS_FAILED = text("state = 'failed'")
_IS_WAITING = text("state = 'waiting'")
_BEGAN = text("kind IN ('begin_subscription', 'resume_subscription')")


class Act(Base):
    """One thing to do once. `effect` names it (`refund:payment:12`) and is unique, so that two
    looks at the same truth ask for it once. `uuid` is in the provider's metadata. A key of None is
    spent: look first, then take a new one."""

    __tablename__ = "act"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
        Index("ix_act_due", "next_try_at", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
        Index("ix_act_failed", "id", sqlite_where=_IS_FAILED, postgresql_where=_IS_FAILED),
        Index(None, "checkout_id"),
        Index(None, "subscription_id"),
        Index(
            "ix_act_result",
            "provider_account_id",
            "result_id",
            sqlite_where=_BEGAN,
            postgresql_where=_BEGAN,
        ),
    )

    effect: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str]
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkout_session.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    subscription_change_id: Mapped[int | None] = mapped_column(ForeignKey("subscription_change.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    payment_method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_method.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    idempotency_key: Mapped[str | None]
    request: Mapped[str]
    result_id: Mapped[str | None]
    error: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime]

    provider_account: Mapped[ProviderAccount] = relationship()

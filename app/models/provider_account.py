"""An account at a payment provider, and what of ours the provider knows by its own ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.tenant import Tenant

# How its events come to our door: registered there by us; by its owner, who gave us the secret, or
# has not yet; told with each payment; not at all, since our address cannot be reached.
WEBHOOKS = ("registered", "by_hand", "missing", "told", "private")


class ProviderAccount(Base):
    """An account at a provider; its credentials are sealed as one text, empty once it is
    disconnected.

    One connected account per app, provider and mode. `provider_id` and `name` are the provider's
    own (None where the key may not read them), `key_hint` the last four characters of the key;
    `connect_id` is set where it is reached through a platform (Stripe Connect).
    `checks` is what the last check found, at `checked_at`. A row whose `connected_at` is None was
    never connected: its door is being registered, or that failed.
    """

    __tablename__ = "provider_account"
    __table_args__ = (
        CheckConstraint("provider IN ('stripe', 'mollie')", name="provider"),
        CheckConstraint(f"webhook IN {WEBHOOKS!r}", name="webhook"),
        Index(None, "app_id", "id"),
        Index(
            "uq_provider_account_connected",
            "app_id",
            "provider",
            "livemode",
            unique=True,
            sqlite_where=text("disconnected_at IS NULL"),
            postgresql_where=text("disconnected_at IS NULL"),
        ),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    provider: Mapped[str]
    livemode: Mapped[bool] = mapped_column(default=False)
    sealed_credentials: Mapped[str]
    provider_id: Mapped[str | None]
    connect_id: Mapped[str | None]
    name: Mapped[str | None]
    key_hint: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    webhook: Mapped[str] = mapped_column(default="missing")
    connected_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    checks: Mapped[list[dict[str, Any]] | None] = mapped_column(deferred=True)
    disconnected_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()


class Customer(Base):
    """A tenant as a customer of a provider account, made once.

    `provider_id` is None until the provider has answered. The request is stored before the first
    try and repeated as it is; whoever holds the claim makes it.
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider_account_id"),
        UniqueConstraint("provider_account_id", "provider_id"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    provider_id: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    request: Mapped[str]
    first_tried_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship()
    provider_account: Mapped[ProviderAccount] = relationship()

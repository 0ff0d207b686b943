"""An app: the SaaS product Portico sells for, its seller, and the origins it may send payers to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.logo import Logo


class App(Base):
    """A SaaS product and the company that sells it.

    `dunning_days` are the days between the tries to charge what failed, where the provider does not
    try again by itself. With `require_two_factor` nobody runs the app by password alone.
    """

    __tablename__ = "app"
    __table_args__ = (
        CheckConstraint("vat_unknown_policy IN ('accept', 'charge')", name="vat_unknown_policy"),
        CheckConstraint("settling_access IN ('until_deadline', 'none')", name="settling_access"),
    )

    name: Mapped[str]
    livemode: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    seller_name: Mapped[str]
    seller_country: Mapped[str]
    seller_address: Mapped[str | None]
    seller_vat_number: Mapped[str | None]
    support_email: Mapped[str | None]
    website: Mapped[str | None]
    brand_color: Mapped[str] = mapped_column(default="#5254d4")
    logo_digest: Mapped[str | None] = mapped_column(ForeignKey("logo.digest"))
    vat_unknown_policy: Mapped[str] = mapped_column(default="accept")
    settling_access: Mapped[str] = mapped_column(default="until_deadline")
    dunning_days: Mapped[list[int]] = mapped_column(default=lambda: [2, 5, 7, 7])
    require_two_factor: Mapped[bool] = mapped_column(default=False)
    invoice_prefix: Mapped[str] = mapped_column(default="INV")
    last_invoice_test: Mapped[int] = mapped_column(default=0)
    last_invoice_live: Mapped[int] = mapped_column(default=0)

    origins: Mapped[list[Origin]] = relationship(back_populates="app", order_by="Origin.id")
    logo: Mapped[Logo | None] = relationship()

    @property
    def is_enabled(self) -> bool:
        """The app may sell."""
        return self.disabled_at is None


class Origin(Base):
    """An origin payers may be sent back to, such as https://app.example.com."""

    __tablename__ = "origin"
    __table_args__ = (UniqueConstraint("app_id", "origin"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    origin: Mapped[str]
    may_embed: Mapped[bool] = mapped_column(default=False)

    app: Mapped[App] = relationship(back_populates="origins")

"""A tenant: the company that pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App

if TYPE_CHECKING:
    from app.models.user import Membership


class Tenant(Base):
    """A customer company of an app, with the details its invoices carry.

    `currency` is chosen on the plans page; None follows the country. `country` is ISO 3166-1
    alpha-2.
    """

    __tablename__ = "tenant"
    __table_args__ = (Index(None, "app_id"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    name: Mapped[str]
    legal_name: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str | None]
    invoice_email: Mapped[str | None]
    vat_number: Mapped[str | None]
    currency: Mapped[str | None]

    app: Mapped[App] = relationship()
    memberships: Mapped[list[Membership]] = relationship(
        back_populates="tenant", order_by="Membership.id"
    )

    @property
    def has_details(self) -> bool:
        """Legal name and address are known, so that an invoice could be written."""
        return all((self.legal_name, self.address_line1, self.city, self.country))

"""A tenant: the company that pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.db.base import Base
from app.models.app import App

if TYPE_CHECKING:
    from app.models.user import Membership


# Compared byte by byte, so that an index answers what begins with a text, whatever the language of
# the database.
BYTEWISE = String().with_variant(String(collation="C"), "postgresql")


def key_of(name: str) -> str:
    """Answer a name as it is looked for: without capitals and doubled blanks."""
    return " ".join(name.casefold().split())


def _key(row: DefaultExecutionContext) -> str:
    given: dict[str, str] = row.get_current_parameters()  # type: ignore[no-untyped-call]
    return key_of(given["name"])


class Tenant(Base):
    """A customer company of an app, with the details its invoices carry.

    `currency` is chosen on the plans page; None follows the country. `country` is ISO 3166-1
    alpha-2. `name_key` is the name as it is looked for.
    """

    __tablename__ = "tenant"
    __table_args__ = (
        Index(None, "app_id", "id"),
        Index(None, "app_id", "name_key"),
        Index(None, "app_id", "invoice_email"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(BYTEWISE, default=_key)
    legal_name: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str | None]
    invoice_email: Mapped[str | None] = mapped_column(BYTEWISE)
    vat_number: Mapped[str | None]
    currency: Mapped[str | None]

    app: Mapped[App] = relationship()
    memberships: Mapped[list[Membership]] = relationship(
        back_populates="tenant", order_by="Membership.id"
    )

    @validates("name")
    def _follow_name(self, _field: str, name: str) -> str:
        self.name_key = key_of(name)
        return name

    @property
    def has_details(self) -> bool:
        """Legal name and address are known, so that an invoice could be written."""
        return all((self.legal_name, self.address_line1, self.city, self.country))

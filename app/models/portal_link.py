"""A portal link: a short way into one tenant's portal, used once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.product import Price
from app.models.tenant import Tenant
from app.models.user import User

SCOPES = ("portal", "plans", "checkout", "payment-methods", "invoices", "cancel")


class PortalLink(Base):
    """A link for one user into one tenant; only the digest of its token is kept. `price` and
    `quantity` are the order of a link to the checkout."""

    __tablename__ = "portal_link"
    __table_args__ = (
        CheckConstraint(f"scope IN {SCOPES!r}", name="scope"),
        Index(None, "tenant_id", "id"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    price_id: Mapped[int | None] = mapped_column(ForeignKey("price.id"))
    quantity: Mapped[int | None]
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    scope: Mapped[str] = mapped_column(default="portal")
    return_url: Mapped[str | None]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship()
    user: Mapped[User] = relationship()
    price: Mapped[Price | None] = relationship()

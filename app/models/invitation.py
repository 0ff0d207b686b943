"""Invitations: somebody asked by e-mail to join a tenant, or to run an app."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app import clock
from app.db.base import Base
from app.models.app import App
from app.models.tenant import Tenant
from app.models.user import APP_ROLES, ROLES, User

_IS_OPEN = text("accepted_at IS NULL AND revoked_at IS NULL")


class AnyInvitation(Base):
    """Somebody asked by e-mail to join something; only a digest of the token is kept."""

    __abstract__ = True

    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    email: Mapped[str]
    role: Mapped[str]
    token_digest: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @declared_attr
    def invited_by(self) -> Mapped[User | None]:
        """Who asked; None where that was no person."""
        return relationship(User)

    @property
    def is_over(self) -> bool:
        """Its time has passed without an answer."""
        return self.expires_at <= clock.wall()


class Invitation(AnyInvitation):
    """Somebody asked to join a tenant."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES!r}", name="role"),
        Index(None, "tenant_id", "id"),
        Index(
            "uq_invitation_open",
            "tenant_id",
            "email",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))

    tenant: Mapped[Tenant] = relationship()


class AppInvitation(AnyInvitation):
    """Somebody asked to run an app."""

    __tablename__ = "app_invitation"
    __table_args__ = (
        CheckConstraint(f"role IN {APP_ROLES!r}", name="role"),
        Index(
            "uq_app_invitation_open",
            "app_id",
            "email",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))

    app: Mapped[App] = relationship()

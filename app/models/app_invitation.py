"""An invitation to run an app; the one to join a tenant stands beside the user."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app import clock
from app.db.base import Base
from app.models.app import App
from app.models.user import APP_ROLES, User

_IS_OPEN = text("accepted_at IS NULL AND revoked_at IS NULL")


class AppInvitation(Base):
    """Somebody asked by e-mail to run an app; only a digest of the token is kept."""

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
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    email: Mapped[str]
    role: Mapped[str]
    token_digest: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()
    invited_by: Mapped[User | None] = relationship()

    @property
    def is_over(self) -> bool:
        """Its time has passed without an answer."""
        return self.expires_at <= clock.wall()

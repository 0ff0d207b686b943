"""A recovery code: signs in once where the authenticator app is lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class RecoveryCode(Base):
    """One of a user's codes; only its SHA-256 digest is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    digest: Mapped[str]
    used_at: Mapped[datetime | None]

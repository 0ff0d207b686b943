"""Keys: what the app's servers sign in with, and what we sign tokens with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.user import User


class ApiKey(Base):
    """A key of an app's server; only its SHA-256 digest is kept. `last_used_at` is right to about a
    minute."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("type IN ('read', 'write')", name="type"),
        Index(None, "app_id"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str]
    type: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()
    created_by: Mapped[User | None] = relationship()


class SigningKey(Base):
    """An RS256 key of an app: ours with its private half (sealed), or the owner's public one."""

    __tablename__ = "signing_key"
    __table_args__ = (UniqueConstraint("app_id", "kid"),)

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    kid: Mapped[str]
    issuer: Mapped[str]
    public_pem: Mapped[str]
    sealed_private_pem: Mapped[str | None]
    retired_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()

    @property
    def is_ours(self) -> bool:
        """We sign with it; else the owner's own issuer does."""
        return self.sealed_private_pem is not None

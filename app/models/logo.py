"""A logo: a picture of an app, kept under the digest of its content."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Logo(Base):
    """A PNG as we encoded it ourselves; `digest` names its content, so a row never changes."""

    __tablename__ = "logo"

    digest: Mapped[str] = mapped_column(unique=True)
    content: Mapped[bytes]
    width: Mapped[int]
    height: Mapped[int]

"""A sign-in by password, as its person sees it in the list of their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class UserSession(Base):
    """One browser that is signed in; `address` is the network address it last came from, `agent`
    the browser and system in a few words. Whether it still counts, the user's own row tells."""

    __tablename__ = "user_session"
    __table_args__ = (Index(None, "user_id", "id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    address: Mapped[str | None]
    agent: Mapped[str | None]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

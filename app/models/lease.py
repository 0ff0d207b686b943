"""A lease: of the processes that might do a recurring piece of work, one does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Lease(Base):
    """Who does the work of that name until when, in wall time, and when it was last done, in
    billing time. A holder that dies lets it run out."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(unique=True)
    held_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

"""Causes: the people and keys behind what happened, by name, for those who run the app."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.models import ApiKey, User


def names(db: Session, causes: Iterable[str]) -> dict[str, str]:
    """Answer e-mail addresses of people and names of API keys, by the cause that names them."""
    told = set(causes)
    people, keys = _named(told, "user"), _named(told, "key")
    found: dict[str, str] = {}
    if people:
        rows = db.execute(select(User.uuid, User.email).where(User.uuid.in_(people)))
        found |= {timeline.by_user(uuid): email for uuid, email in rows}
    if keys:
        rows = db.execute(select(ApiKey.uuid, ApiKey.name).where(ApiKey.uuid.in_(keys)))
        found |= {timeline.by_key(uuid): name for uuid, name in rows}
    return found


def _named(causes: Iterable[str], word: str) -> set[UUID]:
    said = [cause.partition(" ") for cause in causes]
    return {UUID(name) for first, _, name in said if first == word and name}

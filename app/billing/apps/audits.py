"""The audit log: what people and keys did to an app itself; lines are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app import clock
from app.db.base import table
from app.models import ApiKey, AppMember, AuditEntry, User

By = AppMember | ApiKey
_INSERT = insert(table(AuditEntry))


def note(
    db: Session,
    by: By,
    action: str,
    subject: str,
    *,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one line, in the transaction of the act itself. `action` is `noun.verb`, such as
    `api_key.revoked`; `subject` is what a person would call it; never a secret."""
    line = {
        "app_id": by.app_id,
        "user_id": by.user_id if isinstance(by, AppMember) else None,
        "api_key_id": by.id if isinstance(by, ApiKey) else None,
        "action": action,
        "subject": subject,
        "details": details,
        "at": now,
    }
    db.connection().execute(_INSERT, line)


def note_of_person(db: Session, user: User, action: str) -> None:
    """Write down what a person did to their own account, for each app they run; nothing for others.
    `action` is `noun.verb`, such as `two_factor.enabled`."""
    runs = select(AppMember).where(AppMember.user_id == user.id, AppMember.deleted_at.is_(None))
    for member in db.scalars(runs).all():
        note(db, member, action, user.email, now=clock.wall())


def listed(
    db: Session, app_id: int, *, before: int | None = None, limit: int = 50
) -> list[tuple[AuditEntry, str | None]]:
    """Answer an app's lines with the e-mail of whoever acted, newest first; `before` is the id of
    the last line seen."""
    found = (
        select(AuditEntry, User.email)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.app_id == app_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    if before is not None:
        found = found.where(AuditEntry.id < before)
    return [(entry, email) for entry, email in db.execute(found)]

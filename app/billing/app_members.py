"""App members: who runs an app, and what each role may do."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from app.billing.errors import NotAllowed, NotFound
from app.models import App, AppMember, User

# Support sees everything of an app and helps its customers; only an owner changes how it sells.
ROLES = ("owner", "support")

_MEMBER = (
    select(AppMember)
    .join(AppMember.app)
    .join(AppMember.user)
    .options(contains_eager(AppMember.app), contains_eager(AppMember.user))
    .where(
        AppMember.user_id == bindparam("user_id"),
        App.uuid == bindparam("app_uuid"),
        AppMember.deleted_at.is_(None),
        App.deleted_at.is_(None),
        User.deleted_at.is_(None),
    )
)


def find(db: Session, *, user_id: int, app_uuid: UUID) -> AppMember:
    """Answer a person's place in an app, with app and user, in one query.

    Raises NotFound, also where the app exists and is not theirs.
    """
    member = db.scalars(_MEMBER, {"user_id": user_id, "app_uuid": app_uuid}).one_or_none()
    if member is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    return member


def require_owner(member: AppMember) -> None:
    """Raise NotAllowed for somebody who may look and help, but not change how the app sells."""
    if member.role != "owner":
        raise NotAllowed("Only an owner of %(app)s can do this.", app=member.app.name)

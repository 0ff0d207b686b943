"""App members: who runs an app, and what each role may do."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session, contains_eager

from app import clock
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.db import lock, once
from app.models import App, AppMember, User
from app.models.user import APP_ROLES

_PRESENT = (AppMember.deleted_at.is_(None), User.deleted_at.is_(None))
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


def listed(db: Session, app: App) -> list[AppMember]:
    """Answer who runs an app, the first to come first, each with their user."""
    found = (
        select(AppMember)
        .join(AppMember.user)
        .options(contains_eager(AppMember.user))
        .where(AppMember.app_id == app.id, *_PRESENT)
        .order_by(AppMember.id)
    )
    return list(db.scalars(found))


def belongs(db: Session, app: App, email: str) -> bool:
    """Answer whether the user of an e-mail runs the app."""
    found = exists().where(
        AppMember.app_id == app.id,
        AppMember.user_id == User.id,
        User.email == email,
        *_PRESENT,
    )
    return bool(db.scalar(select(found)))


def add(db: Session, app: App, user: User, role: str) -> AppMember:
    """Let a user run the app, and answer their place in it; who does already keeps their role."""
    once.insert(db, AppMember, {"app_id": app.id, "user_id": user.id, "role": role})
    of_both = (AppMember.app_id == app.id, AppMember.user_id == user.id)
    member = db.scalars(select(AppMember).where(*of_both)).one()
    if member.deleted_at is not None:
        member.deleted_at = None
        member.role = role
    db.flush()
    return member


def other(db: Session, by: AppMember, uuid: UUID, *, to_change: bool = False) -> AppMember:
    """Answer the place of the user with this uuid in the same app, with the user; raises NotFound.

    `to_change` lets changes to who runs the app come one after the other.
    """
    if to_change:
        lock.one(db, App, by.app_id)
    found = db.scalars(
        select(AppMember)
        .join(AppMember.user)
        .options(contains_eager(AppMember.user))
        .where(AppMember.app_id == by.app_id, User.uuid == uuid, *_PRESENT)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("Nobody with this address runs the app.")
    return found


def change_role(db: Session, by: AppMember, uuid: UUID, role: str) -> AppMember:
    """Give somebody who runs the app another role and answer their place; the role they have is no
    change.

    Raises NotAllowed for support, NotFound, Invalid for an unknown role, and Conflict where the app
    would have no owner any more.
    """
    require_owner(by)
    if role not in APP_ROLES:
        raise Invalid("Choose what they may do.", field="role")
    found = other(db, by, uuid, to_change=True)
    if role == found.role:
        return found
    _require_another_owner(db, found)
    details = {"changed": {"role": [found.role, role]}}
    subject = found.user.email
    audits.note(db, by, "member.role_changed", subject, now=clock.wall(), details=details)
    found.role = role
    db.flush()
    return found


def remove(db: Session, by: AppMember, uuid: UUID) -> AppMember:
    """Let somebody run the app no more, also oneself, and answer what was their place; raises as
    `change_role` does."""
    require_owner(by)
    found = other(db, by, uuid, to_change=True)
    _require_another_owner(db, found)
    found.deleted_at = clock.wall()
    audits.note(db, by, "member.removed", found.user.email, now=clock.wall())
    db.flush()
    return found


def _require_another_owner(db: Session, member: AppMember) -> None:
    others = (
        select(func.count())
        .select_from(AppMember)
        .join(User, User.id == AppMember.user_id)
        .where(
            AppMember.app_id == member.app_id,
            AppMember.role == "owner",
            AppMember.id != member.id,
            *_PRESENT,
        )
    )
    if member.role == "owner" and not db.scalar(others):
        raise Conflict(
            "%(person)s is the only owner, and somebody has to look after the app. Make somebody"
            " else an owner first.",
            person=member.user.name or member.user.email,
        )

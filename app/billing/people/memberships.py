"""Memberships: who joins a tenant, what they may do, and who leaves it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, contains_eager

from app import clock
from app.billing import timeline
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.tenants.deputies import Deputy
from app.db import lock, once
from app.models import Membership, Tenant, User
from app.models.user import ROLES

# Who acts for a tenant: one of its people, or one of the app's in their place.
Acting = Membership | Deputy


def require_admin(membership: Acting) -> None:
    """Raise NotAllowed for somebody who may not say who belongs to the tenant."""
    if membership.role != "admin":
        raise NotAllowed(
            "Only an admin of %(tenant)s can invite or remove people.",
            tenant=membership.tenant.name,
        )


def belongs(db: Session, tenant: Tenant, email: str) -> bool:
    """Answer whether the user of an e-mail is of the tenant."""
    found = exists().where(
        Membership.tenant_id == tenant.id,
        Membership.user_id == User.id,
        Membership.deleted_at.is_(None),
        User.email == email,
        User.deleted_at.is_(None),
    )
    return bool(db.scalar(select(found)))


def add(db: Session, tenant: Tenant, user: User, role: str) -> Membership:
    """Make a user one of the tenant, and answer their membership; who is there already keeps their
    role."""
    once.insert(db, Membership, {"tenant_id": tenant.id, "user_id": user.id, "role": role})
    of_both = (Membership.tenant_id == tenant.id, Membership.user_id == user.id)
    row = db.scalars(select(Membership).where(*of_both)).one()
    if row.deleted_at is not None:
        row.deleted_at = None
        row.role = role
    db.flush()
    return row


def note(
    db: Session,
    by: Acting,
    kind: str,
    email: str,
    *,
    now: datetime,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Write into the tenant's timeline what somebody did with one of its people; `before` and
    `after` are roles."""
    timeline.note_of_tenant(
        db,
        by.tenant,
        kind,
        cause=timeline.by_user(by.user.uuid),
        now=now,
        before=before,
        after=after,
        details={"email": email},
    )


def change_role(
    db: Session, *, membership: Acting, uuid: UUID, role: str, now: datetime
) -> Membership:
    """Give the user with this uuid another role and answer their membership; the role they have is
    no change.

    Raises NotAllowed for a member, NotFound for somebody who is not of the tenant, Invalid for an
    unknown role, and Conflict where the tenant would have no admin any more.
    """
    require_admin(membership)
    if role not in ROLES:
        raise Invalid("Choose what they may do.", field="role")
    found = find(db, membership=membership, uuid=uuid, to_change=True)
    if role != "admin":
        _require_another_admin(db, found)
    if found.role != role:
        turn = {"before": found.role, "after": role}
        note(db, membership, "person.role_changed", found.user.email, now=now, **turn)
    found.role = role
    db.flush()
    return found


def remove(db: Session, *, membership: Acting, uuid: UUID, now: datetime) -> Membership:
    """Take the user with this uuid out of the tenant, also oneself, and answer what was their
    membership; raises as `change_role` does."""
    require_admin(membership)
    found = find(db, membership=membership, uuid=uuid, to_change=True)
    _require_another_admin(db, found)
    found.deleted_at = clock.wall()
    db.flush()
    note(db, membership, "person.removed", found.user.email, now=now, before=found.role)
    return found


def find(db: Session, *, membership: Acting, uuid: UUID, to_change: bool = False) -> Membership:
    """Answer the membership of a user of the same tenant, with the user; raises NotFound.

    `to_change` lets changes to the tenant's people come one after the other.
    """
    if to_change:
        lock.one(db, Tenant, membership.tenant_id)
    found = db.scalars(
        select(Membership)
        .join(Membership.user)
        .options(contains_eager(Membership.user))
        .where(
            Membership.tenant_id == membership.tenant_id,
            Membership.deleted_at.is_(None),
            User.uuid == uuid,
            User.deleted_at.is_(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is nobody with this address here.")
    return found


def _require_another_admin(db: Session, membership: Membership) -> None:
    others = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.tenant_id == membership.tenant_id,
            Membership.role == "admin",
            Membership.id != membership.id,
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
    )
    if membership.role == "admin" and not db.scalar(others):
        raise Conflict(
            "%(person)s is the only admin, and somebody has to look after the billing. Make"
            " somebody else an admin first.",
            person=membership.user.name or membership.user.email,
        )

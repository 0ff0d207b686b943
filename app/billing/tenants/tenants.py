"""Tenants: who belongs to them, and which of them belong to an app."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager

from app.billing.errors import NotFound
from app.models import App, Membership, Tenant, User


def memberships(db: Session, user_id: int) -> list[Membership]:
    """Answer the tenants a user belongs to, by name, with tenant and app."""
    found = (
        select(Membership)
        .join(Membership.tenant)
        .join(Tenant.app)
        .options(contains_eager(Membership.tenant).contains_eager(Tenant.app))
        .where(Membership.user_id == user_id, *_present())
        .order_by(Tenant.name, Tenant.id)
    )
    return list(db.scalars(found))


def find(db: Session, *, user_id: int, tenant_uuid: UUID) -> Membership:
    """Answer a user's membership of a tenant, with tenant, app and user, in one query.

    Raises NotFound, also where the tenant exists and is not the user's.
    """
    asked = {"user_id": user_id, "tenant_uuid": tenant_uuid}
    membership = db.scalars(_MEMBERSHIP, asked).one_or_none()
    if membership is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    return membership


def is_member(db: Session, *, user_id: int, tenant_uuid: UUID) -> bool:
    """Answer whether a user belongs to a tenant."""
    asked = {"user_id": user_id, "tenant_uuid": tenant_uuid}
    return db.scalars(_MEMBERSHIP, asked).one_or_none() is not None


def of_app(db: Session, app: App, tenant_uuid: UUID) -> Tenant:
    """Answer a tenant of an app; raises NotFound, also where it is another app's."""
    tenant = db.scalars(
        select(Tenant).where(
            Tenant.app_id == app.id, Tenant.uuid == tenant_uuid, Tenant.deleted_at.is_(None)
        )
    ).one_or_none()
    if tenant is None:
        raise NotFound("There is no such tenant.", field="tenant")
    return tenant


def in_app(db: Session, app_id: int, tenant_uuid: UUID) -> tuple[Tenant, User | None] | None:
    """Answer a tenant of an app with its oldest admin, in one query; None where it has no such
    tenant."""
    row = db.execute(_IN_APP, {"app_id": app_id, "tenant_uuid": tenant_uuid}).one_or_none()
    return (row[0], row[1]) if row else None


def people(db: Session, tenant: Tenant) -> list[Membership]:
    """Answer who belongs to a tenant, the oldest first, each with its user."""
    found = (
        select(Membership)
        .join(Membership.user)
        .options(contains_eager(Membership.user))
        .where(
            Membership.tenant_id == tenant.id,
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
    )
    return list(db.scalars(found))


def admins(db: Session, tenant_id: int) -> list[User]:
    """Answer who may buy for a tenant, the oldest first."""
    found = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.tenant_id == tenant_id,
            Membership.role == "admin",
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
    )
    return list(db.scalars(found))


def _present() -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.deleted_at.is_(None),
        Tenant.deleted_at.is_(None),
        App.deleted_at.is_(None),
    )


# Built once: every page asks the first, and building it costs more than running it.
_MEMBERSHIP = (
    select(Membership)
    .join(Membership.tenant)
    .join(Tenant.app)
    .join(Membership.user)
    .options(
        contains_eager(Membership.tenant).contains_eager(Tenant.app),
        contains_eager(Membership.user),
    )
    .where(
        Membership.user_id == bindparam("user_id"),
        Tenant.uuid == bindparam("tenant_uuid"),
        User.deleted_at.is_(None),
        *_present(),
    )
)
_OLDEST_ADMIN = (
    select(func.min(Membership.id))
    .join(User, User.id == Membership.user_id)
    .where(
        Membership.tenant_id == Tenant.id,
        Membership.role == "admin",
        Membership.deleted_at.is_(None),
        User.deleted_at.is_(None),
    )
    .correlate(Tenant)
    .scalar_subquery()
)
_IN_APP = (
    select(Tenant, User)
    .select_from(Tenant)
    .outerjoin(Membership, Membership.id == _OLDEST_ADMIN)
    .outerjoin(User, User.id == Membership.user_id)
    .where(
        Tenant.app_id == bindparam("app_id"),
        Tenant.uuid == bindparam("tenant_uuid"),
        Tenant.deleted_at.is_(None),
    )
)

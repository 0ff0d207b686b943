"""Users: who a token names, and who belongs to an app."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from app.billing.access.tokens import Claims
from app.models import App, Membership, Tenant, User


def of_token(db: Session, app: App, claims: Claims) -> User | None:
    """Answer the user a token of an app names: by uuid where we signed it; where the owner's own
    issuer did, among the app's users, by external id first."""
    if not claims.is_ours and "\x00" not in claims.subject:
        by_external_id = select(User).where(
            User.external_id == claims.subject, User.deleted_at.is_(None), _belongs(app)
        )
        found = db.scalars(by_external_id).one_or_none()
        if found is not None:
            return found
    uuid = _uuid(claims.subject)
    if uuid is None:
        return None
    is_theirs = () if claims.is_ours else (_belongs(app),)
    by_uuid = select(User).where(User.uuid == uuid, User.deleted_at.is_(None), *is_theirs)
    return db.scalars(by_uuid).one_or_none()


def of_app(db: Session, app: App, uuid: UUID) -> User | None:
    """Answer a user who belongs to a tenant of the app."""
    found = select(User).where(User.uuid == uuid, User.deleted_at.is_(None), _belongs(app))
    return db.scalars(found).one_or_none()


def _belongs(app: App) -> ColumnElement[bool]:
    return exists().where(
        Membership.user_id == User.id,
        Membership.tenant_id == Tenant.id,
        Tenant.app_id == app.id,
        Membership.deleted_at.is_(None),
        Tenant.deleted_at.is_(None),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

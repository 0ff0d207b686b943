"""Deputies: people of an app who look after a tenant in place of its admins."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.tenants import tenants
from app.models import AppMember, Tenant, User


@dataclass(frozen=True, slots=True)
class Deputy:
    """A member of an app, owner or support, who says who belongs to one of its tenants; answers
    what an admin's membership answers."""

    member: AppMember
    tenant: Tenant
    role: str = "admin"

    @property
    def tenant_id(self) -> int:
        """The row of the tenant."""
        return self.tenant.id

    @property
    def user(self) -> User:
        """Who acts."""
        return self.member.user

    @property
    def user_id(self) -> int:
        """The row of who acts."""
        return self.member.user_id


def of(db: Session, member: AppMember, tenant_uuid: UUID) -> Deputy:
    """Answer a member's place at a tenant of their app; raises NotFound for another app's."""
    return Deputy(member, tenants.of_app(db, member.app, tenant_uuid))


def note(db: Session, deputy: Deputy, action: str, **details: str) -> None:
    """Write into the audit log what was done at the tenant. It names tenant and people by uuid, so
    that nothing in it has to go when they do."""
    subject = str(deputy.tenant.uuid)
    audits.note(db, deputy.member, action, subject, now=clock.wall(), details=details or None)

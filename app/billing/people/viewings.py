"""Viewings: people of an app see a tenant's portal as the tenant does, and change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from app.billing import timeline
from app.billing.errors import NotFound
from app.billing.site import Site
from app.billing.tenants import deputies
from app.billing.tenants.deputies import Deputy
from app.models import App, AppMember, Tenant, User


@dataclass(frozen=True, slots=True)
class Viewing:
    """Somebody who runs the app, at a tenant's portal; answers what a membership answers. It is
    their own person, with a role that no tenant knows and that may do nothing."""

    tenant: Tenant
    user: User
    role: str = "viewer"
    may_buy: bool = False

    @property
    def tenant_id(self) -> int:
        """The row of the tenant."""
        return self.tenant.id

    @property
    def user_id(self) -> int:
        """The row of the person."""
        return self.user.id


_VIEWING = (
    select(Tenant, User)
    .join(Tenant.app)
    .join(AppMember, AppMember.app_id == Tenant.app_id)
    .join(User, User.id == AppMember.user_id)
    .options(contains_eager(Tenant.app))
    .where(
        AppMember.user_id == bindparam("user_id"),
        Tenant.uuid == bindparam("tenant_uuid"),
        AppMember.deleted_at.is_(None),
        Tenant.deleted_at.is_(None),
        App.deleted_at.is_(None),
        User.deleted_at.is_(None),
    )
)


def begin(db: Session, site: Site, deputy: Deputy) -> None:
    """Write down that somebody is about to look at a tenant's portal: for the tenant in its
    timeline, for the app in its audit log."""
    timeline.note_of_tenant(
        db,
        deputy.tenant,
        "portal.viewed",
        cause=timeline.by_user(deputy.user.uuid),
        now=site.clock.now(),
    )
    deputies.note(db, deputy, "portal.viewed")


def find(db: Session, *, user_id: int, tenant_uuid: UUID) -> Viewing:
    """Answer a person's viewing of a tenant of an app they run, in one query; raises NotFound, also
    where they run the app no more."""
    asked = {"user_id": user_id, "tenant_uuid": tenant_uuid}
    row = db.execute(_VIEWING, asked).one_or_none()
    if row is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    return Viewing(tenant=row[0], user=row[1])

"""A tenant's people as the app's own people look after them: by the tenant's own verbs, audited."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.billing.people import invitations, memberships
from app.billing.site import Site
from app.billing.tenants import deputies
from app.billing.tenants.deputies import Deputy
from app.models import Invitation, Membership


def invite(db: Session, site: Site, deputy: Deputy, *, email: str, role: str) -> Invitation:
    """Ask somebody to join the tenant, as `invitations.invite` does. Commits."""
    invitation = invitations.invite(db, site, membership=deputy, email=email, role=role)
    _note(db, deputy, "tenant.person_invited", invitation)
    return invitation


def resend(db: Session, site: Site, deputy: Deputy, uuid: UUID) -> Invitation:
    """Send an invitation again, as `invitations.resend` does. Commits."""
    invitation = invitations.resend(db, site, membership=deputy, uuid=uuid)
    _note(db, deputy, "tenant.invitation_resent", invitation)
    return invitation


def revoke(db: Session, deputy: Deputy, uuid: UUID, *, now: datetime) -> None:
    """Withdraw an invitation, as `invitations.revoke` does."""
    invitations.revoke(db, membership=deputy, uuid=uuid, now=now)
    deputies.note(db, deputy, "tenant.invitation_revoked", invitation=str(uuid))


def change_role(db: Session, deputy: Deputy, uuid: UUID, role: str, *, now: datetime) -> Membership:
    """Give one of the tenant's people another role, as `memberships.change_role` does."""
    changed = memberships.change_role(db, membership=deputy, uuid=uuid, role=role, now=now)
    deputies.note(db, deputy, "tenant.person_changed", person=str(uuid), role=role)
    return changed


def remove(db: Session, deputy: Deputy, uuid: UUID, *, now: datetime) -> Membership:
    """Take somebody out of the tenant, as `memberships.remove` does."""
    removed = memberships.remove(db, membership=deputy, uuid=uuid, now=now)
    deputies.note(db, deputy, "tenant.person_removed", person=str(uuid))
    return removed


def _note(db: Session, deputy: Deputy, action: str, invitation: Invitation) -> None:
    named = {"invitation": str(invitation.uuid), "role": invitation.role}
    deputies.note(db, deputy, action, **named)
    db.commit()

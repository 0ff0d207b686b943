"""Invitations: asking somebody by e-mail to join a tenant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app import clock
from app.billing.errors import Conflict, Invalid
from app.billing.mail import mail_kinds, mails
from app.billing.people import invitation_links, memberships
from app.billing.people.invitation_links import LIFETIME
from app.billing.people.memberships import Acting
from app.billing.site import Site
from app.db import lock
from app.models import App, Invitation, Membership, Tenant, User
from app.models.user import ROLES

# A second press within it is the same one.
_SAME_PRESS = timedelta(minutes=1)


def invite(db: Session, site: Site, *, membership: Acting, email: str, role: str) -> Invitation:
    """Ask somebody to join, by a mail with a link that lives seven days and works once. Commits.

    Asked again with the same role nothing changes while the invitation lives; with another role,
    or later, a new mail is sent and the link before is worth nothing. Raises NotAllowed for a
    member, TooOften after too many mails in 15 minutes, Invalid naming `role` or `email`, also
    where the person belongs already.
    """
    memberships.require_admin(membership)
    if role not in ROLES:
        raise Invalid("Choose what they may do.", field="role")
    address = invitation_links.address_of(email)
    _count(db, membership)
    tenant = lock.one(db, Tenant, membership.tenant_id)
    if memberships.belongs(db, tenant, address):
        raise Invalid(
            "%(email)s already belongs to %(tenant)s.",
            field="email",
            email=address,
            tenant=tenant.name,
        )
    invitation = invitation_links.of(db, Invitation, email=address, role=role, tenant_id=tenant.id)
    if invitation.role != role or invitation.is_over:
        invitation.role = role
        _send(db, site, membership, invitation)
    db.commit()
    return invitation


def resend(db: Session, site: Site, *, membership: Acting, uuid: UUID) -> Invitation:
    """Send an invitation again, with a new link for another seven days. Commits.

    Pressed twice within a minute it is sent once. Raises NotAllowed as `invite` does, NotFound for
    another tenant's, and Conflict for one that was accepted or withdrawn.
    """
    memberships.require_admin(membership)
    _count(db, membership)
    invitation = _find(db, membership, uuid)
    if invitation.accepted_at or invitation.revoked_at:
        raise Conflict("This invitation was answered or withdrawn meanwhile.")
    if clock.wall() - (invitation.expires_at - LIFETIME) > _SAME_PRESS:
        _send(db, site, membership, invitation)
    db.commit()
    return invitation


def revoke(db: Session, *, membership: Acting, uuid: UUID, now: datetime) -> None:
    """Withdraw an invitation; one withdrawn before stays so. Raises NotAllowed for a member,
    NotFound for another tenant's, and Conflict for one that was accepted."""
    memberships.require_admin(membership)
    invitation = _find(db, membership, uuid)
    if invitation_links.withdraw(db, invitation):
        kind = "person.invitation_withdrawn"
        memberships.note(db, membership, kind, invitation.email, now=now)


def listed(db: Session, tenant: Tenant) -> list[Invitation]:
    """Answer the invitations nobody has answered, the newest first."""
    return invitation_links.listed(db, Invitation, tenant_id=tenant.id)


def peek(db: Session, token: str) -> Invitation:
    """Answer an invitation that can still be accepted, with tenant, app and who sent it, using
    nothing up; raises NotFound."""
    among = (
        select(Invitation)
        .join(Invitation.tenant)
        .join(Tenant.app)
        .options(contains_eager(Invitation.tenant).contains_eager(Tenant.app))
        .where(Tenant.deleted_at.is_(None), App.deleted_at.is_(None))
    )
    return invitation_links.peek(db, Invitation, token, among)


def join(db: Session, token: str, user_id: int, *, now: datetime) -> Membership:
    """Let the person who is signed in accept, and answer their membership. Commits; of several at
    once, one succeeds.

    Raises NotFound for an invitation that cannot be accepted, and NotAllowed where it is for
    somebody else.
    """
    invitation = peek(db, token)
    user = invitation_links.invited(db, invitation, user_id)
    return _accept(db, invitation, user, now=now)


def begin(db: Session, token: str, *, name: str, password: str, now: datetime) -> Membership:
    """Let somebody who has no account here accept, with a new one, and answer their membership.
    Commits.

    Raises NotFound for an invitation that cannot be accepted, Invalid naming `name` or `password`,
    which leaves it open, and Conflict where there is an account by now.
    """
    invitation = peek(db, token)
    user = invitation_links.new_account(db, invitation, name=name, password=password)
    return _accept(db, invitation, user, now=now)


def _accept(db: Session, invitation: Invitation, user: User, *, now: datetime) -> Membership:
    invitation_links.use(db, invitation)
    membership = memberships.add(db, invitation.tenant, user, invitation.role)
    memberships.note(db, membership, "person.joined", user.email, now=now, after=membership.role)
    db.commit()
    return membership


def _send(db: Session, site: Site, membership: Acting, invitation: Invitation) -> None:
    tenant = membership.tenant
    token = invitation_links.renew(db, invitation, by=membership.user_id)
    memberships.note(
        db,
        membership,
        "person.invited",
        invitation.email,
        now=site.clock.now(),
        after=invitation.role,
    )
    mails.write(
        db,
        mail_kinds.Invited(
            sealed_url=site.vault.seal(site.url(f"/invitations/{token}")),
            role=cast(Literal["admin", "member"], invitation.role),
            expires_at=invitation.expires_at,
            invited_by=membership.user.name or membership.user.email,
        ),
        f"invitation:{invitation.id}:{invitation.token_digest[:16]}",
        app_id=tenant.app_id,
        tenant_id=tenant.id,
        livemode=tenant.app.livemode,
        recipient=invitation.email,
        locale=membership.user.locale,
        now=site.clock.now(),
    )


def _find(db: Session, membership: Acting, uuid: UUID) -> Invitation:
    return invitation_links.find(db, Invitation, uuid, tenant_id=membership.tenant_id)


def _count(db: Session, membership: Acting) -> None:
    invitation_links.count(db, f"invitations:{membership.tenant_id}")

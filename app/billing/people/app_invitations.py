"""Invitations to run an app: by e-mail, to an owner's colleague."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app import clock
from app.billing.apps import audits
from app.billing.errors import Invalid
from app.billing.mail import mail_kinds, mails
from app.billing.people import app_members, invitation_links
from app.billing.site import Site
from app.db import lock
from app.models import App, AppInvitation, AppMember, User
from app.models.user import APP_ROLES


def invite(db: Session, site: Site, by: AppMember, *, email: str, role: str) -> AppInvitation:
    """Ask somebody to run the app, by a mail with a link that lives seven days and works once;
    asked again, a new mail is sent and the link before is worth nothing. Commits.

    Raises NotAllowed for support, TooOften after too many mails in 15 minutes, Invalid naming
    `role` or `email`, also where the person runs the app already.
    """
    app_members.require_owner(by)
    if role not in APP_ROLES:
        raise Invalid("Choose what they may do.", field="role")
    address = invitation_links.address_of(email)
    invitation_links.count(db, f"app-invitations:{by.app_id}")
    app = lock.one(db, App, by.app_id)
    if app_members.belongs(db, app, address):
        raise Invalid("%(email)s runs %(app)s already.", field="email", email=address, app=app.name)
    invitation = invitation_links.of(db, AppInvitation, email=address, role=role, app_id=app.id)
    invitation.role = role
    _send(db, site, by, invitation)
    db.commit()
    return invitation


def revoke(db: Session, by: AppMember, uuid: UUID) -> AppInvitation:
    """Withdraw an invitation; one withdrawn before stays so. Raises NotAllowed for support,
    NotFound for another app's, and Conflict for one that was accepted."""
    app_members.require_owner(by)
    invitation = invitation_links.find(db, AppInvitation, uuid, app_id=by.app_id)
    if invitation_links.withdraw(db, invitation):
        audits.note(db, by, "invitation.withdrawn", invitation.email, now=clock.wall())
        db.flush()
    return invitation


def listed(db: Session, app: App) -> list[AppInvitation]:
    """Answer the invitations nobody has answered, the newest first."""
    return invitation_links.listed(db, AppInvitation, app_id=app.id)


def peek(db: Session, token: str) -> AppInvitation:
    """Answer an invitation that can still be accepted, with its app and who sent it, using nothing
    up; raises NotFound."""
    among = (
        select(AppInvitation)
        .join(AppInvitation.app)
        .options(contains_eager(AppInvitation.app))
        .where(App.deleted_at.is_(None))
    )
    return invitation_links.peek(db, AppInvitation, token, among)


def join(db: Session, token: str, user_id: int, *, now: datetime) -> AppMember:
    """Let the person who is signed in accept, and answer their place. Commits; of several at once,
    one succeeds.

    Raises NotFound for an invitation that cannot be accepted, and NotAllowed where it is for
    somebody else.
    """
    invitation = peek(db, token)
    user = invitation_links.invited(db, invitation, user_id)
    return _accept(db, invitation, user, now=now)


def begin(db: Session, token: str, *, name: str, password: str, now: datetime) -> AppMember:
    """Let somebody who has no account here accept, with a new one, and answer their place. Commits.

    Raises NotFound for an invitation that cannot be accepted, Invalid naming `name` or `password`,
    which leaves it open, and Conflict where there is an account by now.
    """
    invitation = peek(db, token)
    user = invitation_links.new_account(db, invitation, name=name, password=password)
    return _accept(db, invitation, user, now=now)


def _accept(db: Session, invitation: AppInvitation, user: User, *, now: datetime) -> AppMember:
    invitation_links.use(db, invitation)
    member = app_members.add(db, invitation.app, user, invitation.role)
    details = {"role": invitation.role}
    audits.note(db, member, "member.joined", user.email, now=now, details=details)
    db.commit()
    return member


def _send(db: Session, site: Site, by: AppMember, invitation: AppInvitation) -> None:
    token = invitation_links.renew(db, invitation, by=by.user_id)
    details = {"role": invitation.role}
    audits.note(db, by, "member.invited", invitation.email, now=clock.wall(), details=details)
    mails.write(
        db,
        mail_kinds.AppInvited(
            sealed_url=site.vault.seal(site.url(f"/console/invitations/{token}")),
            role=cast(Literal["owner", "support"], invitation.role),
            expires_at=invitation.expires_at,
            invited_by=by.user.name or by.user.email,
        ),
        f"app_invitation:{invitation.id}:{invitation.token_digest[:16]}",
        app_id=by.app_id,
        livemode=by.app.livemode,
        recipient=invitation.email,
        now=site.clock.now(),
    )

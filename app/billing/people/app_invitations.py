"""Invitations to run an app: by e-mail, to an owner's colleague."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from app import clock
from app.billing import typed
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.mail import mail_kinds, mails
from app.billing.people import accounts, app_members, attempts, invitations
from app.billing.people.invitations import LIFETIME
from app.billing.site import Site
from app.billing.text import Text
from app.db import lock, once
from app.models import App, AppInvitation, AppMember, User
from app.models.user import APP_ROLES

_MAILS_PER_APP = 50


def invite(db: Session, site: Site, by: AppMember, *, email: str, role: str) -> AppInvitation:
    """Ask somebody to run the app, by a mail with a link that lives seven days and works once;
    asked again, a new mail is sent and the link before is worth nothing. Commits.

    Raises NotAllowed for support or after too many mails in 15 minutes, Invalid naming `role` or
    `email`, also where the person runs the app already.
    """
    app_members.require_owner(by)
    if role not in APP_ROLES:
        raise Invalid("Choose what they may do.", field="role")
    address = accounts.plain_email(typed.email(email, "email", example="name@example.com"))
    attempts.count(
        db,
        {f"app-invitations:{by.app_id}": _MAILS_PER_APP},
        refusal=Text("There were too many invitations at once. Wait 15 minutes, then go on."),
    )
    app = lock.one(db, App, by.app_id)
    if app_members.belongs(db, app, address):
        raise Invalid("%(email)s runs %(app)s already.", field="email", email=address, app=app.name)
    invitation = _row(db, app, address, role)
    _send(db, site, by, invitation, role)
    db.commit()
    return invitation


def revoke(db: Session, by: AppMember, uuid: UUID) -> AppInvitation:
    """Withdraw an invitation; one withdrawn before stays so. Raises NotAllowed for support,
    NotFound for another app's, and Conflict for one that was accepted."""
    app_members.require_owner(by)
    found = db.scalars(
        select(AppInvitation)
        .where(AppInvitation.app_id == by.app_id, AppInvitation.uuid == uuid)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such invitation.")
    if found.accepted_at:
        raise Conflict("%(email)s has accepted meanwhile.", email=found.email)
    if found.revoked_at is None:
        found.revoked_at = clock.wall()
        audits.note(db, by, "invitation.withdrawn", found.email, now=clock.wall())
    db.flush()
    return found


def listed(db: Session, app: App) -> list[AppInvitation]:
    """Answer the invitations nobody has answered, the newest first."""
    found = select(AppInvitation).where(AppInvitation.app_id == app.id, *_open())
    return list(db.scalars(found.order_by(AppInvitation.id.desc())))


def peek(db: Session, token: str) -> AppInvitation:
    """Answer an invitation that can still be accepted, with its app and who sent it, using nothing
    up; raises NotFound."""
    found = (
        select(AppInvitation)
        .join(AppInvitation.app)
        .options(contains_eager(AppInvitation.app), joinedload(AppInvitation.invited_by))
        .where(AppInvitation.token_digest == _digest(token), App.deleted_at.is_(None), *_usable())
        .execution_options(populate_existing=True)
    )
    invitation = db.scalars(found).one_or_none()
    if invitation is None:
        raise _spent()
    return invitation


def has_account(db: Session, invitation: AppInvitation) -> bool:
    """Answer whether the invited person signs in here already, and so joins signed in."""
    user = accounts.of_email(db, invitation.email)
    return user is not None and user.password_digest is not None


def join(db: Session, token: str, user_id: int) -> AppMember:
    """Let the person who is signed in accept, and answer their place. Commits; of several at once,
    one succeeds.

    Raises NotFound for an invitation that cannot be accepted, and NotAllowed where it is for
    somebody else.
    """
    invitation = peek(db, token)
    user = db.get(User, user_id, populate_existing=True)
    if user is None or user.deleted_at or user.email != invitation.email:
        raise NotAllowed(
            "This invitation is for %(email)s. Sign in with that address to accept it.",
            email=invitation.email,
        )
    member = _accept(db, invitation, user)
    db.commit()
    return member


def begin(db: Session, token: str, *, name: str, password: str) -> AppMember:
    """Let somebody who has no account here accept, with a new one, and answer their place. Commits.

    The link came by mail, so the address is theirs. Raises NotFound for an invitation that cannot
    be accepted, Invalid naming `name` or `password`, which leaves it open, and Conflict where there
    is an account by now.
    """
    invitation = peek(db, token)
    stored = typed.line(name, "name", required="Enter your name.")
    db.commit()
    digest = accounts.digest_of_new(password, email=invitation.email)
    user = invitations.new_user(db, invitation.email)
    user.name, user.password_digest = stored, digest
    member = _accept(db, invitation, user)
    db.commit()
    return member


def _accept(db: Session, invitation: AppInvitation, user: User) -> AppMember:
    used = db.execute(
        update(AppInvitation)
        .where(AppInvitation.id == invitation.id, *_usable())
        .values(accepted_at=clock.wall())
        .returning(AppInvitation.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        db.rollback()
        raise _spent()
    member = app_members.add(db, invitation.app, user, invitation.role)
    details = {"role": invitation.role}
    audits.note(db, member, "member.joined", user.email, now=clock.wall(), details=details)
    return member


def _row(db: Session, app: App, email: str, role: str) -> AppInvitation:
    """The invitation that is open, or a new one that has not been sent."""
    values = {
        "app_id": app.id,
        "email": email,
        "role": role,
        "token_digest": _digest(secrets.token_urlsafe(32)),
        "expires_at": clock.wall(),
    }
    once.insert(db, AppInvitation, values)
    found = select(AppInvitation).where(
        AppInvitation.app_id == app.id, AppInvitation.email == email, *_open()
    )
    return db.scalars(found).one()


def _send(db: Session, site: Site, by: AppMember, invitation: AppInvitation, role: str) -> None:
    token = secrets.token_urlsafe(32)
    invitation.role = role
    invitation.invited_by_id = by.user_id
    invitation.token_digest = _digest(token)
    invitation.expires_at = clock.wall() + LIFETIME
    db.flush()
    details = {"role": role}
    audits.note(db, by, "member.invited", invitation.email, now=clock.wall(), details=details)
    mails.write(
        db,
        mail_kinds.AppInvited(
            sealed_url=site.vault.seal(site.url(f"/console/invitations/{token}")),
            role=cast(Literal["owner", "support"], role),
            expires_at=invitation.expires_at,
            invited_by=by.user.name or by.user.email,
        ),
        f"app_invitation:{invitation.id}:{invitation.token_digest[:16]}",
        app_id=by.app_id,
        livemode=by.app.livemode,
        recipient=invitation.email,
        now=site.clock.now(),
    )


def _open() -> tuple[ColumnElement[bool], ...]:
    return (AppInvitation.accepted_at.is_(None), AppInvitation.revoked_at.is_(None))


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (*_open(), AppInvitation.expires_at > clock.wall())


def _spent() -> NotFound:
    return NotFound(
        "This invitation does not work any more: it was accepted, withdrawn or sent again, or it is"
        " older than seven days."
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""Invitations: asking somebody by e-mail to join a tenant."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Literal, cast
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from app import clock
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.mail import mail_kinds, mails
from app.billing.people import accounts, attempts, memberships
from app.billing.people.memberships import Acting
from app.billing.site import Site
from app.billing.text import Text
from app.db import lock, once
from app.models import App, Invitation, Tenant, User
from app.models.user import ROLES

LIFETIME = timedelta(days=7)
# A second press within it is the same one.
_SAME_PRESS = timedelta(minutes=1)
_MAILS_PER_TENANT = 50


def invite(db: Session, site: Site, *, membership: Acting, email: str, role: str) -> Invitation:
    """Ask somebody to join, by a mail with a link that lives seven days and works once. Commits.

    Asked again with the same role nothing changes while the invitation lives; with another role,
    or later, a new mail is sent and the link before is worth nothing. Raises NotAllowed for a
    member or after too many mails in 15 minutes, Invalid naming `role` or `email`, also where the
    person belongs already.
    """
    memberships.require_admin(membership)
    if role not in ROLES:
        raise Invalid("Choose what they may do.", field="role")
    address = address_of(email)
    _count(db, membership)
    tenant = lock.one(db, Tenant, membership.tenant_id)
    if memberships.belongs(db, tenant, address):
        raise Invalid(
            "%(email)s already belongs to %(tenant)s.",
            field="email",
            email=address,
            tenant=tenant.name,
        )
    invitation = _row(db, tenant, address, role)
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


def revoke(db: Session, *, membership: Acting, uuid: UUID) -> None:
    """Withdraw an invitation; one withdrawn before stays so. Raises NotAllowed for a member,
    NotFound for another tenant's, and Conflict for one that was accepted."""
    memberships.require_admin(membership)
    invitation = _find(db, membership, uuid)
    if invitation.accepted_at:
        raise Conflict("%(email)s has accepted meanwhile.", email=invitation.email)
    if invitation.revoked_at is None:
        invitation.revoked_at = clock.wall()
    db.flush()


def listed(db: Session, tenant: Tenant) -> list[Invitation]:
    """Answer the invitations nobody has answered, the newest first."""
    return list(
        db.scalars(
            select(Invitation)
            .where(Invitation.tenant_id == tenant.id, *_open())
            .order_by(Invitation.id.desc())
        )
    )


def peek(db: Session, token: str) -> Invitation:
    """Answer an invitation that can still be accepted, with tenant, app and who sent it, using
    nothing up; raises NotFound."""
    found = (
        select(Invitation)
        .join(Invitation.tenant)
        .join(Tenant.app)
        .options(
            contains_eager(Invitation.tenant).contains_eager(Tenant.app),
            joinedload(Invitation.invited_by),
        )
        .where(
            Invitation.token_digest == _digest(token),
            Tenant.deleted_at.is_(None),
            App.deleted_at.is_(None),
            *_usable(),
        )
        .execution_options(populate_existing=True)
    )
    invitation = db.scalars(found).one_or_none()
    if invitation is None:
        raise _spent()
    return invitation


def has_account(db: Session, invitation: Invitation) -> bool:
    """Answer whether the invited person signs in here already, and so joins signed in."""
    user = accounts.of_email(db, invitation.email)
    return user is not None and user.password_digest is not None


def join(db: Session, token: str, user_id: int) -> Invitation:
    """Let the person who is signed in accept. Commits; of several at once, one succeeds.

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
    _accept(db, invitation, user)
    db.commit()
    return invitation


def begin(db: Session, token: str, *, name: str, password: str) -> tuple[Invitation, User]:
    """Let somebody who has no account here accept, with a new one. Commits.

    The link came by mail, so the address is theirs. Raises NotFound for an invitation that cannot
    be accepted, Invalid naming `name` or `password`, which leaves it open, and Conflict where there
    is an account by now.
    """
    if not name.strip():
        raise Invalid("Enter your name.", field="name")
    invitation = peek(db, token)
    db.commit()
    digest = accounts.digest_of_new(password, email=invitation.email)
    user = new_user(db, invitation.email)
    user.name = name.strip()
    user.password_digest = digest
    _accept(db, invitation, user)
    db.commit()
    return invitation, user


def _accept(db: Session, invitation: Invitation, user: User) -> None:
    used = db.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, *_usable())
        .values(accepted_at=clock.wall())
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        db.rollback()
        raise _spent()
    memberships.add(db, invitation.tenant, user, invitation.role)


def new_user(db: Session, email: str) -> User:
    """Answer the locked row of somebody who has no account yet; rolls back and raises Conflict
    where they have one by now."""
    once.insert(db, User, {"email": email})
    found = db.scalars(select(User.id).where(User.email == email)).one()
    user = lock.one(db, User, found)
    if user.deleted_at is not None or user.password_digest is not None:
        db.rollback()
        raise Conflict("There is an account with this e-mail already. Sign in to accept.")
    return user


def _row(db: Session, tenant: Tenant, email: str, role: str) -> Invitation:
    """The invitation that is open, or a new one that has not been sent."""
    once.insert(
        db,
        Invitation,
        {
            "tenant_id": tenant.id,
            "email": email,
            "role": role,
            "token_digest": _digest(secrets.token_urlsafe(32)),
            "expires_at": clock.wall(),
        },
    )
    found = select(Invitation).where(
        Invitation.tenant_id == tenant.id, Invitation.email == email, *_open()
    )
    return db.scalars(found).one()


def _send(db: Session, site: Site, membership: Acting, invitation: Invitation) -> None:
    tenant = membership.tenant
    token = secrets.token_urlsafe(32)
    invitation.invited_by_id = membership.user_id
    invitation.token_digest = _digest(token)
    invitation.expires_at = clock.wall() + LIFETIME
    db.flush()
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
        now=site.clock.now(),
    )


def _find(db: Session, membership: Acting, uuid: UUID) -> Invitation:
    found = db.scalars(
        select(Invitation.id).where(
            Invitation.tenant_id == membership.tenant_id, Invitation.uuid == uuid
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such invitation.")
    return lock.one(db, Invitation, found)


def _count(db: Session, membership: Acting) -> None:
    attempts.count(
        db,
        {f"invitations:{membership.tenant_id}": _MAILS_PER_TENANT},
        refusal=Text("There were too many invitations at once. Wait 15 minutes, then go on."),
    )


def address_of(email: str) -> str:
    """Answer a typed e-mail address as it is stored; raises Invalid naming `email`."""
    try:
        read = validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid("Enter an e-mail address, such as name@example.com.", field="email") from None
    return accounts.plain_email(read)


def _open() -> tuple[ColumnElement[bool], ...]:
    return (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (*_open(), Invitation.expires_at > clock.wall())


def _spent() -> NotFound:
    return NotFound(
        "This invitation does not work any more: it was accepted, withdrawn or sent again, or it is"
        " older than seven days."
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""Invitation links: mailed, worth seven days and one answer, whatever somebody is asked to join."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.billing import typed
from app.billing.errors import Conflict, NotAllowed, NotFound
from app.billing.people import accounts, attempts
from app.billing.text import Text
from app.db import lock, once
from app.models import User
from app.models.invitation import AnyInvitation

LIFETIME = timedelta(days=7)
_MAILS_AT_ONCE = 50

Kind = TypeVar("Kind", bound=AnyInvitation)


def address_of(email: str) -> str:
    """Answer a typed e-mail address as it is stored; raises Invalid naming `email`."""
    return accounts.plain_email(typed.email(email, "email", example="name@example.com"))


def count(db: Session, sender: str) -> None:
    """Count a mail that a sender wants to have sent. Commits; raises TooOften after too many in
    15 minutes."""
    attempts.count(
        db,
        {sender: _MAILS_AT_ONCE},
        refusal=Text("There were too many invitations at once. Go on %(when)s."),
    )


def of(db: Session, kind: type[Kind], *, email: str, role: str, **owner: int) -> Kind:
    """Answer the invitation of an address that nobody has answered, or a new one that has not been
    sent."""
    values = {
        **owner,
        "email": email,
        "role": role,
        "token_digest": _digest(secrets.token_urlsafe(32)),
        "expires_at": clock.wall(),
    }
    once.insert(db, kind, values)
    found = select(kind).filter_by(**owner).where(kind.email == email, *_unanswered(kind))
    return db.scalars(found).one()


def renew(db: Session, invitation: AnyInvitation, *, by: int) -> str:
    """Answer the token of a new link, sent by the user `by`; the link before is worth nothing."""
    token = secrets.token_urlsafe(32)
    invitation.invited_by_id = by
    invitation.token_digest = _digest(token)
    invitation.expires_at = clock.wall() + LIFETIME
    db.flush()
    return token


def listed(db: Session, kind: type[Kind], **owner: int) -> list[Kind]:
    """Answer the invitations nobody has answered, the newest first."""
    found = select(kind).filter_by(**owner).where(*_unanswered(kind))
    return list(db.scalars(found.order_by(kind.id.desc())))


def find(db: Session, kind: type[Kind], uuid: UUID, **owner: int) -> Kind:
    """Answer the invitation of a uuid, locked; raises NotFound for one of another owner."""
    found = select(kind.id).filter_by(uuid=uuid, **owner)
    row_id = db.scalars(found).one_or_none()
    if row_id is None:
        raise NotFound("There is no such invitation.")
    return lock.one(db, kind, row_id)


def withdraw(db: Session, invitation: AnyInvitation) -> bool:
    """Withdraw an invitation, and answer whether it was not before; raises Conflict for one that
    was accepted."""
    if invitation.accepted_at:
        raise Conflict("%(email)s has accepted meanwhile.", email=invitation.email)
    if invitation.revoked_at:
        return False
    invitation.revoked_at = clock.wall()
    db.flush()
    return True


def peek(db: Session, kind: type[Kind], token: str, among: Select[Kind]) -> Kind:
    """Answer the one of several invitations that a token opens, with who sent it, using nothing up;
    raises NotFound where it cannot be accepted."""
    found = (
        among.options(joinedload(kind.invited_by))
        .where(kind.token_digest == _digest(token), *_usable(kind))
        .execution_options(populate_existing=True)
    )
    invitation = db.scalars(found).one_or_none()
    if invitation is None:
        raise _spent()
    return invitation


def has_account(db: Session, invitation: AnyInvitation) -> bool:
    """Answer whether the invited person signs in here already, and so joins signed in."""
    user = accounts.of_email(db, invitation.email)
    return user is not None and user.password_digest is not None


def invited(db: Session, invitation: AnyInvitation, user_id: int) -> User:
    """Answer the person who is signed in; raises NotAllowed where the invitation is for somebody
    else."""
    user = db.get(User, user_id, populate_existing=True)
    if user is None or user.deleted_at or user.email != invitation.email:
        raise NotAllowed(
            "This invitation is for %(email)s. Sign in with that address to accept it.",
            email=invitation.email,
        )
    return user


def new_account(db: Session, invitation: AnyInvitation, *, name: str, password: str) -> User:
    """Answer the new account of somebody invited who has none. Commits before, not after.

    The link came by mail, so the address is theirs. Raises Invalid naming `name` or `password`, and
    Conflict where there is an account by now.
    """
    stored, email = typed.line(name, "name", required="Enter your name."), invitation.email
    # Hashing takes its time; no transaction waits for it.
    db.commit()
    digest = accounts.digest_of_new(password, email=email)
    once.insert(db, User, {"email": email})
    user = lock.one(db, User, db.scalars(select(User.id).where(User.email == email)).one())
    if user.deleted_at is not None or user.password_digest is not None:
        db.rollback()
        raise Conflict("There is an account with this e-mail already. Sign in to accept.")
    user.name, user.password_digest = stored, digest
    return user


def use(db: Session, invitation: AnyInvitation) -> None:
    """Use a link up; of several at once, one succeeds, and the others' work is undone by the
    NotFound."""
    kind = type(invitation)
    used = db.execute(
        update(kind)
        .where(kind.id == invitation.id, *_usable(kind))
        .values(accepted_at=clock.wall())
        .returning(kind.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        db.rollback()
        raise _spent()


def _unanswered(kind: type[AnyInvitation]) -> tuple[ColumnElement[bool], ...]:
    return (kind.accepted_at.is_(None), kind.revoked_at.is_(None))


def _usable(kind: type[AnyInvitation]) -> tuple[ColumnElement[bool], ...]:
    return (*_unanswered(kind), kind.expires_at > clock.wall())


def _spent() -> NotFound:
    return NotFound(
        "This invitation does not work any more: it was accepted, withdrawn or sent again, or it is"
        " older than seven days."
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""People's accounts: passwords, and signing in with them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.apps import audits
from app.billing.errors import Invalid, NotAuthenticated, NotFound
from app.billing.people import attempts, user_sessions
from app.billing.site import Site
from app.billing.text import Text
from app.models import User

# OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_TRIES_PER_ADDRESS = 5
_TOO_MANY = Text("There were too many attempts to sign in. Try again %(when)s.")
SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 1024


class SignedIn(NamedTuple):
    """Which sign-ins of a user count, those of the epoch that were not ended one by one, and the
    language the user reads."""

    session_epoch: int
    ended_sessions: list[str]
    locale: str | None


def hash_password(password: str) -> str:
    """Answer a password as it is stored."""
    return _HASHER.hash(password)


def find(db: Session, uuid: UUID) -> User | None:
    """Answer the user of a uuid, if there still is one."""
    return db.scalars(
        select(User).where(User.uuid == uuid, User.deleted_at.is_(None))
    ).one_or_none()


def of_email(db: Session, email: str) -> User | None:
    """Answer the user of an e-mail as it is stored, if there still is one."""
    return db.scalars(
        select(User).where(User.email == email, User.deleted_at.is_(None))
    ).one_or_none()


def named(db: Session, email: str) -> User:
    """Answer the user of a typed e-mail; raises NotFound."""
    user = of_email(db, plain_email(email))
    if user is None:
        raise NotFound("Nobody signs in as %(email)s.", email=email)
    return user


def email(db: Session, user_id: int) -> str | None:
    """Answer what a user signs in with; None where the user is gone."""
    return db.scalar(select(User.email).where(User.id == user_id, User.deleted_at.is_(None)))


def plain_email(email: str) -> str:
    """Answer a typed e-mail as it is stored: in lower case, without what cannot be printed."""
    return "".join(filter(str.isprintable, email)).strip().lower()[:320]


def session_epoch(db: Session, user_id: int) -> int | None:
    """Answer which sign-ins of a user count; None where the user is gone."""
    return db.scalar(
        select(User.session_epoch).where(User.id == user_id, User.deleted_at.is_(None))
    )


def signed_in(db: Session, user_id: int) -> SignedIn | None:
    """Answer which sign-ins of a user count; None where the user is gone."""
    found = select(User.session_epoch, User.ended_sessions, User.locale)
    row = db.execute(found.where(User.id == user_id, User.deleted_at.is_(None))).one_or_none()
    return SignedIn(*row) if row else None


def of_id(db: Session, user_id: int) -> User:
    """Answer the user of a row; raises NotFound where they are gone."""
    found = db.scalars(select(User).where(User.id == user_id, User.deleted_at.is_(None)))
    user = found.one_or_none()
    if user is None:
        raise NotFound("There is no such account any more.")
    return user


def digest_of_new(password: str, *, email: str) -> str:
    """Answer a new password as it is stored. Takes its time, so no transaction should be open.

    Raises Invalid naming `password`: long is what makes it strong, whatever it is made of (NIST SP
    800-63B, "Passwords"), and the e-mail is the first thing to be guessed.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "Use at least %(least)s characters. Four words in a row do well.",
            field="password",
            least=SHORTEST_PASSWORD,
        )
    if len(password) > _LONGEST_PASSWORD:
        raise Invalid("Use at most %(most)s characters.", field="password", most=_LONGEST_PASSWORD)
    if plain_email(password) == email:
        raise Invalid("Use something else than your e-mail address.", field="password")
    return _HASHER.hash(password)


def renew_password(db: Session, user: User, digest: str) -> None:
    """Give a user another password; whoever is signed in as them is not any more."""
    user.password_digest = digest
    user_sessions.end_all(db, user)
    attempts.forgive(db, _of(user.email))
    db.flush()


def sign_in(db: Session, site: Site, *, email: str, password: str, address: str | None) -> User:
    """Answer the user with this e-mail and password; commits.

    `address` is the caller's. A try is counted before the password is looked at and taken back
    when it is right, so that guesses made at the same time all count. Raises NotAuthenticated, and
    TooOften after too many tries for the e-mail, or from the address, within 15 minutes.
    """
    email = plain_email(email)
    limits = {_of(email): site.config.SIGN_IN_TRIES}
    if address:
        limits[f"address:{address}"] = site.config.SIGN_IN_TRIES * _TRIES_PER_ADDRESS
    tries = attempts.count(db, limits, refusal=_TOO_MANY)
    user = of_email(db, email)
    # Argon2 takes its time; no transaction waits for it.
    db.commit()
    if not _is_right(user, password):
        raise NotAuthenticated("This e-mail and password do not belong together. Try again.")
    assert user is not None
    attempts.forgive(db, _of(email), tries)
    if user.password_digest and _HASHER.check_needs_rehash(user.password_digest):
        user.password_digest = _HASHER.hash(password)
    db.commit()
    return user


def require_password(db: Session, site: Site, user: User, password: str) -> None:
    """Have somebody who is signed in prove it by their password; commits.

    Counted with the attempts to sign in. Raises Invalid naming `password`, and TooOften after too
    many.
    """
    limits = {_of(user.email): site.config.SIGN_IN_TRIES}
    tries = attempts.count(db, limits, refusal=_TOO_MANY)
    if not _is_right(user, password):
        raise Invalid("This is not your password.", field="password")
    attempts.forgive(db, _of(user.email), tries)
    db.commit()


def change_password(db: Session, site: Site, user: User, *, password: str, new: str) -> None:
    """Give a person another password; whoever is signed in as them is not any more. Commits.

    Raises Invalid naming `password` or `new`, and TooOften after too many attempts.
    """
    try:
        digest = digest_of_new(new, email=user.email)
    except Invalid as error:
        raise Invalid(error.text.sentence, field="new", **error.text.values) from None
    require_password(db, site, user, password)
    renew_password(db, user, digest)
    audits.note_of_person(db, user, "password.changed")
    db.commit()


def rename(db: Session, user: User, name: str | None) -> None:
    """Give a person the name that others see."""
    user.name = name
    db.flush()


def choose_language(db: Session, user: User, locale: str | None) -> None:
    """Write to a person in a language from now on; None leaves pages to their browser and mails
    in English."""
    user.locale = locale
    db.flush()


def _is_right(user: User | None, password: str) -> bool:
    digest = user.password_digest if user else None
    try:
        # An unknown e-mail takes as long as a wrong password.
        _HASHER.verify(digest or _nobodys_digest(), password)
    except (VerificationError, InvalidHashError):
        return False
    return digest is not None


def _of(email: str) -> str:
    return f"email:{email}"


@cache
def _nobodys_digest() -> str:
    return _HASHER.hash("nobody signs in with this")

"""People's accounts: passwords, and signing in with them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotAllowed, NotAuthenticated
from app.billing.site import Site
from app.models import FailedSignIn, User

# OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_WINDOW = timedelta(minutes=15)
_TRIES_PER_ADDRESS = 5


def hash_password(password: str) -> str:
    """Answer a password as it is stored."""
    return _HASHER.hash(password)


def find(db: Session, uuid: UUID) -> User | None:
    """Answer the user of a uuid, if there still is one."""
    return db.scalars(
        select(User).where(User.uuid == uuid, User.deleted_at.is_(None))
    ).one_or_none()


def sign_in(db: Session, site: Site, *, email: str, password: str, address: str | None) -> User:
    """Answer the user with this e-mail and password; commits.

    `address` is the caller's. A try is counted before the password is looked at and taken back
    when it is right, so that guesses made at the same time all count. Raises NotAuthenticated, and
    NotAllowed after too many tries for the e-mail, or from the address, within 15 minutes.
    """
    email = "".join(filter(str.isprintable, email)).strip().lower()
    limits = {f"email:{email[:320]}": site.config.SIGN_IN_TRIES}
    if address:
        limits[f"address:{address}"] = site.config.SIGN_IN_TRIES * _TRIES_PER_ADDRESS
    tries = _count(db, limits)
    user = db.scalars(
        select(User).where(User.email == email, User.deleted_at.is_(None))
    ).one_or_none()
    # Argon2 takes its time; no transaction waits for it.
    db.commit()
    if not _is_right(user, password):
        raise NotAuthenticated("This e-mail and password do not belong together. Try again.")
    assert user is not None
    _forgive(db, tries, f"email:{email[:320]}")
    if user.password_digest and _HASHER.check_needs_rehash(user.password_digest):
        user.password_digest = _HASHER.hash(password)
    db.commit()
    return user


def _count(db: Session, limits: dict[str, int]) -> list[int]:
    now = clock.wall()
    db.execute(delete(FailedSignIn).where(FailedSignIn.at < now - _WINDOW))
    tries = [FailedSignIn(subject=subject, at=now) for subject in limits]
    db.add_all(tries)
    db.commit()
    rows = db.execute(
        select(FailedSignIn.subject, func.count())
        .where(FailedSignIn.subject.in_(limits))
        .group_by(FailedSignIn.subject)
    )
    counted = dict(rows.all())
    if any(counted[subject] > limit for subject, limit in limits.items()):
        db.execute(delete(FailedSignIn).where(FailedSignIn.id.in_([row.id for row in tries])))
        db.commit()
        raise NotAllowed(
            "There were too many attempts to sign in. Wait 15 minutes, then try again."
        )
    return [row.id for row in tries]


def _is_right(user: User | None, password: str) -> bool:
    digest = user.password_digest if user else None
    try:
        # An unknown e-mail takes as long as a wrong password.
        _HASHER.verify(digest or _nobodys_digest(), password)
    except (VerificationError, InvalidHashError):
        return False
    return digest is not None


def _forgive(db: Session, tries: list[int], subject: str) -> None:
    db.execute(
        delete(FailedSignIn).where(or_(FailedSignIn.id.in_(tries), FailedSignIn.subject == subject))
    )


@cache
def _nobodys_digest() -> str:
    return _HASHER.hash("nobody signs in with this")

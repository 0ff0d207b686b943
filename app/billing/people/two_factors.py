"""Two factors: beside the password a code of an authenticator app, or a recovery code."""

from __future__ import annotations

import hmac
from datetime import datetime
from urllib.parse import urlsplit

import pyotp
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotAuthenticated
from app.billing.people import accounts, app_members, attempts, recovery_codes, user_sessions
from app.billing.site import Site
from app.billing.text import Text
from app.models import AppMember, User

_DIGITS = 6
# RFC 6238, section 5.2: one step of 30 seconds either way for clocks that are not quite right.
_STEPS = (-1, 0, 1)
_TOO_MANY = Text("There were too many wrong codes. Try again %(when)s.")
_TRIES_PER_ADDRESS = 5


def new_secret() -> str:
    """Answer a secret for an authenticator app, in base32."""
    return pyotp.random_base32()


def address(site: Site, user: User, secret: str) -> str:
    """Answer what an authenticator app reads from a QR code: the secret, and whose it is."""
    issuer = urlsplit(site.config.PUBLIC_URL).hostname or "billing"
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=issuer)


def enable(db: Session, site: Site, user: User, *, secret: str, code: str) -> list[str]:
    """Ask for a code at each sign-in from now on, and answer the recovery codes, which are told
    only here; every session of the person ends. Commits.

    Raises Invalid naming `code` unless it is the secret's, Conflict where it is on already, and
    TooOften after too many wrong codes.
    """
    if user.two_factor_at is not None:
        raise Conflict("Two-factor sign-in is on already.")
    tries = _count(db, site, user)
    step = _step_of(secret, recovery_codes.plain(code), clock.wall())
    if step is None:
        raise _wrong()
    attempts.forgive(db, _subject(user.id), tries)
    user.two_factor_at, user.last_totp_step = clock.wall(), step
    user.sealed_totp_secret = site.vault.seal(secret)
    codes = recovery_codes.renew(db, user)
    user_sessions.end_all(db, user)
    audits.note_of_person(db, user, "two_factor.enabled")
    db.commit()
    return codes


def sign_in(
    db: Session, site: Site, *, user_id: int, epoch: int, code: str, address: str | None
) -> User:
    """Answer the user who has given the password and now a code, which is used up; commits.

    `epoch` is the user's when the password was given: what ended all sessions since ends this
    sign-in too. Raises NotAuthenticated for that and for a wrong code, naming `code`, and
    TooOften after too many.
    """
    user = accounts.of_id(db, user_id)
    if user.session_epoch != epoch or user.two_factor_at is None:
        raise NotAuthenticated("Begin again with your password.")
    tries = _count(db, site, user, address)
    if not _take(db, site, user, code):
        db.commit()
        raise NotAuthenticated(
            "This code does not fit. Each code works once: wait for the next one.", field="code"
        )
    attempts.forgive(db, _subject(user.id), tries)
    db.commit()
    return user


def renew_codes(db: Session, site: Site, user: User, *, password: str, code: str) -> list[str]:
    """Answer new recovery codes in place of the earlier ones; commits. Raises as `disable` does."""
    _prove(db, site, user, password, code)
    codes = recovery_codes.renew(db, user)
    audits.note_of_person(db, user, "recovery_codes.renewed")
    db.commit()
    return codes


def disable(db: Session, site: Site, user: User, *, password: str, code: str) -> None:
    """Ask for the password alone from now on; commits.

    Raises Invalid naming `password` or `code`, Conflict where it is off, and TooOften after too
    many attempts.
    """
    _prove(db, site, user, password, code)
    _switch_off(db, user)
    audits.note_of_person(db, user, "two_factor.disabled")
    db.commit()


def remove(db: Session, user: User) -> None:
    """Take the second factor from somebody who lost it, for whoever runs the installation; every
    session of theirs ends."""
    if user.two_factor_at is None:
        raise Conflict("Two-factor sign-in is off for %(email)s.", email=user.email)
    _switch_off(db, user)
    user_sessions.end_all(db, user)
    audits.note_of_person(db, user, "two_factor.removed")


def require(db: Session, by: AppMember, is_required: bool) -> None:
    """Let only people with a second factor run the app, or those without it too.

    Raises NotAllowed for support, and Conflict for an owner who would lock themselves out.
    """
    app_members.require_owner(by)
    if is_required and by.user.two_factor_at is None:
        raise Conflict("Set up two-factor sign-in for yourself first.")
    if by.app.require_two_factor == is_required:
        return
    by.app.require_two_factor = is_required
    action = "two_factor.required" if is_required else "two_factor.not_required"
    audits.note(db, by, action, by.app.name, now=clock.wall())
    db.flush()


def _prove(db: Session, site: Site, user: User, password: str, code: str) -> None:
    if user.two_factor_at is None:
        raise Conflict("Two-factor sign-in is off.")
    accounts.require_password(db, site, user, password)
    tries = _count(db, site, user)
    if not _take(db, site, user, code):
        db.commit()
        raise _wrong()
    attempts.forgive(db, _subject(user.id), tries)


def _count(db: Session, site: Site, user: User, address: str | None = None) -> list[int]:
    limits = {_subject(user.id): site.config.SIGN_IN_TRIES}
    if address:
        limits[f"code-address:{address}"] = site.config.SIGN_IN_TRIES * _TRIES_PER_ADDRESS
    return attempts.count(db, limits, refusal=_TOO_MANY)


def _take(db: Session, site: Site, user: User, code: str) -> bool:
    """Use a code up, of either kind; of several at once with the same, one succeeds."""
    plain = recovery_codes.plain(code)
    if len(plain) != _DIGITS or not plain.isdecimal():
        return recovery_codes.take(db, user, plain)
    secret = site.vault.open(user.sealed_totp_secret or "")
    step = _step_of(secret, plain, clock.wall())
    return step is not None and _is_newest(db, user, step)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step a code belongs to, found in the same time whichever it is."""
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    found = None
    for step in (present + away for away in _STEPS):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def _is_newest(db: Session, user: User, step: int) -> bool:
    """RFC 6238, section 5.2: what was accepted once is not accepted again."""
    taken = db.execute(
        update(User)
        .where(User.id == user.id, or_(User.last_totp_step.is_(None), User.last_totp_step < step))
        .values(last_totp_step=step)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def _switch_off(db: Session, user: User) -> None:
    recovery_codes.forget(db, user)
    user.two_factor_at = user.sealed_totp_secret = user.last_totp_step = None
    db.flush()


def _subject(user_id: int) -> str:
    return f"code:{user_id}"


def _wrong() -> Invalid:
    return Invalid(
        "This code does not fit. Each code works once: wait for the next one.", field="code"
    )

"""Password resets: a new password for whoever can read the mail of an account."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, contains_eager

from app import clock
from app.billing.apps import apps
from app.billing.errors import NotFound
from app.billing.mail import mail_kinds, mails
from app.billing.people import accounts, attempts
from app.billing.site import Site
from app.billing.tenants import tenants
from app.billing.text import Text
from app.models import App, PasswordReset, User

LIFETIME = timedelta(hours=1)
# In 15 minutes; nobody needs more, and a mailbox shall not be filled by strangers.
_MAILS_PER_EMAIL = 3
_MAILS_PER_ADDRESS = 20


def ask(db: Session, site: Site, *, email: str, address: str | None) -> None:
    """Send a mail with a link to choose a new password, where somebody has this e-mail. Commits.

    Nothing tells whether somebody has: what is done takes as long, and counts as much, for an
    e-mail nobody has. `address` is the caller's. Raises TooOften after too many in 15 minutes.
    """
    email = accounts.plain_email(email)
    limits = {f"reset:{email}": _MAILS_PER_EMAIL}
    if address:
        limits[f"reset-address:{address}"] = _MAILS_PER_ADDRESS
    attempts.count(
        db,
        limits,
        refusal=Text("There were too many requests for a new password. Try again %(when)s."),
    )
    user = accounts.of_email(db, email)
    token = secrets.token_urlsafe(32)
    reset = PasswordReset(
        user=user, token_digest=_digest(token), expires_at=clock.wall() + LIFETIME
    )
    db.add(reset)
    db.flush()
    with db.begin_nested() as mail:
        _write(db, site, reset, email, token)
        if user is None:
            mail.rollback()
    db.commit()


def peek(db: Session, token: str) -> PasswordReset:
    """Answer a reset that can still be used, with its user, using nothing up; raises NotFound."""
    found = (
        select(PasswordReset)
        .join(PasswordReset.user)
        .options(contains_eager(PasswordReset.user))
        .where(PasswordReset.token_digest == _digest(token), *_usable(), User.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    )
    reset = db.scalars(found).one_or_none()
    if reset is None:
        raise _spent()
    return reset


def choose(db: Session, token: str, password: str) -> User:
    """Give the user of a reset a new password, use up every reset of theirs, and end all their
    sign-ins. Commits.

    Raises NotFound for a reset that cannot be used, and Invalid naming `password`, which leaves it
    usable; of several at once, one succeeds.
    """
    user = peek(db, token).user
    assert user is not None
    user_id, email = user.id, user.email
    db.commit()
    digest = accounts.digest_of_new(password, email=email)
    if not _use_up(db, PasswordReset.token_digest == _digest(token)):
        db.rollback()
        raise _spent()
    _use_up(db, PasswordReset.user_id == user_id)
    user = db.get_one(User, user_id, populate_existing=True)
    accounts.renew_password(db, user, digest)
    db.commit()
    return user


def _use_up(db: Session, *wanted: ColumnElement[bool]) -> bool:
    used = db.execute(
        update(PasswordReset)
        .where(*wanted, *_usable())
        .values(used_at=clock.wall())
        .returning(PasswordReset.id)
        .execution_options(synchronize_session=False)
    )
    return bool(used.all())


def _write(db: Session, site: Site, reset: PasswordReset, email: str, token: str) -> None:
    app = _app(db, reset.user_id or 0)
    mails.write(
        db,
        mail_kinds.PasswordReset(
            sealed_url=site.vault.seal(site.url(f"/reset/{token}")), expires_at=reset.expires_at
        ),
        f"reset:{reset.id}",
        app_id=app.id if app else None,
        livemode=app.livemode if app else True,
        recipient=email,
        now=site.clock.now(),
    )


def _app(db: Session, user_id: int) -> App | None:
    """The app whose name the mail carries: one the person pays for, else one they run."""
    belongs = tenants.memberships(db, user_id)
    runs = apps.of(db, user_id)
    return belongs[0].tenant.app if belongs else next(iter(runs), None)


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (PasswordReset.used_at.is_(None), PasswordReset.expires_at > clock.wall())


def _spent() -> NotFound:
    return NotFound(
        "This link does not work any more: it was used, it is older than an hour, or a newer"
        " password was chosen."
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

"""The first run: an empty installation gets its first owner and app, once."""

from __future__ import annotations

import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing import typed
from app.billing.apps import app_settings, apps
from app.billing.apps.app_settings import Settings
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.people import accounts
from app.billing.site import Site
from app.db import once
from app.models import App, AppMember, Lease, User

_PURPOSE = "first run"
# One row of this name, so that of two who set up at once one succeeds.
_ONCE = "first run"
_CODE_LENGTH = 32


def is_open(db: Session) -> bool:
    """Answer whether nothing has been set up here: there is no app, and never was one."""
    return db.scalar(select(App.id).limit(1)) is None


def needs_code(site: Site) -> bool:
    """Answer whether a code is asked for: wherever others than whoever runs this may come first."""
    return site.config.is_public


def code(site: Site) -> str:
    """Answer the code that proves that somebody runs this installation; made of SECRET_KEY, and
    worth nothing once there is an app."""
    return site.sign(_PURPOSE, site.config.PUBLIC_URL)[1][:_CODE_LENGTH]


def address(site: Site) -> str:
    """Answer where to begin, the code in it where one is asked for."""
    return site.url(f"/setup?code={code(site)}" if needs_code(site) else "/setup")


def begin(
    db: Session,
    site: Site,
    *,
    name: str,
    email: str,
    password: str,
    settings: Settings,
    given_code: str = "",
) -> AppMember:
    """Make the owner's account and the first app, and answer the owner's place in it. Commits.

    Raises NotFound once there is an app, Invalid naming `code`, `owner_name`, `email`, `password`
    or a setting, and Conflict where somebody else was faster; nothing is stored then.
    """
    if not is_open(db):
        raise NotFound("This installation has been set up.")
    _require_code(site, given_code)
    name = typed.line(name, "owner_name", required="Enter your name.") or ""
    address = accounts.plain_email(typed.email(email, "email", example="name@example.com"))
    values = app_settings.checked(settings)
    db.commit()
    # Hashing takes its time, and no transaction waits for it.
    digest = accounts.digest_of_new(password, email=address)
    _take_turn(db)
    owner = _owner(db, address)
    owner.name, owner.password_digest = name, digest
    member = apps.make(db, owner, values, now=clock.wall())
    db.commit()
    return member


def _require_code(site: Site, given: str) -> None:
    wanted = code(site)
    if needs_code(site) and not hmac.compare_digest(given.strip().encode(), wanted.encode()):
        raise Invalid(
            "This is not the code of this installation. The command flask --app wsgi setup prints"
            " it.",
            field="code",
        )


def _take_turn(db: Session) -> None:
    # On PostgreSQL the second waits here until the first has committed; on SQLite it has waited
    # to begin.
    once.insert(db, Lease, {"name": _ONCE})
    db.scalars(select(Lease.id).where(Lease.name == _ONCE).with_for_update()).one()
    if not is_open(db):
        db.rollback()
        raise Conflict("Somebody else has just set this installation up. Sign in.")


def _owner(db: Session, email: str) -> User:
    # Without an app nobody belongs anywhere, so an account of this address is what a run that was
    # broken off left behind.
    once.insert(db, User, {"email": email})
    return db.scalars(select(User).where(User.email == email)).one()

"""Origins: where an app's own pages are: payers may be sent back there, some may embed us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.billing import urls
from app.billing.apps import audits
from app.billing.errors import Invalid, NotFound
from app.billing.site import Site
from app.db.base import table
from app.models import App, AppMember, Origin

_SOUND = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?$")
_ORIGINS = table(Origin)
_OF_APP = select(_ORIGINS.c.origin).where(
    _ORIGINS.c.app_id == bindparam("app_id"), _ORIGINS.c.deleted_at.is_(None)
)


def listed(db: Session, app: App) -> list[Origin]:
    """Answer the origins of an app, the oldest first."""
    found = select(Origin).where(Origin.app_id == app.id, Origin.deleted_at.is_(None))
    return list(db.scalars(found.order_by(Origin.id)))


def register(
    db: Session, app: App, origin: str, *, may_embed: bool = False, by: AppMember | None = None
) -> Origin:
    """Register an origin such as https://app.example.com: payers may be sent back there and, with
    `may_embed`, its pages may show the portal in a frame. One that is registered is changed.

    `by` is who the audit log names. Raises Invalid for anything but scheme, host in lower case, and
    port.
    """
    if not _SOUND.fullmatch(origin) or not urls.is_sound(origin):
        raise Invalid(
            "An origin is scheme, host and port alone, such as https://app.example.com.",
            field="origin",
        )
    found = _found(db, app, origin)
    if found is None:
        found = Origin(app_id=app.id, origin=origin)
        db.add(found)
    found.may_embed, found.deleted_at = may_embed, None
    db.flush()
    if by is not None:
        details = {"may_embed": may_embed}
        audits.note(db, by, "origin.registered", origin, now=clock.wall(), details=details)
    return found


def named(db: Session, app: App, uuid: UUID) -> Origin:
    """Answer a registered origin; raises NotFound, also for another app's."""
    found = db.scalars(
        select(Origin).where(
            Origin.app_id == app.id, Origin.uuid == uuid, Origin.deleted_at.is_(None)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("This origin is not registered.")
    return found


def withdraw(db: Session, app: App, origin: str, *, by: AppMember | None = None) -> None:
    """Send nobody back to an origin any more; raises NotFound where it is not registered."""
    found = _found(db, app, origin)
    if found is None or found.deleted_at is not None:
        raise NotFound("This origin is not registered.")
    found.deleted_at = clock.wall()
    db.flush()
    if by is not None:
        audits.note(db, by, "origin.withdrawn", origin, now=clock.wall())


def is_registered(db: Session, app_id: int, url: str) -> bool:
    """Answer whether an address begins with one of the app's origins."""
    return _origin(url) in _known(db, app_id)


def require(db: Session, site: Site, app_id: int, addresses: Mapping[str, str | None]) -> None:
    """Raise Invalid, naming the field, for an address that begins with none of the app's origins;
    an address that is None asks for nothing.

    In the demo every loopback origin counts as the app's: an owner's end-to-end tests serve their
    product there, on whatever port is free.
    """
    wanted = {field: _origin(url) for field, url in addresses.items() if url is not None}
    if site.config.DEMO:
        wanted = {field: o for field, o in wanted.items() if o is None or not _LOOPBACK.match(o)}
    if not wanted:
        return
    known = _known(db, app_id)
    for field, origin in wanted.items():
        if origin not in known:
            raise Invalid("must begin with one of the app's registered origins", field=field)


def embedders(db: Session, app_id: int) -> tuple[str, ...]:
    """Answer the origins whose pages may show ours in a frame, for `frame-ancestors`."""
    found = select(Origin.origin).where(
        Origin.app_id == app_id, Origin.may_embed, Origin.deleted_at.is_(None)
    )
    return tuple(db.scalars(found.order_by(Origin.id)))


def _known(db: Session, app_id: int) -> set[str]:
    return set(db.connection().execute(_OF_APP, {"app_id": app_id}).scalars())


def _origin(url: str) -> str | None:
    if not urls.is_sound(url):
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _found(db: Session, app: App, origin: str) -> Origin | None:
    return db.scalars(
        select(Origin).where(Origin.app_id == app.id, Origin.origin == origin)
    ).one_or_none()

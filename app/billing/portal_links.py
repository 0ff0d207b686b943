"""Portal links: a short way into one tenant's portal, used once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, contains_eager

from app import clock
from app.billing.errors import Invalid, NotFound
from app.billing.site import Site
from app.models import ApiKey, App, Membership, Origin, PortalLink, Tenant, User
from app.models.portal_link import SCOPES

LIFETIME = timedelta(minutes=10)


def issue(
    db: Session,
    site: Site,
    *,
    tenant: Tenant,
    user: User | None = None,
    scope: str = "portal",
    return_url: str | None = None,
    lifetime: timedelta = LIFETIME,
    api_key: ApiKey | None = None,
) -> tuple[PortalLink, str]:
    """Make a link and answer it with its address, which is shown only now.

    It signs in `user`, by default the tenant's oldest admin. Raises Invalid for a scope that is
    none, a user outside the tenant, or a return URL outside the app's registered origins.
    """
    if scope not in SCOPES:
        raise Invalid("There is no such scope.", field="scope")
    if return_url is not None:
        _refuse_foreign(db, tenant, return_url)
    token = secrets.token_urlsafe(32)
    link = PortalLink(
        tenant=tenant,
        user=_member(db, tenant, user),
        api_key_id=api_key.id if api_key else None,
        digest=_digest(token),
        scope=scope,
        return_url=return_url,
        expires_at=clock.wall() + lifetime,
    )
    db.add(link)
    db.flush()
    return link, site.url(f"/link/{token}")


def peek(db: Session, token: str) -> PortalLink:
    """Answer a link that can still be used, with user, tenant and app, using nothing up.

    Raises NotFound for an unknown, used, expired or revoked one.
    """
    found = (
        select(PortalLink)
        .join(PortalLink.user)
        .join(PortalLink.tenant)
        .join(Tenant.app)
        .options(
            contains_eager(PortalLink.user),
            contains_eager(PortalLink.tenant).contains_eager(Tenant.app),
        )
        .where(PortalLink.digest == _digest(token), *_usable(), *_present())
        .execution_options(populate_existing=True)
    )
    link = db.scalars(found).one_or_none()
    if link is None:
        raise _spent()
    return link


def redeem(db: Session, token: str) -> PortalLink:
    """Use a link up and answer it; of several at once, one succeeds. Raises NotFound."""
    link = peek(db, token)
    used = db.execute(
        update(PortalLink)
        .where(PortalLink.id == link.id, *_usable())
        .values(consumed_at=clock.wall())
        .returning(PortalLink.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise _spent()
    db.refresh(link, ["consumed_at"])
    return link


def _spent() -> NotFound:
    return NotFound(
        "This link does not work any more: it was used, it is too old, or it was withdrawn. Ask"
        " for a new one."
    )


def _member(db: Session, tenant: Tenant, user: User | None) -> User:
    found = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.tenant_id == tenant.id,
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
        .limit(1)
    )
    if user is None:
        member = db.scalars(found.where(Membership.role == "admin")).first()
        if member is None:
            raise Invalid("This tenant has no admin; name the user.", field="user")
    else:
        member = db.scalars(found.where(User.id == user.id)).first()
        if member is None:
            raise Invalid("This user does not belong to the tenant.", field="user")
    return member


def _refuse_foreign(db: Session, tenant: Tenant, url: str) -> None:
    origins = db.scalars(
        select(Origin.origin).where(Origin.app_id == tenant.app_id, Origin.deleted_at.is_(None))
    )
    try:
        parts = urlsplit(url)
        is_ours = f"{parts.scheme}://{parts.netloc}" in set(origins)
    except ValueError:
        is_ours = False
    if not is_ours or any(sign in url for sign in "\\\r\n\t "):
        raise Invalid(
            "The return URL must begin with one of the app's registered origins.",
            field="return_url",
        )


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (
        PortalLink.consumed_at.is_(None),
        PortalLink.revoked_at.is_(None),
        PortalLink.expires_at > clock.wall(),
    )


def _present() -> tuple[ColumnElement[bool], ...]:
    return (User.deleted_at.is_(None), Tenant.deleted_at.is_(None), App.deleted_at.is_(None))


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

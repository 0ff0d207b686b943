"""Playgrounds: an app's people try the call by which their servers get portal links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.access import portal_link_calls, portal_links
from app.billing.catalogue import products
from app.billing.errors import Invalid, NotFound
from app.billing.operations import searches
from app.billing.people import users
from app.billing.site import Site
from app.billing.tenants import deputies
from app.billing.tenants.deputies import Deputy
from app.models import App, AppMember, Price, Tenant, User

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link as the API is asked for it: `user` is a uuid, `price` our `price_…` id."""

    scope: str = "portal"
    user: str | None = None
    price: str | None = None
    quantity: int | None = None
    return_url: str | None = None


def send(
    db: Session, site: Site, member: AppMember, tenant: Tenant, wanted: Wanted
) -> dict[str, Any]:
    """Make the link and answer what the API answers, with the address, which is shown only now.

    Raises Invalid naming `scope`, `user`, `price`, `quantity` or `return_url`.
    """
    link, url = portal_links.issue(
        db,
        site,
        tenant=tenant,
        user=_user(db, tenant, wanted.user),
        scope=wanted.scope,
        price=_price(db, tenant, wanted.price),
        quantity=wanted.quantity,
        return_url=wanted.return_url,
    )
    named = {"link": str(link.uuid), "scope": link.scope, "person": str(link.user.uuid)}
    deputies.note(db, Deputy(member, tenant), "portal_link.created", **named)
    return portal_link_calls.answer(link, url)


def tenants_to_try(db: Session, app: App, text: str | None) -> list[Tenant]:
    """Answer the tenants whose name begins so; without a text the newest."""
    if text:
        return searches.tenants(db, app, text, limit=_SHOWN)
    newest = (
        select(Tenant)
        .where(Tenant.app_id == app.id, Tenant.deleted_at.is_(None))
        .order_by(Tenant.id.desc())
        .limit(_SHOWN)
    )
    return list(db.scalars(newest))


def _user(db: Session, tenant: Tenant, named: str | None) -> User | None:
    if named is None:
        return None
    try:
        user = users.of_app(db, tenant.app, UUID(named))
    except ValueError:
        user = None
    if user is None:
        raise Invalid("does not belong to this tenant", field="user")
    return user


def _price(db: Session, tenant: Tenant, named: str | None) -> Price | None:
    if named is None:
        return None
    try:
        return products.find_price(db, tenant, named)
    except NotFound:
        raise Invalid("is not a price of this app", field="price") from None

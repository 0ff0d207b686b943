"""Portal links: an app's server, or its page, gets a short way into a tenant's portal."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response

from app.api import bodies, calls, credentials, envelope, portal_links_operations, resources
from app.api.credentials import KeyHolder
from app.api.dialects import Dialect
from app.api.portal_links_bodies import PortalLinkToCreate
from app.billing.access import portal_link_calls, portal_links, repeated_links
from app.billing.catalogue import products
from app.billing.errors import Invalid, NotFound
from app.billing.people import users
from app.models import PortalLink, Price, Tenant, User

_LINKS = "/api/v1/apps/<app_uuid>/tenants/<tenant_uuid>/portal-links"

blueprint = Blueprint("portal_links_api", __name__)


@blueprint.post(_LINKS)
def create(app_uuid: str, tenant_uuid: str) -> Response:
    """Make a link and answer its address."""
    holder = who(app_uuid)
    asked = read()
    tenant = resources.tenant(holder.app, tenant_uuid)
    db = calls.db()
    link, url = repeated_links.issue(
        db,
        calls.site(),
        resources.repeatable(holder.scope, asked),
        tenant=tenant,
        user=_user(tenant, asked.user_uuid),
        scope=asked.scope,
        price=_price(tenant, asked.price_id),
        quantity=asked.quantity,
        return_url=asked.return_url,
        api_key=holder.key,
    )
    db.commit()
    response = envelope.items("portalLinks", [write(link, url)])
    response.status_code = 201
    return response


@blueprint.get(_LINKS)
def index(app_uuid: str, tenant_uuid: str) -> Response:
    """List a tenant's links, without their addresses."""
    holder = resources.reader(app_uuid)
    page = resources.page()
    tenant = resources.tenant(holder.app, tenant_uuid)
    links, total = portal_links.listed(calls.db(), tenant, page=page.page, limit=page.limit)
    return envelope.items("portalLinks", [write(link) for link in links], total=total)


@blueprint.delete(f"{_LINKS}/<link_uuid>")
def revoke(app_uuid: str, tenant_uuid: str, link_uuid: str) -> Response:
    """Withdraw a link that nobody has used."""
    holder = who(app_uuid)
    tenant = resources.tenant(holder.app, tenant_uuid)
    link = portal_links.revoke(calls.db(), tenant, resources.uuid(link_uuid))
    calls.db().commit()
    return envelope.items("portalLinks", [write(link)])


def who(app_uuid: str) -> KeyHolder:
    """Answer whose write key the three headers show."""
    return resources.writer(app_uuid)


def read() -> PortalLinkToCreate:
    """Answer what is asked for."""
    return bodies.read_json(PortalLinkToCreate)


def write(link: PortalLink, url: str | None = None) -> dict[str, Any]:
    """Answer a link as one item; `url` is known only to whoever made it."""
    return portal_link_calls.item(link, url)


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return resources.refuse(error)


def _user(tenant: Tenant, named: str | None) -> User | None:
    if named is None:
        return None
    uuid = credentials.uuid_or_none(named)
    user = users.of_app(calls.db(), tenant.app, uuid) if uuid else None
    if user is None:
        raise Invalid("does not belong to this tenant", field="user")
    return user


def _price(tenant: Tenant, price_id: str | None) -> Price | None:
    if price_id is None:
        return None
    try:
        return products.find_price(calls.db(), tenant, price_id)
    except NotFound:
        raise Invalid("is not a price of this app", field="price") from None


dialect = Dialect(
    name="portal_links",
    title="Portal links: a short way into a tenant's portal",
    owns=re.compile(r"/api/v1/apps/[^/]+/tenants/[^/]+/portal-links(/|$)"),
    refuse=refuse,
    operations=portal_links_operations.OPERATIONS,
)

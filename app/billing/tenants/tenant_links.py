"""A tenant's portal links as the app's people make them: to be sent to somebody who asks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.people import memberships
from app.billing.site import Site
from app.billing.tenants import deputies
from app.billing.tenants.deputies import Deputy
from app.models import PortalLink

# What a link may be for; the checkout of one price is for programs, which know the price.
SCOPES = tuple(scope for scope in portal_links.OFFERED if scope != "checkout")
RECENT = 5


def issue(
    db: Session, site: Site, deputy: Deputy, *, scope: str, person: UUID | None
) -> tuple[PortalLink, str]:
    """Make a link that lives ten minutes and answer it with its address, which is shown only now.

    Without `person` it is for the tenant's oldest admin. Raises Invalid naming `scope`, or `user`
    where the tenant has no admin, and NotFound for somebody who is not of the tenant.
    """
    user = memberships.find(db, membership=deputy, uuid=person).user if person else None
    link, address = portal_links.issue(db, site, tenant=deputy.tenant, user=user, scope=scope)
    named = {"link": str(link.uuid), "scope": scope, "person": str(link.user.uuid)}
    deputies.note(db, deputy, "portal_link.created", **named)
    return link, address


def revoke(db: Session, deputy: Deputy, uuid: UUID) -> PortalLink:
    """Withdraw a link, as `portal_links.revoke` does."""
    link = portal_links.revoke(db, deputy.tenant, uuid)
    deputies.note(db, deputy, "portal_link.revoked", link=str(uuid))
    return link

"""A tenant's page in the console: who it is, what runs, what was paid, and who may come in."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.people import invitations
from app.billing.plans import overviews
from app.billing.plans.overviews import Overview
from app.billing.site import Site
from app.billing.tenants import tenant_links, tenants
from app.billing.tenants.deputies import Deputy
from app.models import Invitation, Membership, PortalLink


@dataclass(frozen=True, slots=True)
class TenantPage:
    """What the page shows; `links` are the newest, each with what became of it."""

    overview: Overview
    people: list[Membership]
    invitations: list[Invitation]
    links: list[tuple[PortalLink, portal_links.Status]]

    @property
    def admins(self) -> list[Membership]:
        """Who may buy, the oldest first: a link is for the first of them unless said."""
        return [one for one in self.people if one.may_buy]


def show(db: Session, site: Site, deputy: Deputy) -> TenantPage:
    """Answer everything about a tenant that somebody needs who helps it."""
    tenant = deputy.tenant
    links, _ = portal_links.listed(db, tenant, page=0, limit=tenant_links.RECENT)
    return TenantPage(
        overview=overviews.show(db, tenant, now=site.clock.now()),
        people=tenants.people(db, tenant),
        invitations=invitations.listed(db, tenant),
        links=[(link, portal_links.status(link)) for link in links],
    )

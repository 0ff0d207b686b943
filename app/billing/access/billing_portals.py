"""Billing portals: a portal link for a tenant that its provider is to know as a customer."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.billing.access import portal_links, repeated_links
from app.billing.access.repeated_links import Call
from app.billing.purchase import customers, openings
from app.billing.site import Site
from app.models import ApiKey, PortalLink, ProviderAccount, Tenant, User
from app.providers import errors


def open_for(
    db: Session,
    site: Site,
    call: Call,
    *,
    tenant: Tenant,
    account: ProviderAccount,
    user: User | None,
    return_url: str,
    api_key: ApiKey | None = None,
) -> tuple[PortalLink, str | None]:
    """Make a link into the whole portal and answer it with its address, once for each idempotency
    key; the provider's customer is made where the tenant has none. Commits.

    Raises what `repeated_links.issue` does, and ProviderUnavailable where the provider does not
    make the customer; the link is withdrawn then, and the same key makes another one.
    """
    link, url = repeated_links.issue(
        db, site, call, tenant=tenant, user=user, return_url=return_url, api_key=api_key
    )
    db.commit()
    try:
        customers.ensure(db, site, tenant, account)
    except errors.ProviderError as error:
        db.rollback()
        portal_links.revoke(db, tenant, link.uuid)
        repeated_links.forget(db, call)
        db.commit()
        raise openings.unavailable(error) from error
    return link, url

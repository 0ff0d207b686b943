"""Repeated links: a call with an idempotency key answers the portal link it made before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.purchase import idempotency_keys
from app.billing.site import Site
from app.models import IdempotencyKey, PortalLink, Tenant


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls which address, with which idempotency key, and what is asked, as JSON values."""

    scope: str
    key: str | None
    body: Any


def issue(
    db: Session, site: Site, call: Call, *, tenant: Tenant, **order: Any
) -> tuple[PortalLink, str | None]:
    """Make a link as `portal_links.issue` does, or answer the one an earlier call with the same key
    made, used, withdrawn or expired as it may be by now.

    Its address is None where it cannot be told again. Raises what `portal_links.issue` does,
    InFlight, and Invalid for a key that is none or was used with another body.
    """
    key = call.key
    if key is None:
        return portal_links.issue(db, site, tenant=tenant, **order)

    def make() -> int:
        link, _ = portal_links.issue(db, site, tenant=tenant, **order)
        return link.id

    row_id = idempotency_keys.once_only(
        db, IdempotencyKey.portal_link_id, make, scope=call.scope, key=key, body=call.body
    )
    # What is kept of a tenant goes with it.
    kept = IdempotencyKey.portal_link_id == row_id
    db.execute(update(IdempotencyKey).where(kept).values(tenant_id=tenant.id))
    link = db.get_one(PortalLink, row_id)
    return link, portal_links.address(site, link)


def forget(db: Session, call: Call) -> None:
    """Let a call that failed on the way be made anew with the same key."""
    if call.key is not None:
        idempotency_keys.forget(db, scope=call.scope, key=call.key)

"""Returns: a payer comes back from the provider's page; we look, then send them on."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.billing.errors import NotFound
from app.billing.purchase import checkouts, payment_links
from app.billing.site import Site
from app.models import CheckoutSession
from app.providers import errors as provider_errors


def come_back(
    db: Session,
    site: Site,
    *,
    uuid: UUID,
    secret: str,
    left: bool,
    opens_portal: Callable[[UUID], bool],
) -> str:
    """Look once (at most one fetch in 5 s) and answer where the payer goes on. Commits.

    Neither address a provider was given proves anything: only what it says now does. `left` means
    the provider's own back link, which leaves its page open; it counts where the provider answers
    that nothing was paid. `opens_portal` answers whether this browser may open a tenant's portal.
    Raises NotFound for a wrong secret.
    """
    checkout = _find(db, site, uuid, secret)
    checkout, is_known = _look(db, site, checkout)
    left = left and is_known
    _note(db, site, checkout, left=left)
    return _destination(checkout, left=left) or _own_page(site, checkout, opens_portal)


def address(site: Site, checkout: CheckoutSession) -> str:
    """Answer where a payer who comes back is looked for and sent on."""
    return site.url(f"/return/{checkout.uuid}/{payment_links.secret(site, checkout)}")


def _find(db: Session, site: Site, uuid: UUID, secret: str) -> CheckoutSession:
    checkout = db.scalars(
        select(CheckoutSession)
        .where(CheckoutSession.uuid == uuid)
        .options(joinedload(CheckoutSession.tenant))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if checkout is None or not _is_right(site, checkout, secret):
        raise NotFound("This address does not lead to a purchase.")
    return checkout


def _is_right(site: Site, checkout: CheckoutSession, secret: str) -> bool:
    try:
        known = payment_links.secret(site, checkout)
    except KeyError:
        return False
    return compare_digest(known.encode(), secret.encode())


def _look(db: Session, site: Site, checkout: CheckoutSession) -> tuple[CheckoutSession, bool]:
    """Answer the checkout, and whether the provider has been heard just now."""
    if not checkouts.is_due_for_look(checkout, now=site.clock.now()):
        return checkout, True
    checkout_id, is_known = checkout.id, True
    db.commit()
    try:
        checkouts.sync(db, site, checkout_id, cause="return")
    except provider_errors.ProviderError:
        db.rollback()
        is_known = False
    return db.get_one(CheckoutSession, checkout_id, populate_existing=True), is_known


def _note(db: Session, site: Site, checkout: CheckoutSession, *, left: bool) -> None:
    if checkout.state in ("starting", "open"):
        now = site.clock.now()
        checkout.returned_at = checkout.returned_at or now
        checkout.left_at = now if left else None
    db.commit()


def _destination(checkout: CheckoutSession, *, left: bool) -> str | None:
    """Answer the address the caller gave for this; None where our own page tells the payer."""
    if checkout.state in ("complete", "processing"):
        return checkout.success_url
    was_left = left and checkout.state == "open"
    return checkout.cancel_url if was_left or checkout.is_over else None


def _own_page(site: Site, checkout: CheckoutSession, opens_portal: Callable[[UUID], bool]) -> str:
    """The page in the portal where the order was placed there; else, and for a browser that may not
    open it, the one that the secret of the return opens."""
    tenant = checkout.tenant
    if checkout.origin == "portal" and tenant is not None and opens_portal(tenant.uuid):
        return site.url(f"/t/{tenant.uuid}/checkouts/{checkout.uuid}")
    return payment_links.keyed(site, checkout)

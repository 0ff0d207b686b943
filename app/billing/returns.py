"""Returns: a payer comes back from the provider's page; we look, then send them on."""

from __future__ import annotations

import hmac
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.billing import checkout_orders, checkouts
from app.billing.errors import NotFound
from app.billing.site import Site
from app.models import CheckoutSession
from app.models.checkout_session import PENDING
from app.providers import errors as provider_errors


def come_back(db: Session, site: Site, *, uuid: UUID, secret: str, left: bool) -> str:
    """Look once (at most one fetch in 5 s) and answer where the payer goes on. Commits.

    Neither address a provider was given proves anything: only what it says now does. `left` means
    the provider's own back link, which leaves its page open; it counts where the provider answers
    that nothing was paid. Raises NotFound for a wrong secret.
    """
    checkout = _find(db, site, uuid, secret)
    checkout, is_known = _look(db, site, checkout)
    left = left and is_known
    _note(db, site, checkout, left=left)
    return _destination(site, checkout, left=left)


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
        _, known = checkout_orders.return_url(site, checkout.uuid, key=checkout.return_key)
    except KeyError:
        return False
    return hmac.compare_digest(known.rpartition("/")[2].encode(), secret.encode())


def _look(db: Session, site: Site, checkout: CheckoutSession) -> tuple[CheckoutSession, bool]:
    """Answer the checkout, and whether the provider has been heard just now."""
    now = site.clock.now()
    is_fresh = (
        checkout.checked_at is not None
        and timedelta(0) <= now - checkout.checked_at < checkouts.LOOK_EVERY
    )
    if checkout.state not in PENDING or is_fresh:
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


def _destination(site: Site, checkout: CheckoutSession, *, left: bool) -> str:
    own = own_page(site, checkout)
    if checkout.state in ("complete", "processing"):
        return checkout.success_url or own
    was_left = left and checkout.state == "open"
    if was_left or checkout.is_over:
        return checkout.cancel_url or own
    return own


def own_page(site: Site, checkout: CheckoutSession) -> str:
    """Answer the checkout's page in the portal."""
    assert checkout.tenant is not None
    return site.url(f"/t/{checkout.tenant.uuid}/checkouts/{checkout.uuid}")

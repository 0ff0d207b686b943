"""What becomes of a checkout whose time has come: looked at, ended, resumed or dropped."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from app.billing.purchase import checkouts, openings
from app.billing.site import Site
from app.billing.truth import deadlines
from app.models import CheckoutSession

Fate = Literal["sync", "expire", "resume", "drop", "wait"]


def meet(db: Session, site: Site, checkout_id: int) -> None:
    """Do what is due to a checkout. Commits. Raises `providers.errors.ProviderError`."""
    checkout = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    fate = _fate(checkout, now=site.clock.now())
    if fate == "wait" and checkout.is_deferred:
        checkout.next_check_at = checkout.deadline or checkout.created_at + deadlines.DEFERRED
    db.commit()
    if fate == "sync":
        checkouts.sync(db, site, checkout_id, cause="sweep")
    elif fate == "resume":
        openings.resume(db, site, checkout_id)
    else:
        _end(db, site, checkout_id, fate)


def end_if_late(db: Session, site: Site, checkout_id: int) -> None:
    """End a checkout whose deadline has come; any other is left as it is. Commits. Raises
    `providers.errors.ProviderError`."""
    checkout = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    fate = _fate(checkout, now=site.clock.now())
    db.commit()
    _end(db, site, checkout_id, fate)


def _end(db: Session, site: Site, checkout_id: int, fate: Fate) -> None:
    if fate == "expire":
        checkouts.expire(db, site, checkout_id, cause="clock")
    elif fate == "drop":
        checkouts.drop_unclaimed(db, site, checkout_id)


def _fate(checkout: CheckoutSession, *, now: datetime) -> Fate:
    is_late = checkout.deadline is not None and checkout.deadline <= now
    if checkout.state != "starting":
        return "expire" if is_late and checkout.state == "open" else "sync"
    age = now - checkout.created_at
    if checkout.payable and checkout.superseded_at:
        return "drop"
    if checkout.is_deferred and checkout.request is None:
        return "drop" if is_late or age >= deadlines.DEFERRED else "wait"
    if checkout.is_deferred or checkout.is_kept:
        return "drop" if is_late else "resume"
    return "drop" if age >= deadlines.UNCLAIMED else "wait"

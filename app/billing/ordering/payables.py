"""Payables: what of a caller's own is paid for; of each at most one checkout stays open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import Conflict
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.site import Site
from app.billing.truth import acts, deeds
from app.db import lock
from app.models import CheckoutSession
from app.models.checkout_session import PENDING

_PAID = {"processing", "complete", "needs_review"}


def refuse_in_payment(db: Session, order: CheckoutOrder) -> None:
    """Raise Conflict where the money for an order's payable is on its way."""
    if "processing" in _pending(db, order).values():
        raise _in_payment()


def end_earlier(db: Session, site: Site, order: CheckoutOrder, checkout_id: int) -> None:
    """End the checkouts of an order's payable that were made before this one. Commits.

    One the provider cannot end now is marked as superseded and left to the sweep; one that is
    being opened ends itself when it is open (`yield_to_newer`). Raises Conflict where one turns
    out to be paid: a page to pay the same thing twice must not come of a click in two tabs.
    """
    earlier = [row for row in _pending(db, order) if row < checkout_id]
    states = {_end(db, site, row, checkout_id) for row in earlier}
    if states & _PAID:
        raise _in_payment()


def yield_to_newer(db: Session, checkout: CheckoutSession, *, now: datetime) -> None:
    """Ask for the end of a checkout that has just been opened where a newer one of its payable
    came meanwhile; the caller holds its lock and commits."""
    if checkout.payable is None:
        return
    newer = select(CheckoutSession.id).where(
        CheckoutSession.tenant_id == checkout.tenant_id,
        CheckoutSession.livemode == checkout.livemode,
        CheckoutSession.payable == checkout.payable,
        CheckoutSession.id > checkout.id,
    )
    newest = db.scalar(newer.order_by(CheckoutSession.id.desc()).limit(1))
    if newest is not None:
        _supersede(db, checkout, newest, now=now)
        acts.expire_checkout(db, checkout, now=now)


def _pending(db: Session, order: CheckoutOrder) -> dict[int, str]:
    """Answer the state of each pending checkout by its id, oldest first."""
    assert order.tenant is not None
    found = select(CheckoutSession.id, CheckoutSession.state).where(
        CheckoutSession.tenant_id == order.tenant.id,
        CheckoutSession.livemode == order.livemode,
        CheckoutSession.payable == order.payable,
        CheckoutSession.state.in_(PENDING),
    )
    states = dict(db.execute(found.order_by(CheckoutSession.id)).all())
    db.commit()
    return states


def _end(db: Session, site: Site, checkout_id: int, replaced_by: int) -> str:
    """End one, and answer the state it has then."""
    now = site.clock.now()
    checkout = lock.one(db, CheckoutSession, checkout_id)
    if checkout.state in ("starting", "open"):
        _supersede(db, checkout, replaced_by, now=now)
    if checkout.state == "open":
        acts.expire_checkout(db, checkout, now=now)
    db.commit()
    for act_id in acts.waiting_for(db, checkout_id):
        db.commit()
        deeds.perform(db, site, act_id)
    state = db.get_one(CheckoutSession, checkout_id, populate_existing=True).state
    db.commit()
    return state


def _supersede(db: Session, checkout: CheckoutSession, replaced_by: int, *, now: datetime) -> None:
    checkout.superseded_by_id = replaced_by
    if checkout.superseded_at is None:
        checkout.superseded_at = now
        timeline.note(db, checkout, "checkout.superseded", cause="replaced", now=now)


def _in_payment() -> Conflict:
    return Conflict("This is being paid, or has just been paid, by an earlier checkout.")

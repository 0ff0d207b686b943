"""Checkouts: started once per click, opened at the provider once, and kept true by looking."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing import claims, timeline
from app.billing.access import origins
from app.billing.errors import Conflict, NotFound, ProviderUnavailable
from app.billing.methods import method_acts
from app.billing.ordering import payables
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.plans import plan_looks, subscriptions
from app.billing.purchase import intents, openings
from app.billing.purchase.openings import Opened
from app.billing.site import Site
from app.billing.truth import acts, deeds, looks
from app.db import lock
from app.models import CheckoutSession, Price
from app.models.checkout_session import PENDING
from app.providers import errors as provider_errors

log = logging.getLogger(__name__)

_LOOK_EVERY = timedelta(seconds=5)
_ROUNDS = 8


class _Holder(NamedTuple):
    id: int
    uuid: UUID
    state: str
    order_digest: str
    url: str | None
    expires_at: datetime | None


def start(db: Session, site: Site, order: CheckoutOrder) -> Opened:
    """Start a purchase, or join the one that is pending for the same order. Commits.

    Of many at once one asks the provider; all get the same URL. Another order in the same slot is
    ended at the provider first. The URL is None where the payer is better told on the checkout's
    own page: its money is on the way, it ended meanwhile, or the provider is still being asked.

    Raises ProviderUnavailable (what was asked is finished or undone by the sweep), Conflict (the
    earlier order has just been paid), Unsupported and Declined (the provider refused).
    """
    replaced: int | None = None
    for _ in range(_ROUNDS):
        intent = intents.write(db, site, order)
        if intent is not None:
            if replaced is not None:
                _link(db, replaced, intent.id)
            return openings.open_written(db, site, intent, order)
        holder = _holder(db, order)
        if holder is None:
            continue
        if holder.state == "processing":
            return Opened(holder.uuid, None)
        if holder.order_digest == order.digest:
            joined = _join(db, site, order, holder)
            if joined is not None:
                return joined
        elif _replace(db, site, order, holder):
            replaced = holder.id
    raise Conflict("Another order of yours is being changed at this moment. Try again shortly.")


def create(
    db: Session,
    site: Site,
    order: CheckoutOrder,
    *,
    cause: str = "start",
    also: Callable[[int], None] | None = None,
) -> int:
    """Make a checkout for an API's caller, whom `cause` names, and answer its row: always a new
    one, opened at the provider now unless it is deferred. Commits; `also` writes into the first
    commit.

    Earlier checkouts of the same payable are ended at the provider first. Raises Invalid for a
    return address at none of the app's origins, Conflict where a plan of the family runs or the
    payable is being paid, and as `start` does.
    """
    order = replace(order, asked_by=cause)
    returns = {"success_url": order.success_url, "cancel_url": order.cancel_url}
    origins.require(db, site, order.app_id, returns)
    _refuse_second_plan(db, order)
    if order.payable:
        payables.refuse_in_payment(db, order)
    intent = intents.write(db, site, order, also=also)
    assert intent is not None, "an order without a slot is never held up"
    if order.payable:
        _end_earlier(db, site, order, intent.id)
    if not order.is_deferred:
        try:
            openings.open_written(db, site, intent, order)
        except ProviderUnavailable as error:
            # A payer's order is kept and joined; a caller's next call makes a session of its own.
            raise ProviderUnavailable(
                "The payment provider does not answer at the moment. Nothing was charged."
                " Try again in a minute.",
                retry_after=error.retry_after,
            ) from error
    if order.payable:
        perform_acts(db, site, intent.id)
    return intent.id


def sync(db: Session, site: Site, checkout_id: int, *, cause: str) -> None:
    """Look at the provider, apply what it says, and do what follows from it: the only door by
    which a checkout changes. Commits. Raises `providers.errors.ProviderError`."""
    looks.at_checkout(db, site, checkout_id, cause=cause)
    perform_acts(db, site, checkout_id)


def expire(db: Session, site: Site, checkout_id: int, *, cause: str) -> None:
    """End a checkout at the provider if it can be ended, and apply what it says then. Commits."""
    looks.end_checkout(db, site, checkout_id, cause=cause)
    perform_acts(db, site, checkout_id)


def come_again(db: Session, checkout_id: int) -> None:
    """Note that the payer goes to the same page again: what the last visit left no longer counts,
    and the next return may look at once. Commits."""
    db.execute(
        update(CheckoutSession)
        .where(
            CheckoutSession.id == checkout_id,
            or_(
                CheckoutSession.left_at.is_not(None),
                CheckoutSession.returned_at.is_not(None),
                CheckoutSession.checked_at.is_not(None),
            ),
        )
        .values(left_at=None, returned_at=None, checked_at=None)
    )
    db.commit()


def drop_unclaimed(db: Session, site: Site, checkout_id: int) -> None:
    """End a checkout whose URL nobody got: at the provider if it is there, and here. Commits.

    Raises `providers.errors.ProviderError` where the provider cannot be asked now.
    """
    if openings.finish(db, site, checkout_id):
        expire(db, site, checkout_id, cause="sweep")
    else:
        openings.close_unsent(db, site, checkout_id)


def perform_acts(db: Session, site: Site, checkout_id: int) -> None:
    """Do what a checkout's truth asks for at the provider; what fails is left for the sweep."""
    waiting = acts.waiting_for(db, checkout_id)
    db.commit()
    for act_id in waiting:
        deeds.perform(db, site, act_id)
    for plan_id in method_acts.plans_charged_anew(db, waiting):
        _charge_anew(db, site, plan_id)


def _charge_anew(db: Session, site: Site, plan_id: int) -> None:
    """A method was added while a charge was due: make it, and see what came of it."""
    deeds.of_subscription(db, site, plan_id)
    try:
        plan_looks.look(db, site, plan_id, cause="act")
    except provider_errors.ProviderError as error:
        db.rollback()
        log.warning("subscription %s was not looked at: %s", plan_id, error)


def find(db: Session, tenant_id: int, checkout_uuid: UUID) -> CheckoutSession:
    """Answer a tenant's checkout with all its page shows; raises NotFound."""
    checkout = by_uuid(db, checkout_uuid)
    if checkout is None or checkout.tenant_id != tenant_id:
        raise NotFound("There is no such purchase here.")
    return checkout


def by_uuid(db: Session, checkout_uuid: UUID) -> CheckoutSession | None:
    """Answer a checkout with all its page shows, whosever it is: who asks must have shown a right
    to it."""
    return db.scalars(
        select(CheckoutSession)
        .where(CheckoutSession.uuid == checkout_uuid)
        .options(
            joinedload(CheckoutSession.price).joinedload(Price.product),
            joinedload(CheckoutSession.provider_account),
            joinedload(CheckoutSession.app),
            joinedload(CheckoutSession.tenant),
            selectinload(CheckoutSession.payments),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()


def is_due_for_look(checkout: CheckoutSession, *, now: datetime) -> bool:
    """Answer whether somebody's coming is a reason to look: not where all is decided, nor within
    5 s of the last look."""
    if not checkout.is_pending or checkout.checked_at is None:
        return checkout.is_pending
    return not timedelta(0) <= now - checkout.checked_at < _LOOK_EVERY


def look_on_opening(
    db: Session, site: Site, checkout: CheckoutSession, *, cause: str
) -> CheckoutSession:
    """Look once because somebody opened a page, at most once in 5 s. Commits.

    A provider that does not answer leaves the row as it is; the page says that we wait.
    """
    if not is_due_for_look(checkout, now=site.clock.now()):
        return checkout
    checkout_id, uuid = checkout.id, checkout.uuid
    db.commit()
    try:
        if checkout.provider_id is None:
            openings.finish(db, site, checkout_id)
        else:
            sync(db, site, checkout_id, cause=cause)
    except provider_errors.ProviderError:
        db.rollback()
    looked_at = by_uuid(db, uuid)
    assert looked_at is not None
    return looked_at


def _end_earlier(db: Session, site: Site, order: CheckoutOrder, intent: int) -> None:
    try:
        payables.end_earlier(db, site, order, intent)
    except Conflict:
        openings.give_up(db, site, intent)
        raise


def _refuse_second_plan(db: Session, order: CheckoutOrder) -> None:
    if order.mode != "subscription" or order.tenant is None or order.family is None:
        return
    tenant = order.tenant
    if subscriptions.is_running(db, tenant.id, livemode=order.livemode, family=order.family):
        raise Conflict("%(tenant)s already has a plan, so nothing was ordered.", tenant=tenant.name)


def _holder(db: Session, order: CheckoutOrder) -> _Holder | None:
    assert order.tenant is not None
    row = db.execute(
        select(
            CheckoutSession.id,
            CheckoutSession.uuid,
            CheckoutSession.state,
            CheckoutSession.order_digest,
            CheckoutSession.url,
            CheckoutSession.expires_at,
        ).where(
            CheckoutSession.tenant_id == order.tenant.id,
            CheckoutSession.livemode == order.livemode,
            CheckoutSession.slot == order.slot,
            CheckoutSession.superseded_at.is_(None),
            CheckoutSession.state.in_(PENDING),
        )
    ).one_or_none()
    db.commit()
    return _Holder(*row) if row else None


def _join(db: Session, site: Site, order: CheckoutOrder, holder: _Holder) -> Opened | None:
    """Answer the pending checkout of the same order; None where it is over and a new one is due."""
    if holder.state == "starting":
        return openings.join(db, site, holder.id, order)
    now = site.clock.now()
    if holder.expires_at is not None and holder.expires_at <= now:
        return _join_late(db, site, holder.id)
    come_again(db, holder.id)
    return Opened(holder.uuid, holder.url)


def _join_late(db: Session, site: Site, checkout_id: int) -> Opened | None:
    """Its page has ended: it may have been paid before, and is then not bought again."""
    try:
        expire(db, site, checkout_id, cause="start")
    except provider_errors.ProviderError as error:
        raise openings.unavailable(error) from error
    checkout = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    db.commit()
    return None if checkout.is_over else Opened(checkout.uuid, None)


def _replace(db: Session, site: Site, order: CheckoutOrder, holder: _Holder) -> bool:
    """End the pending checkout of another order; True where its slot is free now."""
    if holder.state == "starting":
        openings.settle(db, site, holder.id)
        return False
    if not claims.take(db, CheckoutSession, holder.id):
        # Somebody else is ending it, or opens it again; one asks the provider for all.
        claims.wait(db, lambda: openings.unclaimed(db, holder.id))
        return False
    try:
        expire(db, site, holder.id, cause="replaced")
    except provider_errors.ProviderError:
        # The payer need not wait for a provider they are leaving; the sweep ends it there.
        db.rollback()
    return _supersede(db, site, holder.id, order)


def _supersede(db: Session, site: Site, holder_id: int, order: CheckoutOrder) -> bool:
    checkout = lock.one(db, CheckoutSession, holder_id)
    checkout.claimed_until = None
    state = checkout.state
    if state == "open" and checkout.superseded_at is None:
        now = site.clock.now()
        checkout.superseded_at = now
        acts.expire_checkout(db, checkout, now=now)
        timeline.note(db, checkout, "checkout.superseded", cause="replaced", now=now)
    db.commit()
    if state in ("complete", "needs_review") and order.mode != "setup":
        raise Conflict("Your earlier order has just been paid. Look at it before you order again.")
    return state != "processing"


def _link(db: Session, replaced: int, intent: int) -> None:
    db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.id == replaced)
        .values(superseded_by_id=intent)
    )
    db.commit()

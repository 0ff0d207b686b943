"""Openings: the one call that makes a checkout at its provider, finished whoever began it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing import claims
from app.billing.errors import BillingError, Declined, ProviderUnavailable, Unsupported
from app.billing.ordering import checkout_orders, payables
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import customers, intents, keys, requests, transitions, written
from app.billing.purchase.intents import Intent
from app.billing.site import Site
from app.billing.tax import tax_rates
from app.billing.truth import acts, deadlines, looks
from app.db import lock
from app.models import CheckoutSession
from app.providers import errors
from app.providers.base import CheckoutRequest, OpenedCheckout

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkout and where its payer goes; `url` None: to the checkout's own page."""

    uuid: UUID
    url: str | None


def open_written(db: Session, site: Site, intent: Intent, order: CheckoutOrder) -> Opened:
    """Make a checkout we have just written at its provider. Commits; raises as `open_claimed`.

    Nothing is read back: what is sent is what was stored, and what comes of it is kept by one
    statement if nobody has changed the row meanwhile.
    """
    if intent.request is None or order.payable is not None:
        return open_claimed(db, site, intent.id, order)
    try:
        opened = site.provider(order.account).open_checkout(intent.request, key=intent.key)
    except errors.ProviderError as error:
        raise _failed(db, site, intent.id, error) from error
    now, cause = site.clock.now(), order.asked_by
    if written.keep(db, site, intent, opened, cause=cause, now=now):
        return Opened(intent.uuid, opened.url)
    return _keep(db, site, intent.id, opened, cause=cause, now=now)


def open_claimed(db: Session, site: Site, checkout_id: int, order: CheckoutOrder) -> Opened:
    """Make a checkout at its provider, its claim being ours. Commits.

    The same key and request are sent however often this is tried. Raises ProviderUnavailable,
    Declined or Unsupported, each saying what it means for the payer.
    """
    try:
        return _open(db, site, checkout_id, order)
    except errors.ProviderError as error:
        db.rollback()
        raise _failed(db, site, checkout_id, error) from error
    except ProviderUnavailable:
        claims.release(db, CheckoutSession, checkout_id)
        raise


def join(db: Session, site: Site, checkout_id: int, order: CheckoutOrder) -> Opened | None:
    """Wait for a checkout somebody else is opening, or open it where they died. Commits.

    None where it ended and a new one is due.
    """
    seen = claims.wait(db, lambda: unclaimed(db, checkout_id))
    while seen is not None and seen.state == "starting":
        if claims.take(db, CheckoutSession, checkout_id):
            return open_claimed(db, site, checkout_id, order)
        # Of many who waited another one was first: it opens, we wait for what it finds.
        seen = claims.wait(db, lambda: unclaimed(db, checkout_id))
    if seen is None:
        return Opened(db.get_one(CheckoutSession, checkout_id).uuid, None)
    if seen.is_over:
        return None
    return Opened(seen.uuid, seen.url if seen.state == "open" else None)


def settle(db: Session, site: Site, checkout_id: int) -> None:
    """Bring a starting checkout to a state from which it can be ended: wait for whoever opens it,
    or finish it where they died. Commits; raises ProviderUnavailable."""
    seen = claims.wait(db, lambda: unclaimed(db, checkout_id))
    if seen is not None and seen.state == "starting":
        try:
            if finish(db, site, checkout_id) is None:
                close_unsent(db, site, checkout_id)
        except errors.ProviderError as error:
            raise unavailable(error) from error


def finish(db: Session, site: Site, checkout_id: int) -> Opened | None:
    """Finish an opening that was begun and not ended, with its stored request; None where nothing
    was ever sent, or somebody else is at it. Commits. Raises `providers.errors.ProviderError`."""
    if not claims.take(db, CheckoutSession, checkout_id):
        return None
    row = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    if row.state != "starting" or row.request is None:
        claims.release(db, CheckoutSession, checkout_id)
        return Opened(row.uuid, row.url) if row.state == "open" else None
    try:
        return _send(db, site, row, cause="start")
    except errors.ProviderError as error:
        db.rollback()
        if error.permanent and not error.spends_key:
            _failed(db, site, checkout_id, error)
            return None
        if error.spends_key:
            keys.spend(db, CheckoutSession, checkout_id)
        claims.release(db, CheckoutSession, checkout_id)
        raise


def resume(db: Session, site: Site, checkout_id: int) -> Opened | None:
    """Open a checkout that was kept with its details: its payer presses pay, or its caller will ask
    again. Waits for whoever is at it. Commits; raises as `open_claimed`; None where it ended."""
    order = checkout_orders.again(db.get_one(CheckoutSession, checkout_id, populate_existing=True))
    db.commit()
    return join(db, site, checkout_id, order)


def close_unsent(db: Session, site: Site, checkout_id: int) -> None:
    """End a checkout the provider was never asked for; one that was asked for, or that somebody is
    opening, stays. Commits."""
    if claims.take(db, CheckoutSession, checkout_id):
        _close(db, site, checkout_id, "expired", only_unsent=True)


def give_up(db: Session, site: Site, checkout_id: int) -> None:
    """End a checkout that is claimed by us before the provider is asked for it. Commits."""
    _close(db, site, checkout_id, "not_charged", reason="Conflict")


def unclaimed(db: Session, checkout_id: int) -> CheckoutSession | None:
    """Answer a checkout unless somebody holds it for the provider at this moment."""
    row = db.scalars(
        select(CheckoutSession)
        .where(CheckoutSession.id == checkout_id)
        .execution_options(populate_existing=True)
    ).one()
    is_held = row.claimed_until is not None and row.claimed_until > clock.wall()
    return None if is_held and row.is_pending else row


def _open(db: Session, site: Site, checkout_id: int, order: CheckoutOrder) -> Opened:
    row = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    if row.state != "starting":
        claims.release(db, CheckoutSession, checkout_id)
        return Opened(row.uuid, row.url)
    if row.request is None:
        _store_request(db, site, row, order)
    return _send(db, site, row, cause=order.asked_by)


def _store_request(db: Session, site: Site, row: CheckoutSession, order: CheckoutOrder) -> None:
    uuid, account = row.uuid, order.account
    db.commit()
    customer_id = order.customer_id
    if customer_id is None and order.tenant is not None:
        customer_id = customers.ensure(db, site, order.tenant, account)
    rate_id = order.provider_tax_rate_id
    if rate_id is None and order.tax.rate is not None and intents.needs_rate(site, order):
        inclusive = order.lines[0].tax_behavior == "inclusive"
        rate_id = tax_rates.ensure(db, site, order.tax.rate, account, inclusive=inclusive)
    now = site.clock.now()
    request = checkout_orders.request(
        site, order, uuid, customer_id=customer_id, provider_tax_rate_id=rate_id, now=now
    )
    # Only the first request is kept: whoever took over meanwhile sends that one too.
    db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.id == row.id, CheckoutSession.request.is_(None))
        .values(
            request=site.vault.seal(requests.dump(request)),
            first_tried_at=now,
            claimed_until=clock.wall() + claims.HOLD,
        )
        .execution_options(synchronize_session=False)
    )
    db.commit()
    db.refresh(row)


def _send(db: Session, site: Site, row: CheckoutSession, *, cause: str) -> Opened:
    assert row.request is not None
    provider = site.provider(row.provider_account)
    request = requests.load(CheckoutRequest, site.vault.open(row.request))
    key, first_tried_at = row.idempotency_key, row.first_tried_at
    checkout_id = row.id
    db.commit()
    now = site.clock.now()
    usable = keys.usable(key, first_tried_at, window=provider.key_window, now=now)
    if usable is None:
        found = provider.find_checkout(request.uuid, customer_id=request.customer_id)
        if found is not None:
            return _adopt(db, site, checkout_id, found)
        usable = keys.renew(db, CheckoutSession, checkout_id, now=now)
    opened = provider.open_checkout(request, key=usable)
    return _keep(db, site, checkout_id, opened, cause=cause, now=site.clock.now())


def _keep(
    db: Session,
    site: Site,
    checkout_id: int,
    opened: OpenedCheckout,
    *,
    cause: str,
    now: datetime,
) -> Opened:
    row = lock.one(db, CheckoutSession, checkout_id)
    is_starting = row.state == "starting"
    if row.provider_id is None:
        row.provider_id = opened.provider_id
        row.version += 1
    if is_starting:
        row.url = opened.url
        row.expires_at = row.deadline or opened.expires_at
        if opened.client_secret:
            row.sealed_client_secret = site.vault.seal(opened.client_secret)
        transitions.move(db, row, "open", cause=cause, now=now)
        payables.yield_to_newer(db, row, now=now)
    elif row.is_over:
        # It was given up while the provider made it: its page must not stay open.
        acts.expire_checkout(db, row, now=now)
    row.next_check_at = deadlines.next_look(row, now=now)
    row.claimed_until = None
    db.commit()
    return Opened(row.uuid, row.url if is_starting or row.state == "open" else None)


def _adopt(db: Session, site: Site, checkout_id: int, provider_id: str) -> Opened:
    """An earlier try had made it at the provider: keep its id, then look."""
    db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.id == checkout_id, CheckoutSession.provider_id.is_(None))
        .values(provider_id=provider_id, claimed_until=None)
    )
    db.commit()
    looks.at_checkout(db, site, checkout_id, cause="start")
    row = lock.one(db, CheckoutSession, checkout_id)
    if row.state == "open":
        payables.yield_to_newer(db, row, now=site.clock.now())
    db.commit()
    return Opened(row.uuid, row.url if row.state == "open" else None)


def _failed(db: Session, site: Site, checkout_id: int, error: errors.ProviderError) -> BillingError:
    """Write what an opening came to, and answer what the payer is told."""
    log.warning("checkout %s was not opened: %s", checkout_id, error)
    if error.spends_key:
        keys.spend(db, CheckoutSession, checkout_id)
    if not error.permanent or error.spends_key:
        claims.release(db, CheckoutSession, checkout_id)
        return unavailable(error)
    if isinstance(error, errors.Missing):
        customers.forget(db, checkout_id)
    _close(db, site, checkout_id, "not_charged", reason=type(error).__name__)
    if isinstance(error, errors.Declined):
        return Declined("Your bank declined. Nothing was charged. Try another payment method.")
    return Unsupported(
        "The payment provider did not accept this order. Nothing was charged."
        " Try another payment method, or write to us if that fails too."
    )


def _close(
    db: Session,
    site: Site,
    checkout_id: int,
    state: str,
    *,
    reason: str | None = None,
    only_unsent: bool = False,
) -> None:
    now = site.clock.now()
    row = lock.one(db, CheckoutSession, checkout_id)
    if row.state == "starting" and not (only_unsent and row.request):
        row.version += 1
        transitions.move(db, row, state, cause="start", now=now, reason=reason)
        row.next_check_at = None
    row.claimed_until = None
    db.commit()


def unavailable(error: errors.ProviderError) -> ProviderUnavailable:
    """Answer what a payer is told while a provider does not answer."""
    return ProviderUnavailable(
        "The payment provider does not answer at the moment. Nothing was charged."
        " Try again in a minute: your order is kept, and you will not be charged twice.",
        retry_after=getattr(error, "retry_after", None) or 30,
    )

"""Deeds: acts done at the provider, found again there, and kept here, exactly once each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.billing import claims
from app.billing.methods import method_deeds
from app.billing.plans import cancelation_deeds, plan_deeds, renewal_deeds
from app.billing.purchase import keys, requests
from app.billing.site import Site
from app.billing.tenants import customer_deeds
from app.billing.truth import acts, checkout_deeds, deadlines
from app.models import Act
from app.providers import errors
from app.providers.base import Provider

log = logging.getLogger(__name__)


class Deed(Protocol):
    """One act in the provider's words; `window` is how long its key is remembered, in seconds."""

    window: int

    def do(self, key: str) -> object:
        """Do it; raises `providers.errors.ProviderError`."""
        ...

    def find(self) -> object | None:
        """Look whether it is done already."""
        ...

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write what came of it and answer its provider id; the caller commits."""
        ...

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Write that it will not be done; the caller commits."""
        ...


def perform(db: Session, site: Site, act_id: int) -> None:
    """Do an act, if nobody else is doing it. Commits.

    What the provider cannot do now is left for the sweep; what it will never do is kept as failed
    for a person to see.
    """
    if not claims.take(db, Act, act_id):
        return
    act = db.get_one(Act, act_id, populate_existing=True)
    if act.state != "waiting":
        claims.release(db, Act, act_id)
        return
    act.tries += 1
    deed = _deed(db, site, act)
    db.commit()
    try:
        result = _do(db, site, act, deed)
    except errors.ProviderError as error:
        _postpone(db, site, act, deed, error)
        return
    _finish(db, act, deed, result, now=site.clock.now())


def of_subscription(db: Session, site: Site, subscription_id: int) -> None:
    """Do what a plan waits for, and what follows from it. Commits; what fails is left for the
    sweep."""
    done: set[int] = set()
    while waiting := [
        row for row in acts.waiting_for_subscription(db, subscription_id) if row not in done
    ]:
        db.commit()
        for act_id in waiting:
            perform(db, site, act_id)
        done.update(waiting)
    db.commit()


def _do(db: Session, site: Site, act: Act, deed: Deed) -> object:
    now = site.clock.now()
    key = keys.usable(act.idempotency_key, act.first_tried_at, window=deed.window, now=now)
    if key is None:
        found = deed.find()
        if found is not None:
            return found
        key = keys.renew(db, Act, act.id, now=now)
    elif act.first_tried_at is None:
        keys.mark(db, Act, act.id, now=now)
    return deed.do(key)


def _finish(db: Session, act: Act, deed: Deed, result: object, *, now: datetime) -> None:
    db.refresh(act, with_for_update=True)
    act.state = "done"
    act.error = None
    act.claimed_until = None
    act.result_id = deed.keep(result, now=now)
    db.commit()


def _postpone(db: Session, site: Site, act: Act, deed: Deed, error: errors.ProviderError) -> None:
    now = site.clock.now()
    log.warning("act %s (%s) did not happen: %s", act.uuid, act.kind, error)
    db.refresh(act, with_for_update=True)
    if act.state != "waiting":
        # Somebody took over and has done it.
        db.rollback()
        return
    act.error = f"{type(error).__name__}: {error}"
    act.claimed_until = None
    if error.spends_key:
        act.idempotency_key = None
    elif error.permanent:
        act.state = "failed"
        deed.fail(error, now=now)
    act.next_try_at = now + deadlines.pause(act.tries)
    db.commit()


def _deed(db: Session, site: Site, act: Act) -> Deed:
    provider = site.provider(act.provider_account)
    if act.kind == "cancel_subscription":
        asked = requests.load(requests.Cancellation, act.request)
        kind = (
            cancelation_deeds.CancelWithPeriod
            if asked.when == "period_end"
            else cancelation_deeds.Cancel
        )
        return kind(db, site, act, provider)
    return _KINDS[act.kind](db, site, act, provider)


_KINDS: dict[str, Callable[[Session, Site, Act, Provider], Deed]] = {
    "begin_subscription": renewal_deeds.Begin,
    "change_subscription": plan_deeds.Change,
    "resume_subscription": plan_deeds.Resume,
    "charge": renewal_deeds.Charge,
    "collect": renewal_deeds.Collect,
    "set_default_method": method_deeds.SetDefault,
    "forget_payment_method": method_deeds.Forget,
    "refund": checkout_deeds.GiveBack,
    "expire_checkout": checkout_deeds.Expire,
    "delete_customer": customer_deeds.Delete,
}

"""Looks: the provider's present truth, fetched with nothing open and applied once under a lock.

Every reason to look (an event, a return, an opened page, the sweep, a person) ends here. The row's
version is noted before the question and compared under the lock: where another look was applied
meanwhile, the answer may be the older one and is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol, cast

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.billing.plans import refunds
from app.billing.plans.refunds import Parts
from app.billing.site import Site
from app.billing.truth import outcomes
from app.db import lock
from app.models import CheckoutSession, ProviderAccount
from app.providers.base import CheckoutState, Mode, Provider

log = logging.getLogger(__name__)

_TRIES = 3


class _Seen(NamedTuple):
    version: int
    provider_id: str | None
    mode: Mode
    # Held while the look is applied, so that nobody who needs it asks for it again.
    account: ProviderAccount


# Built once: every look asks it.
_SEEN = (
    select(
        CheckoutSession.version, CheckoutSession.provider_id, CheckoutSession.mode, ProviderAccount
    )
    .join(ProviderAccount, ProviderAccount.id == CheckoutSession.provider_account_id)
    .where(CheckoutSession.id == bindparam("checkout_id"))
    .execution_options(populate_existing=True)
)
Question = Callable[[Provider, str, Mode], CheckoutState]


class Judge(Protocol):
    """What is made of a checkout's truth, under the row's lock; the caller commits."""

    def __call__(
        self,
        db: Session,
        site: Site,
        checkout: CheckoutSession,
        state: CheckoutState,
        parts: Parts,
        *,
        cause: str,
        now: datetime,
    ) -> None: ...


def at_checkout(db: Session, site: Site, checkout_id: int, *, cause: str) -> bool:
    """Fetch a checkout's truth and apply it; False where there is nothing at the provider yet, or
    where others kept overtaking and the sweep will look. Commits.

    Raises `providers.errors.ProviderError`; nothing has changed then.
    """
    return _look(db, site, checkout_id, _fetch, cause=cause)


def end_checkout(db: Session, site: Site, checkout_id: int, *, cause: str) -> bool:
    """End a checkout at the provider if it can be ended, and apply the truth after trying.
    Commits. Raises `providers.errors.ProviderError`."""
    return _look(db, site, checkout_id, _end, cause=cause)


def decide(db: Session, site: Site, checkout_id: int, judge: Judge, *, cause: str) -> bool:
    """Fetch a checkout's truth and have a person's decision applied to it, as `at_checkout` does.
    Commits.

    Raises `providers.errors.ProviderError`, and what the judge raises; nothing has changed then.
    """
    return _look(db, site, checkout_id, _fetch, cause=cause, judge=judge)


def _fetch(provider: Provider, provider_id: str, mode: Mode) -> CheckoutState:
    return provider.fetch_checkout(provider_id, mode=mode)


def _end(provider: Provider, provider_id: str, mode: Mode) -> CheckoutState:
    return provider.expire_checkout(provider_id, mode=mode)


def _look(
    db: Session,
    site: Site,
    checkout_id: int,
    ask: Question,
    *,
    cause: str,
    judge: Judge = outcomes.apply,
) -> bool:
    for _ in range(_TRIES):
        seen = _see(db, checkout_id)
        if seen.provider_id is None:
            return False
        provider = site.provider(seen.account)
        state = ask(provider, seen.provider_id, seen.mode)
        parts = refunds.fetch(db, seen.account.id, provider, state.payments)
        if _apply(db, site, checkout_id, seen.version, state, parts, judge, cause=cause):
            return True
        ask = _fetch
    log.warning("checkout %s moved under %s looks; the sweep looks next", checkout_id, _TRIES)
    db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.id == checkout_id)
        .values(next_check_at=site.clock.now())
    )
    db.commit()
    return False


def _see(db: Session, checkout_id: int) -> _Seen:
    version, provider_id, mode, account = db.execute(_SEEN, {"checkout_id": checkout_id}).one()
    db.commit()
    return _Seen(version, provider_id, cast(Mode, mode), account)


def _apply(
    db: Session,
    site: Site,
    checkout_id: int,
    version: int,
    state: CheckoutState,
    parts: Parts,
    judge: Judge,
    *,
    cause: str,
) -> bool:
    now = site.clock.now()
    checkout = lock.one(db, CheckoutSession, checkout_id)
    if checkout.version != version:
        db.rollback()
        return False
    try:
        judge(db, site, checkout, state, parts, cause=cause, now=now)
        db.commit()
    except IntegrityError:
        # A promise the database keeps was broken by a look at another row that ended first; with
        # that one visible the next judgement is right.
        log.info("checkout %s met another outcome; looking again", checkout_id)
        db.rollback()
        return False
    return True

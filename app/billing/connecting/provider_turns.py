"""Turns: of several who connect or change the same provider account, one after the other does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.billing import claims
from app.billing.errors import ProviderUnavailable
from app.billing.reconciliation import leases
from app.billing.site import Site
from app.models import App, ProviderAccount


@contextmanager
def to_connect(
    db: Session, site: Site, app: App, provider: str, *, livemode: bool
) -> Iterator[None]:
    """Hold the right to connect an app at a provider in a mode. Commits, before and after.

    Waits for others at most 15 s and raises ProviderUnavailable then.
    """
    mode = "live" if livemode else "test"
    with _turn(db, site, f"connect {app.uuid} {provider} {mode}"):
        yield


@contextmanager
def to_change(db: Session, site: Site, account: ProviderAccount) -> Iterator[None]:
    """Hold the right to change what an account is reached with, read as it is now; otherwise as
    `to_connect`."""
    with _turn(db, site, f"provider account {account.uuid}"):
        db.refresh(account)
        db.commit()
        yield


@contextmanager
def _turn(db: Session, site: Site, name: str) -> Iterator[None]:
    if claims.wait(db, lambda: leases.take(db, name) or None) is None:
        raise ProviderUnavailable(
            "Somebody else is connecting this provider just now. Look again in a minute."
        )
    try:
        yield
    finally:
        db.rollback()
        leases.release(db, name, done_at=site.clock.now())

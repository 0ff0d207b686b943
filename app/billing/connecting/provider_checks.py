"""Checking an account at its provider: what works, what does not, and when that was found out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.connecting import provider_accounts
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.models import AppMember, ProviderAccount, ProviderEvent
from app.providers.base import Check as Check


def run(db: Session, site: Site, member: AppMember, account: ProviderAccount) -> tuple[Check, ...]:
    """Ask the provider what works, and keep the answer with its time. Commits.

    Raises Conflict for a disconnected account; whatever the provider says is an answer.
    """
    provider_accounts.require_connected(account)
    sealed, arrival = account.sealed_credentials, last_event_at(db, account)
    db.commit()
    found = (*_asked(site, account), *_arrivals(account, arrival))
    # An answer about a key that was replaced meanwhile is of no use.
    db.execute(
        update(ProviderAccount)
        .where(ProviderAccount.id == account.id, ProviderAccount.sealed_credentials == sealed)
        .values(checks=[_kept(check) for check in found], checked_at=clock.wall())
    )
    audits.note(
        db,
        member,
        "provider_account.checked",
        provider_accounts.subject(site, account),
        now=clock.wall(),
        details={"found": [check.finding for check in found]},
    )
    db.commit()
    return found


def kept(account: ProviderAccount) -> tuple[Check, ...]:
    """Answer what the last check found; nothing where there was none since the key was set."""
    if account.checked_at is None:
        return ()
    return tuple(Check(**line) for line in account.checks or [])


def is_fine(account: ProviderAccount) -> bool:
    """Answer whether an account was checked and nothing has to be done for payments to work."""
    found = kept(account)
    return bool(found) and all(check.is_fine for check in found)


def last_event_at(db: Session, account: ProviderAccount) -> datetime | None:
    """Answer when the provider last called our door for an account."""
    return db.scalar(
        select(ProviderEvent.received_at)
        .where(ProviderEvent.provider_account_id == account.id)
        .order_by(ProviderEvent.id.desc())
        .limit(1)
    )


def _asked(site: Site, account: ProviderAccount) -> tuple[Check, ...]:
    try:
        return site.provider(account).check(webhook_url=site.hook_url(account))
    except Unreadable:
        return (Check("key", "key_unreadable", "bad"),)


def _arrivals(account: ProviderAccount, last: datetime | None) -> tuple[Check, ...]:
    if last is not None:
        return (Check("arrivals", "arrivals_seen", values={"at": last.isoformat()}),)
    if account.webhook == "private":
        return ()
    return (Check("arrivals", "arrivals_none", "note"),)


def _kept(check: Check) -> dict[str, Any]:
    return {**asdict(check), "values": dict(check.values)}

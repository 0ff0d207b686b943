"""Vital signs: whether providers reach us, the worker works, and nothing waits too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.operations import listings
from app.billing.reconciliation import gauges, leases, sweep
from app.billing.reconciliation.gauges import Agreement, Load
from app.models import App, ProviderAccount, ProviderEvent


@dataclass(frozen=True, slots=True)
class Hook:
    """A provider's door: when it last called, and since when a call waits to be looked at."""

    account: ProviderAccount
    last_at: datetime | None
    waiting: int
    oldest_waiting_at: datetime | None


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """What the health page shows; counts are of the whole installation."""

    hooks: Sequence[Hook]
    load: Load
    agreement: Agreement
    last_sweep: datetime | None


def read(db: Session, app: App, *, now: datetime) -> VitalSigns:
    """Answer how it stands."""
    accounts = [
        account
        for account in listings.accounts_of(db, app).values()
        if account.disconnected_at is None
    ]
    return VitalSigns(
        hooks=[_hook(db, account) for account in accounts],
        load=gauges.load(db, now=now),
        agreement=gauges.agreement(db, now=now),
        last_sweep=leases.last_done(db, sweep.LEASE),
    )


def _hook(db: Session, account: ProviderAccount) -> Hook:
    of = ProviderEvent.provider_account_id == account.id
    last = db.scalar(
        select(ProviderEvent.received_at).where(of).order_by(ProviderEvent.id.desc()).limit(1)
    )
    waiting, oldest = db.execute(
        select(func.count(), func.min(ProviderEvent.received_at)).where(
            of, ProviderEvent.state.in_(("received", "processing"))
        )
    ).one()
    return Hook(account, last, waiting, oldest)

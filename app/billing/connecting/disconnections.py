"""Disconnecting an account at a provider, by an owner."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import connection_rows, provider_turns, provider_webhooks
from app.billing.errors import Conflict
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.db import lock
from app.models import (
    Act,
    AppMember,
    CheckoutSession,
    ProviderAccount,
    ProviderEvent,
    Subscription,
)
from app.models.checkout_session import PENDING
from app.models.subscription import RUNNING


@dataclass(frozen=True, slots=True)
class Ties:
    """What still happens at an account, so that it cannot be disconnected."""

    plans: int
    checkouts: int
    acts: int

    @property
    def are_none(self) -> bool:
        """Nothing is left to do there."""
        return not (self.plans or self.checkouts or self.acts)


def ties(db: Session, account: ProviderAccount) -> Ties:
    """Count what still happens at an account."""
    plans = select(func.count(Subscription.id)).where(
        Subscription.provider_account_id == account.id, Subscription.status.in_(RUNNING)
    )
    checkouts = select(func.count(CheckoutSession.id)).where(
        CheckoutSession.provider_account_id == account.id, CheckoutSession.state.in_(PENDING)
    )
    acts = select(func.count(Act.id)).where(
        Act.provider_account_id == account.id, Act.state == "waiting"
    )
    return Ties(*(db.scalar(count) or 0 for count in (plans, checkouts, acts)))


def disconnect(db: Session, site: Site, member: AppMember, account: ProviderAccount) -> bool:
    """Forget the key of an account and take our door back there; what happened stays. Commits.

    Answers False where the webhook has to be removed by hand. Raises Conflict while plans run or
    checkouts are pending at the account.
    """
    with provider_turns.to_change(db, site, account):
        if account.disconnected_at is not None:
            return True
        return _disconnect(db, site, member, account)


def _disconnect(db: Session, site: Site, member: AppMember, account: ProviderAccount) -> bool:
    draft = ProviderAccount(
        provider=account.provider,
        uuid=account.uuid,
        sealed_credentials=account.sealed_credentials,
    )
    locked = lock.one(db, ProviderAccount, account.id)
    if not ties(db, locked).are_none:
        db.rollback()
        raise Conflict(
            "Plans still run or checkouts are still open at this account. It can be disconnected"
            " once they have ended."
        )
    _forget(db, locked)
    connection_rows.note(db, site, member, locked, "provider_account.disconnected")
    db.commit()
    return _withdrawn(site, draft)


def _forget(db: Session, account: ProviderAccount) -> None:
    account.sealed_credentials, account.key_hint = "", None
    account.checks, account.checked_at = None, None
    account.webhook, account.disconnected_at = "missing", clock.wall()
    was_default, account.is_default = account.is_default, False
    db.flush()
    _stop_looking(db, account)
    if was_default:
        _pass_on_default(db, account)


def _pass_on_default(db: Session, account: ProviderAccount) -> None:
    heir = db.scalars(
        select(ProviderAccount)
        .where(
            ProviderAccount.app_id == account.app_id,
            ProviderAccount.livemode == account.livemode,
            ProviderAccount.disconnected_at.is_(None),
        )
        .order_by(ProviderAccount.id)
    ).first()
    if heir is not None:
        heir.is_default = True


def _stop_looking(db: Session, account: ProviderAccount) -> None:
    """Let neither the sweep nor a waiting event ask by a key that is gone."""
    for rows in (CheckoutSession, Subscription):
        db.execute(
            update(rows)
            .where(rows.provider_account_id == account.id, rows.next_check_at.is_not(None))
            .values(next_check_at=None)
        )
    db.execute(
        update(ProviderEvent)
        .where(
            ProviderEvent.provider_account_id == account.id,
            ProviderEvent.state.in_(("received", "processing")),
        )
        .values(state="done", done_at=clock.wall())
    )


def _withdrawn(site: Site, draft: ProviderAccount) -> bool:
    try:
        return provider_webhooks.withdraw(site, draft)
    except Unreadable:
        return False

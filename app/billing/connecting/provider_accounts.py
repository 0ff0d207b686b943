"""Accounts at payment providers: the ones an app has, and the connected one of each mode."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session, undefer

import config
from app import clock
from app.billing.apps import audits
from app.billing.connecting import provider_keys
from app.billing.errors import Conflict, NotFound
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.models import App, AppMember, ProviderAccount


def of(db: Session, app: App, *, livemode: bool | None = None) -> list[ProviderAccount]:
    """Answer an app's connected accounts of a mode, by default its present one; the default account
    first."""
    is_live = app.livemode if livemode is None else livemode
    found = (
        select(ProviderAccount)
        .where(
            ProviderAccount.app_id == app.id,
            ProviderAccount.livemode == is_live,
            ProviderAccount.disconnected_at.is_(None),
            ProviderAccount.deleted_at.is_(None),
        )
        .order_by(ProviderAccount.is_default.desc(), ProviderAccount.id)
    )
    return list(db.scalars(found))


def all_of(db: Session, app: App) -> list[ProviderAccount]:
    """Answer every account that is or was connected to an app, in both modes, with what was last
    found out about it; the default ones first, then the oldest."""
    found = (
        select(ProviderAccount)
        .where(ProviderAccount.app_id == app.id, ProviderAccount.connected_at.is_not(None))
        .options(undefer(ProviderAccount.checks))
        .order_by(ProviderAccount.is_default.desc(), ProviderAccount.id)
    )
    return list(db.scalars(found))


def find(db: Session, app: App, uuid: UUID) -> ProviderAccount:
    """Answer an account of an app, connected or not any more; raises NotFound."""
    found = db.scalars(
        select(ProviderAccount)
        .where(ProviderAccount.app_id == app.id, ProviderAccount.uuid == uuid)
        .options(undefer(ProviderAccount.checks))
    ).one_or_none()
    if found is None or found.connected_at is None:
        raise NotFound("There is no such account.")
    return found


def connected(db: Session, app: App, provider: str, *, livemode: bool) -> ProviderAccount | None:
    """Answer an app's account at a provider, connected for a mode."""
    return db.scalars(
        select(ProviderAccount)
        .where(
            ProviderAccount.app_id == app.id,
            ProviderAccount.provider == provider,
            ProviderAccount.livemode == livemode,
            ProviderAccount.disconnected_at.is_(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()


def swap(
    db: Session, account: ProviderAccount, before: str, sealed: str, **values: str | None
) -> None:
    """Put other credentials in the place of those that were read, whole or not at all; requests
    under way end with those they began with. Does not commit.

    Raises Conflict where somebody else changed or disconnected the account meanwhile.
    """
    swapped = db.execute(
        update(ProviderAccount)
        .where(
            ProviderAccount.id == account.id,
            ProviderAccount.sealed_credentials == before,
            ProviderAccount.disconnected_at.is_(None),
        )
        .values(sealed_credentials=sealed, **values)
        .returning(ProviderAccount.id)
    )
    if swapped.scalar_one_or_none() is None:
        db.rollback()
        raise Conflict("Somebody else has just changed this account. Look at it again.")


def make_default(db: Session, site: Site, member: AppMember, account: ProviderAccount) -> None:
    """Let an account be the one that is used where nobody chooses. Commits."""
    require_connected(account)
    if not account.is_default:
        forget_default(db, account)
        account.is_default = True
        now = clock.wall()
        audits.note(db, member, "provider_account.made_default", subject(site, account), now=now)
    db.commit()


def forget_default(db: Session, account: ProviderAccount) -> None:
    """Let no account of the same app and mode be the default."""
    db.execute(
        update(ProviderAccount)
        .where(
            ProviderAccount.app_id == account.app_id,
            ProviderAccount.livemode == account.livemode,
        )
        .values(is_default=False)
    )


def require_connected(account: ProviderAccount) -> ProviderAccount:
    """Answer the account; raises Conflict where it is not connected any more."""
    if account.disconnected_at is not None:
        raise Conflict("This account is disconnected. Connect it again first.")
    return account


def require_within_reach(db: Session, account_id: int) -> None:
    """Raise Conflict for an account whose key is forgotten: what is asked there is never done."""
    if db.get_one(ProviderAccount, account_id).disconnected_at is not None:
        raise Conflict(
            "The account at the payment provider was disconnected, so nothing can be done there"
            " from here. Use the provider’s own dashboard."
        )


def is_ready(site: Site, account: ProviderAccount) -> bool:
    """Answer whether the provider accepts our key and calls our present address; asks it."""
    try:
        checks = site.provider(account).check(webhook_url=site.hook_url(account))
    except Unreadable:
        return False
    return all(check.is_fine for check in checks)


def refuse_live_in_demo(db: Session, site: Site) -> None:
    """Raise config.Unsound where real money would meet the demo's public passwords, its sandbox,
    or a clock that can be moved."""
    if not provider_keys.plays(site):
        return
    if not inspect(db.connection()).has_table(ProviderAccount.__tablename__):
        # Before the first migration nothing is connected.
        return
    live = select(ProviderAccount.id).where(
        ProviderAccount.livemode.is_(True), ProviderAccount.disconnected_at.is_(None)
    )
    if db.scalar(live.limit(1)) is not None:
        raise config.Unsound(
            "A live provider account is connected, so DEMO, CLOCK_URL and sandbox addresses"
            " must be off."
        )


def subject(site: Site, account: ProviderAccount) -> str:
    """Answer what the audit log calls an account."""
    mode = "live" if account.livemode else "test"
    return f"{site.capabilities(account.provider).name} {mode} {account.name or ''}".strip()

"""Connecting an account at a provider, by an owner."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import (
    connection_rows,
    provider_accounts,
    provider_keys,
    provider_turns,
    provider_webhooks,
)
from app.billing.errors import Conflict
from app.billing.site import Credentials, Site
from app.models import App, AppMember, ProviderAccount
from app.providers.base import Identity


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of connecting. `replaced` counts the webhooks that were there for our address
    already; `is_new` is False where the same key was connected before, as by a second click."""

    account: ProviderAccount
    replaced: int = 0
    is_new: bool = True


def connect(
    db: Session, site: Site, member: AppMember, *, provider: str, secret_key: str, livemode: bool
) -> Connected:
    """Connect an account and register our door there, once however often it is asked. Commits.

    An account that was connected before is found by its id and goes on with its history. Raises
    Invalid naming `secret_key`, Conflict where an account is connected already, and
    ProviderUnavailable; nothing is connected then.
    """
    provider_keys.require_fit(site, provider, secret_key, livemode=livemode)
    with provider_turns.to_connect(db, site, member.app, provider, livemode=livemode):
        there = provider_accounts.connected(db, member.app, provider, livemode=livemode)
        if there is not None:
            return _as_it_is(site, there, secret_key)
        return _connect(db, site, member, provider, secret_key, livemode=livemode)


def _as_it_is(site: Site, account: ProviderAccount, secret_key: str) -> Connected:
    kept = connection_rows.opened(site, account)
    if kept is None or kept.secret_key != secret_key:
        raise Conflict(
            "An account of this provider is connected already. Replace its key, or disconnect it"
            " first."
        )
    return Connected(account, is_new=False)


def _connect(
    db: Session, site: Site, member: AppMember, provider: str, secret_key: str, *, livemode: bool
) -> Connected:
    credentials = Credentials(secret_key, hook_secret=connection_rows.hook_secret(provider))
    db.commit()
    identity = connection_rows.identity(site, provider, credentials)
    account = _place(db, member.app, provider, identity, livemode=livemode)
    draft = connection_rows.draft(site, account, credentials)
    door = provider_webhooks.install(site, draft)
    connection_rows.fill(site, account, credentials, identity, door)
    account.is_default = not any(
        other.is_default for other in provider_accounts.of(db, member.app, livemode=livemode)
    )
    action = "provider_account.connected"
    connection_rows.note(db, site, member, account, action, webhook=door.state)
    connection_rows.store(db)
    return Connected(account, replaced=provider_webhooks.tidy(site, draft, door))


def _place(
    db: Session, app: App, provider: str, identity: Identity, *, livemode: bool
) -> ProviderAccount:
    """Answer the row of an account, stored before its door is registered, so that a door of a try
    that broke off is found again by its address."""
    found = db.scalars(
        select(ProviderAccount)
        .where(
            ProviderAccount.app_id == app.id,
            ProviderAccount.provider == provider,
            ProviderAccount.livemode == livemode,
            ProviderAccount.provider_id.is_not_distinct_from(identity.provider_id),
            # Without an id nobody can say whether it is the account that was connected before.
            (ProviderAccount.provider_id.is_not(None)) | (ProviderAccount.connected_at.is_(None)),
        )
        .order_by(ProviderAccount.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        found = ProviderAccount(
            app_id=app.id,
            provider=provider,
            livemode=livemode,
            provider_id=identity.provider_id,
            sealed_credentials="",
            disconnected_at=clock.wall(),
        )
        db.add(found)
    db.commit()
    return found

"""What the console shows of an app's provider accounts: both modes beside each other, and one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.connecting import disconnections, provider_accounts, provider_checks, provider_keys
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.models import App, ProviderAccount
from app.providers import NAMES
from app.providers.base import Capabilities, Check


@dataclass(frozen=True, slots=True)
class Slot:
    """A provider in a mode, with the account that is connected there."""

    provider: str
    provider_name: str
    account: ProviderAccount | None
    last_event_at: datetime | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One mode and its slots; `may_connect` is False where no live account can be connected."""

    livemode: bool
    slots: tuple[Slot, ...]
    may_connect: bool

    @property
    def connected(self) -> list[ProviderAccount]:
        """The accounts of this side."""
        return [slot.account for slot in self.slots if slot.account]


@dataclass(frozen=True, slots=True)
class Overview:
    """Test and live beside each other, and the accounts that were disconnected."""

    sides: tuple[Side, Side]
    earlier: tuple[ProviderAccount, ...]


@dataclass(frozen=True, slots=True)
class OneAccount:
    """One account, what it can do, what the last check found and what still happens there.
    `hook_url` is the address of its webhook where the provider has to be told it by hand."""

    account: ProviderAccount
    capabilities: Capabilities
    last_event_at: datetime | None
    checks: tuple[Check, ...]
    ties: disconnections.Ties
    has_several: bool
    hook_url: str | None
    has_webhook_secret: bool


def overview(db: Session, site: Site, app: App) -> Overview:
    """Answer an app's accounts of both modes."""
    accounts = provider_accounts.all_of(db, app)
    test, live = (_side(db, site, accounts, livemode=livemode) for livemode in (False, True))
    earlier = tuple(account for account in accounts if account.disconnected_at is not None)
    return Overview((test, live), earlier)


def one(db: Session, site: Site, account: ProviderAccount) -> OneAccount:
    """Answer what there is to say of an account."""
    capabilities = site.capabilities(account.provider)
    is_connected = account.disconnected_at is None
    several = provider_accounts.of(db, account.app, livemode=account.livemode)
    return OneAccount(
        account=account,
        capabilities=capabilities,
        last_event_at=provider_checks.last_event_at(db, account),
        checks=provider_checks.kept(account),
        ties=disconnections.ties(db, account),
        has_several=len(several) > 1,
        hook_url=site.hook_url(account) if is_connected and capabilities.events else None,
        has_webhook_secret=_has_webhook_secret(site, account),
    )


def _side(db: Session, site: Site, accounts: list[ProviderAccount], *, livemode: bool) -> Side:
    connected = {
        account.provider: account
        for account in accounts
        if account.livemode == livemode and account.disconnected_at is None
    }
    slots = tuple(_slot(db, site, provider, connected.get(provider)) for provider in NAMES)
    return Side(livemode, slots, may_connect=not (livemode and provider_keys.plays(site)))


def _slot(db: Session, site: Site, provider: str, account: ProviderAccount | None) -> Slot:
    name = site.capabilities(provider).name
    if account is None:
        return Slot(provider, name, None, None, ())
    last = provider_checks.last_event_at(db, account)
    return Slot(provider, name, account, last, provider_checks.kept(account))


def _has_webhook_secret(site: Site, account: ProviderAccount) -> bool:
    try:
        return site.credentials(account.sealed_credentials).webhook_secret is not None
    except Unreadable:
        return False

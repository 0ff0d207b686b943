"""Accounts at payment providers, as an app's owner connects them."""

from __future__ import annotations

import secrets
from uuid import UUID, uuid4

from sqlalchemy import inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import config
from app.billing.errors import Conflict, Invalid, ProviderUnavailable
from app.billing.site import Credentials, Site
from app.billing.vault import Unreadable
from app.models import App, ProviderAccount
from app.providers import NAMES, errors

_LIVE_KEYS = {"stripe": ("sk_live_", "rk_live_"), "mollie": ("live_",)}
_TEST_KEYS = {"stripe": ("sk_test_", "rk_test_"), "mollie": ("test_",)}


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


def connected(db: Session, app: App, provider: str, *, livemode: bool) -> ProviderAccount | None:
    """Answer an app's account at a provider, connected for a mode."""
    return db.scalars(
        select(ProviderAccount).where(
            ProviderAccount.app_id == app.id,
            ProviderAccount.provider == provider,
            ProviderAccount.livemode == livemode,
            ProviderAccount.disconnected_at.is_(None),
        )
    ).one_or_none()


def connect(
    db: Session,
    site: Site,
    *,
    app: App,
    provider: str,
    secret_key: str,
    livemode: bool = False,
    is_default: bool = False,
    uuid: UUID | None = None,
) -> ProviderAccount:
    """Connect an account and register our door there; an account already connected for this
    provider and mode gets the new key. Commits.

    `uuid` is for a new account. Raises Invalid for a key of another mode or one the provider does
    not accept, Conflict where it refuses our address, and ProviderUnavailable; nothing is stored
    then.
    """
    _refuse_unfit(site, provider, secret_key, livemode=livemode)
    account = connected(db, app, provider, livemode=livemode)
    db.commit()
    credentials = Credentials(secret_key, hook_secret=_hook_secret(site, provider, account))
    draft = ProviderAccount(
        provider=provider,
        uuid=account.uuid if account else uuid or uuid4(),
        sealed_credentials=site.seal(credentials),
    )
    sealed = site.seal(
        Credentials(
            secret_key,
            webhook_secret=_install(site, draft),
            hook_secret=credentials.hook_secret,
        )
    )
    if account is None:
        account = ProviderAccount(
            app_id=app.id, provider=provider, livemode=livemode, uuid=draft.uuid
        )
    account.sealed_credentials = sealed
    _store(db, account, is_default=is_default)
    return account


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
    settings = site.config
    if not (settings.DEMO or settings.CLOCK_URL or settings.uses_sandbox):
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


def _refuse_unfit(site: Site, provider: str, secret_key: str, *, livemode: bool) -> None:
    if provider not in NAMES:
        raise Invalid("There is no such payment provider.", field="provider")
    if livemode and (site.config.DEMO or site.config.CLOCK_URL or site.config.uses_sandbox):
        raise Invalid(
            "This installation runs the demo, so no live account can be connected to it.",
            field="secret_key",
        )
    prefixes = _LIVE_KEYS if livemode else _TEST_KEYS
    if not secret_key.startswith(prefixes[provider]):
        raise Invalid(
            "This is not a key of the mode you connect: it should begin with %(prefix)s.",
            field="secret_key",
            prefix=prefixes[provider][0],
        )


def _hook_secret(site: Site, provider: str, account: ProviderAccount | None) -> str | None:
    # Payments under way carry the old address, so an account keeps the secret in it.
    try:
        kept = site.credentials(account.sealed_credentials).hook_secret if account else None
    except Unreadable:
        kept = None
    return kept or (secrets.token_urlsafe(24) if provider == "mollie" else None)


def _install(site: Site, draft: ProviderAccount) -> str | None:
    url = site.hook_url(draft)
    if url is None:
        return None
    try:
        return site.provider(draft).install_webhook(url)
    except errors.Unavailable as error:
        raise ProviderUnavailable(
            "%(provider)s does not answer just now. Nothing was connected; try again in a minute.",
            provider=site.capabilities(draft.provider).name,
            retry_after=error.retry_after or 30,
        ) from error
    except errors.BadCredentials as error:
        raise Invalid(
            "%(provider)s does not accept this key. Nothing was connected.",
            field="secret_key",
            provider=site.capabilities(draft.provider).name,
        ) from error
    except errors.ProviderError as error:
        raise Conflict(
            "%(provider)s refuses to send its events to this address. Nothing was connected.",
            provider=site.capabilities(draft.provider).name,
        ) from error


def _store(db: Session, account: ProviderAccount, *, is_default: bool) -> None:
    if is_default:
        db.execute(
            update(ProviderAccount)
            .where(
                ProviderAccount.app_id == account.app_id,
                ProviderAccount.livemode == account.livemode,
            )
            .values(is_default=False)
        )
    account.is_default = is_default
    db.add(account)
    try:
        db.commit()
    except IntegrityError as error:
        db.rollback()
        raise Conflict("Somebody else has just connected this provider. Look again.") from error

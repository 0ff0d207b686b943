"""Our door at a provider: registered there, given another secret, or set up by its owner's hand."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.connecting import provider_accounts, provider_refusals, provider_turns
from app.billing.errors import Conflict, Invalid
from app.billing.site import Credentials, Site
from app.billing.vault import Unreadable
from app.models import AppMember, ProviderAccount
from app.providers import errors

log = logging.getLogger(__name__)

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,200}")


@dataclass(frozen=True, slots=True)
class Door:
    """Our door as it stands at a provider: `state` is one of the account's, `secret` signs its
    events, `provider_id` names it there."""

    state: str
    secret: str | None = None
    provider_id: str | None = None


def install(site: Site, account: ProviderAccount) -> Door:
    """Register the door of an account, which may be a draft. Where the key may not, its owner has
    to do it by hand.

    Raises Invalid, Conflict and ProviderUnavailable; nothing is stored.
    """
    url = site.hook_url(account)
    if url is None:
        return Door("private")
    try:
        with provider_refusals.told(site, account.provider):
            made = _register(site, account, url)
    except Conflict as error:
        raise Conflict(
            "%(provider)s refuses to send its events to this address. Nothing was changed.",
            provider=site.capabilities(account.provider).name,
        ) from error
    return made


def tidy(site: Site, account: ProviderAccount, door: Door) -> int:
    """Take back what else is registered for the door of an account, and answer how many there were.

    What fails is left for the next time: one too many does no harm.
    """
    if door.provider_id is None:
        return 0
    return _remove(site, account, but=door.provider_id) or 0


def withdraw(site: Site, account: ProviderAccount) -> bool:
    """Take back the door of an account; False where it has to be done by hand."""
    return _remove(site, account) is not None


def renew(db: Session, site: Site, member: AppMember, account: ProviderAccount) -> Door:
    """Register the door of an account anew, with a secret nobody has seen, and take back the
    earlier one once ours is kept. Commits.

    Raises Conflict where the account was disconnected or changed meanwhile, or the key may not, and
    ProviderUnavailable; nothing is changed then.
    """
    seen = account.sealed_credentials
    with provider_turns.to_change(db, site, account):
        provider_accounts.require_connected(account)
        if account.sealed_credentials != seen:
            # Another click did it while this one waited.
            return Door(account.webhook)
        return _renew(db, site, member, account)


def keep_secret(
    db: Session, site: Site, member: AppMember, account: ProviderAccount, secret: str
) -> None:
    """Keep the signing secret of a webhook its owner has set up by hand. Commits.

    Raises Invalid naming `webhook_secret`, and Conflict.
    """
    if not site.capabilities(account.provider).events:
        raise Conflict("This provider signs nothing, so there is no signing secret to keep.")
    if not _SECRET.fullmatch(secret):
        raise Invalid(
            "A signing secret begins with whsec_. Stripe shows it on the webhook’s own page.",
            field="webhook_secret",
        )
    sealed = provider_accounts.require_connected(account).sealed_credentials
    credentials = readable(site, account)
    fresh = site.seal(replace(credentials, webhook_secret=secret))
    provider_accounts.swap(db, account, sealed, fresh, webhook="by_hand")
    _note(db, site, member, account, "provider_account.webhook_secret_kept")


def readable(site: Site, account: ProviderAccount) -> Credentials:
    """Answer the credentials of an account; raises Conflict where they can no longer be opened."""
    try:
        return site.credentials(account.sealed_credentials)
    except Unreadable as error:
        raise Conflict(
            "The stored key can no longer be opened, since ENCRYPTION_KEYS was changed. Replace the"
            " key first."
        ) from error


def _renew(db: Session, site: Site, member: AppMember, account: ProviderAccount) -> Door:
    sealed, credentials = account.sealed_credentials, readable(site, account)
    door = install(site, account)
    if door.state == "missing":
        raise Conflict(
            "The key may not register webhooks. Set the webhook up by hand, as shown below."
        )
    fresh = site.seal(replace(credentials, webhook_secret=door.secret))
    provider_accounts.swap(db, account, sealed, fresh, webhook=door.state)
    _note(db, site, member, account, "provider_account.webhook_registered")
    tidy(site, account, door)
    return door


def _register(site: Site, account: ProviderAccount, url: str) -> Door:
    try:
        made = site.provider(account).install_webhook(url)
    except errors.NotPermitted:
        return Door("missing")
    if made is None:
        return Door("told")
    return Door("registered", made.secret, made.provider_id)


def _remove(site: Site, account: ProviderAccount, *, but: str | None = None) -> int | None:
    url = site.hook_url(account)
    if url is None:
        return 0
    try:
        return site.provider(account).remove_webhooks(url, but=but)
    except errors.ProviderError as error:
        log.warning("account %s: a webhook was not removed: %s", account.uuid, error)
        return None


def _note(
    db: Session, site: Site, member: AppMember, account: ProviderAccount, action: str
) -> None:
    subject = provider_accounts.subject(site, account)
    audits.note(db, member, action, subject, now=clock.wall())
    db.commit()

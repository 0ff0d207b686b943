"""What makes a row a connected account: its sealed credentials, its name, its door."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.connecting import provider_accounts, provider_keys, provider_refusals
from app.billing.connecting.provider_webhooks import Door
from app.billing.errors import Conflict
from app.billing.site import Credentials, Site
from app.billing.vault import Unreadable
from app.models import AppMember, ProviderAccount
from app.providers.base import Identity


def fill(
    site: Site,
    account: ProviderAccount,
    credentials: Credentials,
    identity: Identity,
    door: Door,
) -> None:
    """Write into a row what makes it a connected account."""
    account.sealed_credentials = site.seal(
        Credentials(credentials.secret_key, door.secret, credentials.hook_secret)
    )
    account.key_hint = provider_keys.hint(credentials.secret_key)
    account.provider_id, account.name = identity.provider_id, identity.name
    account.webhook = door.state
    account.connected_at, account.disconnected_at = clock.wall(), None
    account.checks, account.checked_at = None, None


def hook_secret(provider: str, present: Credentials | None = None) -> str | None:
    """Answer the unguessable end of an unsigned provider's hook address: what payments under way
    carry stays, else a new one."""
    kept = present.hook_secret if present else None
    return kept or (secrets.token_urlsafe(24) if provider == "mollie" else None)


def store(db: Session) -> None:
    """Commit an account that becomes connected; raises Conflict where another one just was."""
    try:
        db.commit()
    except IntegrityError as error:
        db.rollback()
        raise Conflict("Somebody else has just connected this provider. Look again.") from error


def opened(site: Site, account: ProviderAccount) -> Credentials | None:
    """Answer the credentials of an account; None where they can no longer be read."""
    try:
        return site.credentials(account.sealed_credentials)
    except Unreadable:
        return None


def draft(site: Site, account: ProviderAccount, credentials: Credentials) -> ProviderAccount:
    """Answer an account as it would be with these credentials, in no session of the database: to
    ask the provider with."""
    return ProviderAccount(
        provider=account.provider, uuid=account.uuid, sealed_credentials=site.seal(credentials)
    )


def identity(site: Site, provider: str, credentials: Credentials) -> Identity:
    """Answer whose account a key opens; raises Invalid naming `secret_key`, and
    ProviderUnavailable."""
    with provider_refusals.told(site, provider):
        return site.connect(provider, site.seal(credentials)).identify()


def note(
    db: Session, site: Site, member: AppMember, account: ProviderAccount, action: str, **more: str
) -> None:
    """Write into the audit log what was done to an account."""
    details = {"account": str(account.uuid), **more}
    subject = provider_accounts.subject(site, account)
    audits.note(db, member, action, subject, now=clock.wall(), details=details)

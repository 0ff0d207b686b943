"""What makes a row a connected account: its sealed credentials, its name, its door."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import provider_keys
from app.billing.connecting.provider_webhooks import Door
from app.billing.errors import Conflict
from app.billing.site import Credentials, Site
from app.billing.vault import Unreadable
from app.models import ProviderAccount
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


def hook_secret(site: Site, provider: str, account: ProviderAccount | None) -> str | None:
    """Answer the unguessable end of an unsigned provider's hook address: what payments under way
    carry stays, else a new one."""
    try:
        kept = site.credentials(account.sealed_credentials).hook_secret if account else None
    except Unreadable:
        kept = None
    return kept or (secrets.token_urlsafe(24) if provider == "mollie" else None)


def store(db: Session) -> None:
    """Commit an account that becomes connected; raises Conflict where another one just was."""
    try:
        db.commit()
    except IntegrityError as error:
        db.rollback()
        raise Conflict("Somebody else has just connected this provider. Look again.") from error

"""The demo's accounts at the sandbox, connected without an owner; owners use `connections`."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.billing.connecting import (
    connection_rows,
    provider_accounts,
    provider_keys,
    provider_webhooks,
)
from app.billing.site import Credentials, Site
from app.models import App, ProviderAccount


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
    provider_keys.require_fit(site, provider, secret_key, livemode=livemode)
    account = provider_accounts.connected(db, app, provider, livemode=livemode)
    db.commit()
    present = connection_rows.opened(site, account) if account else None
    hook_secret = connection_rows.hook_secret(provider, present)
    credentials = Credentials(secret_key, hook_secret=hook_secret)
    draft = ProviderAccount(
        provider=provider,
        uuid=account.uuid if account else uuid or uuid4(),
        sealed_credentials=site.seal(credentials),
    )
    identity = connection_rows.identity(site, provider, credentials)
    door = provider_webhooks.install(site, draft)
    if account is None:
        account = ProviderAccount(
            app_id=app.id, provider=provider, livemode=livemode, uuid=draft.uuid
        )
        db.add(account)
    connection_rows.fill(site, account, credentials, identity, door)
    if is_default:
        provider_accounts.forget_default(db, account)
    account.is_default = is_default
    connection_rows.store(db)
    provider_webhooks.tidy(site, account, door)
    return account

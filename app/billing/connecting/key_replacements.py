"""Putting another key of a connected account in the place of its present one, by an owner."""

from __future__ import annotations

import dataclasses

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.connecting import (
    connection_rows,
    provider_accounts,
    provider_keys,
    provider_refusals,
    provider_turns,
    provider_webhooks,
)
from app.billing.errors import Invalid
from app.billing.site import Credentials, Site
from app.models import AppMember, Customer, ProviderAccount
from app.providers import errors
from app.providers.base import Identity


def replace(
    db: Session, site: Site, member: AppMember, account: ProviderAccount, *, secret_key: str
) -> None:
    """Put another key of the same account in the place of the present one. Commits.

    Webhooks go on as they are. Raises Invalid naming `secret_key` for a key that does not fit, is
    not accepted or is of another account, Conflict, and ProviderUnavailable; the present key stays
    then.
    """
    provider_keys.require_fit(site, account.provider, secret_key, livemode=account.livemode)
    with provider_turns.to_change(db, site, account):
        provider_accounts.require_connected(account)
        present = connection_rows.opened(site, account)
        if present is None or present.secret_key != secret_key:
            _replace(db, site, member, account, present, secret_key)


def _replace(
    db: Session,
    site: Site,
    member: AppMember,
    account: ProviderAccount,
    present: Credentials | None,
    secret_key: str,
) -> None:
    before, door = account.sealed_credentials, None
    fresh = _beside(site, account, present, secret_key)
    identity = _same_account(db, site, account, fresh)
    if present is None:
        # The signing secret was sealed with the key, and can be opened no more than it.
        door = provider_webhooks.install(site, connection_rows.draft(site, account, fresh))
        fresh = dataclasses.replace(fresh, webhook_secret=door.secret)
    _swap(db, site, account, before, fresh, identity, door)
    connection_rows.note(db, site, member, account, "provider_account.key_replaced")
    db.commit()
    if door is not None:
        provider_webhooks.tidy(site, connection_rows.draft(site, account, fresh), door)


def _beside(
    site: Site, account: ProviderAccount, present: Credentials | None, secret_key: str
) -> Credentials:
    if present is not None:
        return dataclasses.replace(present, secret_key=secret_key)
    return Credentials(secret_key, hook_secret=connection_rows.hook_secret(account.provider))


def _same_account(
    db: Session, site: Site, account: ProviderAccount, fresh: Credentials
) -> Identity:
    identity = connection_rows.identity(site, account.provider, fresh)
    if account.provider_id and identity.provider_id:
        if account.provider_id != identity.provider_id:
            raise _another(identity.name)
        return identity
    known = db.scalar(
        select(Customer.provider_id)
        .where(Customer.provider_account_id == account.id, Customer.provider_id.is_not(None))
        .limit(1)
    )
    db.commit()
    if known is not None:
        _require_known(site, account, fresh, known)
    return identity


def _require_known(
    site: Site, account: ProviderAccount, fresh: Credentials, customer_id: str
) -> None:
    """Raise Invalid unless the new key opens the account in which we made a customer: a restricted
    key may not tell whose it is."""
    with provider_refusals.told(site, account.provider):
        try:
            site.connect(account.provider, site.seal(fresh)).list_payment_methods(customer_id)
        except errors.Missing:
            raise _another(None) from None


def _another(name: str | None) -> Invalid:
    if name is None:
        return Invalid(
            "This key is of another account: it does not know the customers of this one. Nothing"
            " was changed.",
            field="secret_key",
        )
    return Invalid(
        "This key is of another account, %(name)s. Nothing was changed. To sell by that account,"
        " disconnect this one first.",
        field="secret_key",
        name=name,
    )


def _swap(
    db: Session,
    site: Site,
    account: ProviderAccount,
    before: str,
    fresh: Credentials,
    identity: Identity,
    door: provider_webhooks.Door | None,
) -> None:
    values = {
        "key_hint": provider_keys.hint(fresh.secret_key),
        "provider_id": identity.provider_id or account.provider_id,
        "name": identity.name or account.name,
        "webhook": door.state if door else account.webhook,
        # What was found out with the earlier key says nothing of this one.
        "checked_at": None,
    }
    provider_accounts.swap(db, account, before, site.seal(fresh), **values)

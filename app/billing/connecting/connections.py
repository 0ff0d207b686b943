"""Connecting an account at a provider, replacing its key, and disconnecting it, by an owner."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.connecting import (
    connection_rows,
    provider_accounts,
    provider_keys,
    provider_refusals,
    provider_turns,
    provider_webhooks,
)
from app.billing.errors import Conflict, Invalid
from app.billing.site import Credentials, Site
from app.billing.vault import Unreadable
from app.db import lock
from app.models import (
    Act,
    App,
    AppMember,
    CheckoutSession,
    Customer,
    ProviderAccount,
    ProviderEvent,
    Subscription,
)
from app.models.checkout_session import PENDING
from app.models.subscription import RUNNING
from app.providers import errors
from app.providers.base import Identity


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of connecting. `replaced` counts the webhooks that were there for our address
    already; `is_new` is False where the same key was connected before, as by a second click."""

    account: ProviderAccount
    replaced: int = 0
    is_new: bool = True


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


def rotate(
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
        present = _opened(site, account)
        if present is None or present.secret_key != secret_key:
            _rotate(db, site, member, account, present, secret_key)


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


def _rotate(
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
        door = provider_webhooks.install(site, _draft(site, account, fresh))
        fresh = replace(fresh, webhook_secret=door.secret)
    _swap(db, site, account, before, fresh, identity, door)
    _note(db, site, member, account, "provider_account.key_replaced")
    if door is not None:
        provider_webhooks.tidy(site, _draft(site, account, fresh), door)


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
    _note(db, site, member, locked, "provider_account.disconnected")
    return _withdrawn(site, draft)


def _as_it_is(site: Site, account: ProviderAccount, secret_key: str) -> Connected:
    kept = _opened(site, account)
    if kept is None or kept.secret_key != secret_key:
        raise Conflict(
            "An account of this provider is connected already. Replace its key, or disconnect it"
            " first."
        )
    return Connected(account, is_new=False)


def _connect(
    db: Session, site: Site, member: AppMember, provider: str, secret_key: str, *, livemode: bool
) -> Connected:
    credentials = Credentials(
        secret_key, hook_secret=connection_rows.hook_secret(site, provider, None)
    )
    db.commit()
    identity = _identity(site, provider, credentials)
    account = _place(db, member.app, provider, identity, livemode=livemode)
    draft = _draft(site, account, credentials)
    door = provider_webhooks.install(site, draft)
    connection_rows.fill(site, account, credentials, identity, door)
    account.is_default = not any(
        other.is_default for other in provider_accounts.of(db, member.app, livemode=livemode)
    )
    audits.note(
        db,
        member,
        "provider_account.connected",
        provider_accounts.subject(site, account),
        now=clock.wall(),
        details={"account": str(account.uuid), "webhook": door.state},
    )
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


def _draft(site: Site, account: ProviderAccount, credentials: Credentials) -> ProviderAccount:
    return ProviderAccount(
        provider=account.provider, uuid=account.uuid, sealed_credentials=site.seal(credentials)
    )


def _identity(site: Site, provider: str, credentials: Credentials) -> Identity:
    with provider_refusals.told(site, provider):
        return site.connect(provider, site.seal(credentials)).identify()


def _beside(
    site: Site, account: ProviderAccount, present: Credentials | None, secret_key: str
) -> Credentials:
    if present is not None:
        return replace(present, secret_key=secret_key)
    return Credentials(
        secret_key, hook_secret=connection_rows.hook_secret(site, account.provider, None)
    )


def _same_account(
    db: Session, site: Site, account: ProviderAccount, fresh: Credentials
) -> Identity:
    identity = _identity(site, account.provider, fresh)
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


def _forget(db: Session, account: ProviderAccount) -> None:
    account.sealed_credentials, account.key_hint = "", None
    account.checks, account.checked_at = None, None
    account.webhook, account.disconnected_at = "missing", clock.wall()
    was_default, account.is_default = account.is_default, False
    db.flush()
    _stop_looking(db, account)
    if not was_default:
        return
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


def _opened(site: Site, account: ProviderAccount) -> Credentials | None:
    try:
        return site.credentials(account.sealed_credentials)
    except Unreadable:
        return None


def _note(
    db: Session, site: Site, member: AppMember, account: ProviderAccount, action: str
) -> None:
    subject = provider_accounts.subject(site, account)
    audits.note(
        db, member, action, subject, now=clock.wall(), details={"account": str(account.uuid)}
    )
    db.commit()

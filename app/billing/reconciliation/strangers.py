"""Strangers: subscriptions that run at a provider and that no row of ours knows."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.plans import subscriptions
from app.billing.reconciliation import differences
from app.billing.reconciliation.differences import Difference
from app.billing.site import Site
from app.billing.truth import event_subjects, looks
from app.db import lock
from app.models import Act, CheckoutSession, Customer, ProviderAccount, Subscription
from app.providers.base import SubscriptionState


def fetch(db: Session, site: Site, account_id: int) -> tuple[SubscriptionState, ...]:
    """Ask for the subscriptions that run at an account. Ends the transaction before it asks.
    Raises `providers.errors.ProviderError`."""
    provider = site.provider(db.get_one(ProviderAccount, account_id))
    db.commit()
    return provider.list_subscriptions()


def unknown(
    db: Session, account_id: int, running: Iterable[SubscriptionState]
) -> list[SubscriptionState]:
    """Answer those of them that no row of ours knows."""
    told = [state for state in running if state.status != "canceled"]
    names = [(account_id, state.provider_id) for state in told]
    found = event_subjects.find(db, names) if names else {}
    return [
        state
        for state, name in zip(told, names, strict=True)
        if name not in found or found[name].subscription_id is None
    ]


def difference(db: Session, account_id: int, state: SubscriptionState) -> Difference:
    """Answer a stranger as a difference."""
    known = _purchase(db, account_id, state)
    return differences.of(
        "subscription",
        None,
        state.provider_id,
        ours="none",
        theirs=state.status,
        follows="it charges and gives nothing; repair joins it to its purchase"
        if known is not None
        else "it charges and nothing here knows of it; a person has to end it or leave it",
    )


def adopt(db: Session, site: Site, account_id: int, state: SubscriptionState) -> bool:
    """Join a stranger to the purchase that began it; False where there is none. Commits. Raises
    `providers.errors.ProviderError`."""
    checkout_id = _purchase(db, account_id, state)
    db.commit()
    if checkout_id is None:
        return False
    restore(db, site, checkout_id)
    _join(db, account_id, checkout_id, state)
    plan = subscriptions.find(db, account_id, state.provider_id)
    db.commit()
    if plan is None:
        return False
    subscriptions.sync(db, site, plan, cause="verify")
    return True


def restore(db: Session, site: Site, checkout_id: int) -> None:
    """Begin the plan of a complete purchase again, of which the row is gone: the purchase is judged
    anew from what the provider says. Commits. Raises `providers.errors.ProviderError`."""
    begun = select(Subscription.id).where(Subscription.checkout_id == checkout_id)
    if db.scalars(begun.limit(1)).first() is None:
        db.execute(
            update(CheckoutSession)
            .where(CheckoutSession.id == checkout_id, CheckoutSession.state == "complete")
            .values(state="processing")
        )
        db.commit()
    looks.at_checkout(db, site, checkout_id, cause="verify")


def _join(db: Session, account_id: int, checkout_id: int, state: SubscriptionState) -> None:
    """A provider whose subscriptions are begun after the purchase must not be asked for a second
    one: the act that would ask is done, by the one that runs."""
    found = db.scalars(
        select(Subscription.id).where(
            Subscription.checkout_id == checkout_id, Subscription.provider_id.is_(None)
        )
    ).first()
    if found is None:
        return
    row = lock.one(db, Subscription, found)
    row.version += 1
    if state.uuid:
        row.uuid = UUID(state.uuid)
    row.provider_id = state.provider_id
    row.provider_ids = [*row.provider_ids, state.provider_id]
    row.customer_provider_id = state.customer_id
    db.execute(
        update(Act)
        .where(Act.subscription_id == row.id, Act.kind == "begin_subscription")
        .values(state="done", result_id=state.provider_id)
    )
    db.commit()


def _purchase(db: Session, account_id: int, state: SubscriptionState) -> int | None:
    """Answer the purchase a stranger came of: the one whose uuid it carries, else the only one of
    its customer that has no plan."""
    by_uuid = _by_uuid(db, account_id, state.uuid)
    if by_uuid is not None or state.customer_id is None:
        return by_uuid
    begun = select(Subscription.checkout_id).where(
        Subscription.checkout_id.is_not(None), Subscription.provider_id.is_not(None)
    )
    found = db.scalars(
        select(CheckoutSession.id)
        .join(Customer, Customer.tenant_id == CheckoutSession.tenant_id)
        .where(
            Customer.provider_account_id == account_id,
            Customer.provider_id == state.customer_id,
            CheckoutSession.provider_account_id == account_id,
            CheckoutSession.mode == "subscription",
            CheckoutSession.state.in_(("complete", "processing")),
            CheckoutSession.id.not_in(begun),
        )
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def _by_uuid(db: Session, account_id: int, uuid: str | None) -> int | None:
    try:
        wanted = UUID(uuid) if uuid else None
    except ValueError:
        return None
    if wanted is None:
        return None
    return db.scalars(
        select(CheckoutSession.id).where(
            CheckoutSession.provider_account_id == account_id, CheckoutSession.uuid == wanted
        )
    ).first()

"""Stray payments: money taken of our customers at a provider that no row of ours knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.plans import subscriptions
from app.billing.reconciliation import differences
from app.billing.reconciliation.differences import Difference
from app.billing.site import Site
from app.billing.truth import event_subjects, looks
from app.billing.truth.event_subjects import NOTHING, Subject
from app.models import Customer, Payment, ProviderAccount
from app.providers.base import PaymentState

# How far back the provider is asked: what is older was compared before.
REACH = timedelta(days=30)
_BATCH = 500


class Stray(NamedTuple):
    """A payment nobody here wrote down, and the purchase or plan it is for, if any of ours."""

    state: PaymentState
    subject: Subject


def fetch(db: Session, site: Site, account_id: int) -> list[PaymentState]:
    """Ask for what was paid at an account of late. Ends the transaction before it asks. Raises
    `providers.errors.ProviderError`."""
    provider = site.provider(db.get_one(ProviderAccount, account_id))
    db.commit()
    listed = provider.list_payments(site.clock.now() - REACH)
    return [state for state in listed if state.status == "paid"]


def unknown(
    db: Session, site: Site, account_id: int, paid: Sequence[PaymentState]
) -> Iterator[Stray]:
    """Answer those of them that no row of ours knows, and that are ours by customer or by purchase:
    an account may take money for other programs too. Ends the transaction. Raises
    `providers.errors.ProviderError`."""
    for start in range(0, len(paid), _BATCH):
        for state, is_ours in _without_rows(db, account_id, paid[start : start + _BATCH]):
            if not is_ours and state.checkout_uuid is None:
                continue
            subject = event_subjects.ask(db, site, (account_id, state.provider_id))
            if is_ours or subject != NOTHING:
                yield Stray(state, subject)


def difference(stray: Stray) -> Difference:
    """Answer a stray as a difference."""
    state = stray.state
    return differences.of(
        "payment",
        None,
        state.provider_id,
        ours="none",
        theirs=f"paid {state.amount.decimal} {state.amount.currency}",
        follows="it was paid and nothing here knows of it; a person has to find out what for"
        if stray.subject == NOTHING
        else "it was paid and nothing here knows of it; repair looks at what it is for",
    )


def adopt(db: Session, site: Site, stray: Stray) -> None:
    """Look at what a stray is for. Commits. Raises `providers.errors.ProviderError`."""
    checkout_id, subscription_id = stray.subject
    if checkout_id is not None:
        looks.at_checkout(db, site, checkout_id, cause="verify")
    if subscription_id is not None:
        subscriptions.sync(db, site, subscription_id, cause="verify")


def is_known(db: Session, account_id: int, stray: Stray) -> bool:
    """Answer whether a row of ours knows it by now. Ends the transaction."""
    return not _without_rows(db, account_id, [stray.state])


def _without_rows(
    db: Session, account_id: int, states: Sequence[PaymentState]
) -> list[tuple[PaymentState, bool]]:
    """Answer what we have no row of, and whether its customer is one of ours."""
    ids = [state.provider_id for state in states]
    known = set(
        db.scalars(
            select(Payment.provider_id).where(
                Payment.provider_account_id == account_id, Payment.provider_id.in_(ids)
            )
        )
    )
    missing = [state for state in states if state.provider_id not in known]
    names = {state.customer_id for state in missing if state.customer_id}
    ours = set(
        db.scalars(
            select(Customer.provider_id).where(
                Customer.provider_account_id == account_id, Customer.provider_id.in_(names)
            )
        )
    )
    db.commit()
    return [(state, state.customer_id in ours) for state in missing]

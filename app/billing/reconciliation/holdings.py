"""Holdings: a tenant as the provider's customer, and the ways to pay it has on file there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.reconciliation import differences
from app.billing.reconciliation.differences import Difference
from app.billing.site import Site
from app.db.base import table
from app.models import Customer, PaymentMethod, ProviderAccount
from app.providers import errors
from app.providers.base import MethodState

_COMPARED = ("status", "brand", "last4", "exp_month", "exp_year")


class Holder(NamedTuple):
    """A customer at a provider."""

    id: int
    uuid: str
    tenant_id: int
    account_id: int
    livemode: bool
    provider_id: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What the provider says of a customer: None where it does not know it."""

    holder: Holder
    methods: tuple[MethodState, ...] | None


def holder(db: Session, customer_id: int) -> Holder:
    """Answer a customer that is at its provider."""
    row = db.get_one(Customer, customer_id, populate_existing=True)
    account = db.get_one(ProviderAccount, row.provider_account_id)
    assert row.provider_id is not None
    return Holder(
        row.id, str(row.uuid), row.tenant_id, account.id, account.livemode, row.provider_id
    )


def fetch(db: Session, site: Site, holder: Holder) -> Holding:
    """Ask what a customer has on file. Ends the transaction before it asks. Raises
    `providers.errors.ProviderError`, except Missing."""
    provider = site.provider(db.get_one(ProviderAccount, holder.account_id))
    db.commit()
    try:
        return Holding(holder, provider.list_payment_methods(holder.provider_id))
    except errors.Missing:
        return Holding(holder, None)


def compare(db: Session, holding: Holding) -> list[Difference]:
    """Answer what differs between a customer's methods there and our rows."""
    holder = holding.holder
    if holding.methods is None:
        return [
            differences.of(
                "customer", holder.uuid, holder.provider_id, ours="made", theirs="unknown"
            )
        ]
    ours = {row.provider_id: row for row in _rows(db, holder)}
    theirs = {state.provider_id: state for state in holding.methods}
    found = [_changed(ours[name], state) for name, state in theirs.items() if name in ours]
    found += [_gone(row) for name, row in ours.items() if name not in theirs]
    return [difference for difference in found if difference is not None]


def repair(db: Session, holding: Holding) -> None:
    """Take over what the provider has on file; a customer it does not know is made anew by the
    next purchase. Commits."""
    holder = holding.holder
    if holding.methods is None:
        _forget(db, holder)
    else:
        theirs = {state.provider_id: state for state in holding.methods}
        for row in _rows(db, holder):
            state = theirs.get(row.provider_id)
            if state is None:
                row.status = "invalid"
            else:
                for name, value in _told(state).items():
                    setattr(row, name, value)
    db.commit()


def _forget(db: Session, holder: Holder) -> None:
    rows = table(Customer)
    db.execute(
        update(rows)
        .where(rows.c.id == holder.id)
        .values(provider_id=None, idempotency_key=None, first_tried_at=None)
    )


def _rows(db: Session, holder: Holder) -> list[PaymentMethod]:
    return list(
        db.scalars(
            select(PaymentMethod)
            .where(
                PaymentMethod.tenant_id == holder.tenant_id,
                PaymentMethod.provider_account_id == holder.account_id,
                PaymentMethod.removed_at.is_(None),
                PaymentMethod.deleted_at.is_(None),
            )
            .execution_options(populate_existing=True)
        )
    )


def _told(state: MethodState) -> dict[str, object]:
    """What the provider says of a method; what it leaves unsaid stays as it is here."""
    told = {name: getattr(state, name) for name in _COMPARED}
    return {name: value for name, value in told.items() if value is not None}


def _changed(row: PaymentMethod, state: MethodState) -> Difference | None:
    changed = {name: value for name, value in _told(state).items() if getattr(row, name) != value}
    if not changed:
        return None
    ours = {name: getattr(row, name) for name in changed}
    return _method(row, ours=differences.words(ours), theirs=differences.words(changed))


def _gone(row: PaymentMethod) -> Difference | None:
    return None if row.status == "invalid" else _method(row, ours=row.status, theirs="none")


def _method(row: PaymentMethod, *, ours: str, theirs: str) -> Difference:
    return differences.of("payment method", row.uuid, row.provider_id, ours=ours, theirs=theirs)

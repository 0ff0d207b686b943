"""What provider events are about: the checkout and the plan whose truth may have moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, select, tuple_
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.models import Act, CheckoutSession, Payment, ProviderAccount, Subscription

# What names an object at a provider: our account's row, and the provider's id.
Name = tuple[int, str]


class Subject(NamedTuple):
    """The rows an event is a reason to look at; neither where it is of no concern."""

    checkout_id: int | None = None
    subscription_id: int | None = None


NOTHING = Subject()


def find(db: Session, names: Sequence[Name]) -> dict[Name, Subject]:
    """Answer what we know each of these objects by, all at once; what we do not know is left
    out."""
    wanted = {"names": list(dict.fromkeys(names))}
    checkouts = _found(db, _CHECKOUTS, wanted)
    subscriptions = _found(db, _SUBSCRIPTIONS, wanted)
    payments = {
        (account, provider_id): Subject(checkout_id, subscription_id)
        for account, provider_id, checkout_id, subscription_id in db.execute(_PAYMENTS, wanted)
    }
    found = {}
    for name in wanted["names"]:
        paid_for = payments.get(name, NOTHING)
        subject = Subject(
            checkouts.get(name) or paid_for.checkout_id,
            subscriptions.get(name) or paid_for.subscription_id,
        )
        if subject != NOTHING:
            found[name] = subject
    unknown = [name for name in wanted["names"] if name not in found]
    return found | (_replaced(db, unknown) if unknown else {})


def _replaced(db: Session, names: list[Name]) -> dict[Name, Subject]:
    """A subscription that a plan had before it was resumed is known by the act that began it."""
    rows = db.execute(_BEGUN, {"names": names})
    return {
        (account, cast(str, provider_id)): Subject(None, plan)
        for account, provider_id, plan in rows
        if plan is not None
    }


def ask(db: Session, site: Site, name: Name) -> Subject:
    """Ask the provider what an unknown payment belongs to; anything else is of no concern. Raises
    `providers.errors.ProviderError`."""
    account_id, object_id = name
    if not object_id.startswith(("tr_", "pi_")):
        return NOTHING
    account = db.get_one(ProviderAccount, account_id)
    db.commit()
    payment = site.provider(account).fetch_payment(object_id)
    subscription_id = None
    if payment.subscription_id:
        subscription = (account_id, payment.subscription_id)
        subscription_id = find(db, [subscription]).get(subscription, NOTHING).subscription_id
    checkout_id = _by_uuid(db, account_id, payment.checkout_uuid)
    subscription_id = subscription_id or _charged_for(db, account_id, payment.checkout_uuid)
    db.commit()
    return Subject(checkout_id, subscription_id)


def _found(
    db: Session, question: Select[int, str | None, int], wanted: dict[str, list[Name]]
) -> dict[Name, int]:
    return {
        (account, cast(str, provider_id)): row_id
        for account, provider_id, row_id in db.execute(question, wanted)
    }


def _by_uuid(db: Session, account_id: int, uuid: str | None) -> int | None:
    wanted = _uuid(uuid)
    if wanted is None:
        return None
    return db.scalars(
        select(CheckoutSession.id).where(
            CheckoutSession.provider_account_id == account_id, CheckoutSession.uuid == wanted
        )
    ).first()


def _charged_for(db: Session, account_id: int, uuid: str | None) -> int | None:
    """A charge of ours carries the uuid of its act."""
    wanted = _uuid(uuid)
    if wanted is None:
        return None
    return db.scalars(
        select(Act.subscription_id).where(Act.provider_account_id == account_id, Act.uuid == wanted)
    ).first()


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


_NAMES: BindParameter[Any] = bindparam("names", expanding=True)
_CHECKOUTS = select(
    CheckoutSession.provider_account_id, CheckoutSession.provider_id, CheckoutSession.id
).where(tuple_(CheckoutSession.provider_account_id, CheckoutSession.provider_id).in_(_NAMES))
_SUBSCRIPTIONS = select(
    Subscription.provider_account_id, Subscription.provider_id, Subscription.id
).where(tuple_(Subscription.provider_account_id, Subscription.provider_id).in_(_NAMES))
_BEGUN = select(Act.provider_account_id, Act.result_id, Act.subscription_id).where(
    tuple_(Act.provider_account_id, Act.result_id).in_(_NAMES),
    Act.kind.in_(("begin_subscription", "resume_subscription")),
)
_PAYMENTS = select(
    Payment.provider_account_id, Payment.provider_id, Payment.checkout_id, Payment.subscription_id
).where(tuple_(Payment.provider_account_id, Payment.provider_id).in_(_NAMES))

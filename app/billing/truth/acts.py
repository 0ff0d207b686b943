"""Acts: what the truth asks us to do at a provider, stored before it is done."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session

from app.billing.connecting import provider_accounts
from app.billing.purchase import requests
from app.billing.site import Site
from app.db import once
from app.db.base import table
from app.models import Act, CheckoutSession, Payment, Subscription
from app.providers.base import (
    CheckoutState,
    RefundRequest,
    SubscriptionRequest,
    SubscriptionState,
)

_ACT = table(Act)
# Built once: every look asks them, and building them costs more than running them.
_WAITING = select(_ACT.c.id).where(_ACT.c.state == "waiting").order_by(_ACT.c.id)
_FOR_CHECKOUT = _WAITING.where(_ACT.c.checkout_id == bindparam("checkout_id"))
_FOR_PLAN = _WAITING.where(_ACT.c.subscription_id == bindparam("subscription_id"))
# The others follow from what the provider told us a moment ago.
_ASKED_BY_PEOPLE = ("refund", "forget_payment_method", "set_default_method")

# Nothing is left undone by it: the payer was told that nothing changed and nothing was charged, and
# only a figure they see and confirm may be charged.
IS_REFUSED_CHANGE = and_(
    _ACT.c.state == "failed", _ACT.c.kind == "change_subscription", _ACT.c.reason == "plan_changed"
)


def begin_subscription(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    subscription: Subscription,
    state: CheckoutState,
    *,
    now: datetime,
) -> None:
    """Ask for the provider subscription that follows a paid first payment; its first charge falls
    on the end of the period that is paid."""
    assert state.customer_id is not None and subscription.period_end is not None
    request = SubscriptionRequest(
        uuid=str(subscription.uuid),
        customer_id=state.customer_id,
        method_id=state.method.provider_id if state.method else None,
        total=subscription.renewal,
        interval="year" if subscription.price.interval == "year" else "month",
        start_date=subscription.period_end.date(),
        description=checkout.description,
        webhook_url=site.hook_url(checkout.provider_account),
    )
    ask(
        db,
        "begin_subscription",
        f"begin:subscription:{subscription.id}",
        account_id=checkout.provider_account_id,
        checkout_id=checkout.id,
        subscription_id=subscription.id,
        reason="first_payment_paid",
        request=requests.dump(request),
        now=now,
    )


def cancel_subscription(
    db: Session,
    checkout: CheckoutSession,
    state: SubscriptionState,
    *,
    now: datetime,
    reason: str = "duplicate",
) -> None:
    """Ask for the end of a provider subscription that a checkout must not have begun."""
    request = requests.Cancellation(state.provider_id, state.customer_id)
    ask(
        db,
        "cancel_subscription",
        f"cancel:subscription:{checkout.provider_account_id}:{state.provider_id}",
        account_id=checkout.provider_account_id,
        checkout_id=checkout.id,
        reason=reason,
        request=requests.dump(request),
        now=now,
    )


def end_subscription(
    db: Session,
    subscription: Subscription,
    *,
    reason: str,
    now: datetime,
    comment: str | None = None,
) -> None:
    """Ask for the end, at once, of the provider subscription of a plan that is over here; `comment`
    is why, in the words of who ended it."""
    if subscription.provider_id is None:
        return
    account_id = subscription.provider_account_id
    request = requests.Cancellation(
        subscription.provider_id, subscription.customer_provider_id, comment=comment
    )
    ask(
        db,
        "cancel_subscription",
        f"cancel:subscription:{account_id}:{subscription.provider_id}",
        account_id=account_id,
        checkout_id=subscription.checkout_id,
        subscription_id=subscription.id,
        reason=reason,
        request=requests.dump(request),
        now=now,
    )


def refund(
    db: Session, checkout: CheckoutSession, payment: Payment, *, reason: str, now: datetime
) -> None:
    """Ask for all that is left of a payment to be given back."""
    amount = payment.remaining
    if not amount:
        return
    act_uuid = uuid4()
    request = RefundRequest(
        uuid=str(act_uuid),
        payment_id=payment.provider_id,
        amount=amount,
        description=checkout.description,
    )
    ask(
        db,
        "refund",
        f"refund:payment:{payment.id}",
        account_id=checkout.provider_account_id,
        checkout_id=checkout.id,
        reason=reason,
        request=requests.dump(request),
        payment_id=payment.id,
        uuid=act_uuid,
        now=now,
    )


def expire_checkout(db: Session, checkout: CheckoutSession, *, now: datetime) -> None:
    """Ask for a provider page to be closed on which the same thing could be paid again."""
    expire(db, checkout.id, account_id=checkout.provider_account_id, now=now)


def expire(db: Session, checkout_id: int, *, account_id: int, now: datetime) -> None:
    """Do what `expire_checkout` does, for a checkout that is not loaded."""
    ask(
        db,
        "expire_checkout",
        f"expire:checkout:{checkout_id}",
        account_id=account_id,
        checkout_id=checkout_id,
        reason="replaced",
        now=now,
    )


def due(db: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Answer the acts that wait to be done."""
    return list(
        db.scalars(
            select(_ACT.c.id)
            .where(_ACT.c.state == "waiting", _ACT.c.next_try_at <= now)
            .order_by(_ACT.c.next_try_at)
            .limit(limit)
        )
    )


def waiting_for(db: Session, checkout_id: int) -> list[int]:
    """Answer the acts a checkout waits for."""
    found = db.connection().execute(_FOR_CHECKOUT, {"checkout_id": checkout_id})
    return list(found.scalars())


def reason_of(db: Session, uuid: str | None) -> str | None:
    """Answer why an act of ours was asked for, by the uuid the provider keeps of it."""
    if uuid is None:
        return None
    try:
        wanted = UUID(uuid)
    except ValueError:
        return None
    return db.scalars(select(_ACT.c.reason).where(_ACT.c.uuid == wanted)).first()


def waiting_for_subscription(db: Session, subscription_id: int) -> list[int]:
    """Answer the acts a subscription waits for."""
    found = db.connection().execute(_FOR_PLAN, {"subscription_id": subscription_id})
    return list(found.scalars())


def ask(
    db: Session,
    kind: str,
    effect: str,
    *,
    account_id: int,
    reason: str,
    now: datetime,
    request: str = "",
    uuid: UUID | None = None,
    checkout_id: int | None = None,
    subscription_id: int | None = None,
    subscription_change_id: int | None = None,
    payment_id: int | None = None,
    payment_method_id: int | None = None,
    user_id: int | None = None,
) -> int:
    """Ask for an act, in the transaction of the change that needs it, and answer its row.

    `effect` names it: asked for again it is the same act. What was done stays done; what failed is
    tried again. `request` is what is sent, from `requests.dump`; `uuid` is ours in it where the
    provider keeps one. Raises Conflict for what people ask at an account that was disconnected.
    """
    known = _ACT.c.effect == effect
    # An insert would wait for whoever is writing what came of the act, who may wait for a row that
    # we hold.
    found = db.scalars(select(_ACT.c.id).where(known, _ACT.c.state != "failed")).first()
    if found is not None:
        return int(found)
    if kind in _ASKED_BY_PEOPLE:
        provider_accounts.require_within_reach(db, account_id)
    asked = once.insert(
        db,
        Act,
        {
            "uuid": uuid or uuid4(),
            "effect": effect,
            "kind": kind,
            "reason": reason,
            "provider_account_id": account_id,
            "checkout_id": checkout_id,
            "subscription_id": subscription_id,
            "subscription_change_id": subscription_change_id,
            "payment_id": payment_id,
            "payment_method_id": payment_method_id,
            "user_id": user_id,
            "idempotency_key": str(uuid4()),
            "request": request,
            "next_try_at": now,
        },
    )
    if asked is not None:
        return asked
    db.execute(
        update(_ACT)
        .where(known, _ACT.c.state == "failed")
        .values(state="waiting", idempotency_key=None, next_try_at=now)
    )
    return int(db.scalars(select(_ACT.c.id).where(known)).one())

"""Acts: what the truth asks us to do at a provider, stored before it is done."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing import requests
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
    _ask(
        db,
        checkout,
        "begin_subscription",
        f"begin:subscription:{subscription.id}",
        reason="first_payment_paid",
        request=requests.dump(request),
        subscription_id=subscription.id,
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
    """Ask for the end of a provider subscription that must not go on."""
    request = requests.Cancellation(state.provider_id, state.customer_id)
    _ask(
        db,
        checkout,
        "cancel_subscription",
        f"cancel:subscription:{checkout.provider_account_id}:{state.provider_id}",
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
    _ask(
        db,
        checkout,
        "refund",
        f"refund:payment:{payment.id}",
        reason=reason,
        request=requests.dump(request),
        payment_id=payment.id,
        uuid=act_uuid,
        now=now,
    )


def expire_checkout(db: Session, checkout: CheckoutSession, *, now: datetime) -> None:
    """Ask for a provider page to be closed on which the same thing could be paid again."""
    _ask(
        db,
        checkout,
        "expire_checkout",
        f"expire:checkout:{checkout.id}",
        reason="replaced",
        request="",
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
    return list(
        db.scalars(
            select(_ACT.c.id)
            .where(_ACT.c.checkout_id == checkout_id, _ACT.c.state == "waiting")
            .order_by(_ACT.c.id)
        )
    )


def _ask(
    db: Session,
    checkout: CheckoutSession,
    kind: str,
    effect: str,
    *,
    reason: str,
    request: str,
    now: datetime,
    **links: object,
) -> None:
    asked = once.insert(
        db,
        Act,
        {
            "effect": effect,
            "kind": kind,
            "reason": reason,
            "provider_account_id": checkout.provider_account_id,
            "checkout_id": checkout.id,
            "idempotency_key": str(uuid4()),
            "request": request,
            "next_try_at": now,
            **links,
        },
    )
    if asked is None:
        # Asked for before: what failed then is tried again, what was done stays done.
        db.execute(
            update(_ACT)
            .where(_ACT.c.effect == effect, _ACT.c.state == "failed")
            .values(state="waiting", idempotency_key=None, next_try_at=now)
        )

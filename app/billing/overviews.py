"""The overview of a tenant's billing: what runs, what it costs next, and what was paid."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.billing import payment_methods, timeline
from app.models import (
    CheckoutSession,
    Payment,
    PaymentMethod,
    Price,
    Subscription,
    Tenant,
    TimelineEntry,
)
from app.models.checkout_session import PENDING
from app.models.subscription import RUNNING
from app.money import Money


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment and the purchase it was for."""

    payment: Payment
    checkout_uuid: UUID | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will happen if nobody does anything."""

    at: datetime
    kind: Literal["renewal", "ends", "trial_ends", "card_expires"]
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows. `pending` is a purchase that is not decided yet."""

    subscription: Subscription | None
    next_charge: Money | None
    next_charge_at: datetime | None
    payment_method: PaymentMethod | None
    payments: list[Paid]
    pending: CheckoutSession | None
    forecast: list[Forecast]
    timeline: list[TimelineEntry]


def show(db: Session, tenant: Tenant) -> Overview:
    """Answer a tenant's billing at a glance, in the app's mode; the app must be loaded."""
    subscription = _subscription(db, tenant)
    methods = payment_methods.listed(db, tenant)
    method = _method(methods, subscription)
    renews = subscription is not None and subscription.status in (
        "active",
        "trialing",
        "past_due",
    )
    return Overview(
        subscription=subscription,
        next_charge=subscription.renewal if subscription and renews else None,
        next_charge_at=subscription.period_end if subscription and renews else None,
        payment_method=method,
        payments=_payments(db, tenant),
        pending=_pending(db, tenant),
        forecast=_forecast(subscription, method),
        timeline=timeline.recent(db, tenant.id, livemode=tenant.app.livemode),
    )


def _subscription(db: Session, tenant: Tenant) -> Subscription | None:
    """The plan that runs, else the one that ran last."""
    found = (
        select(Subscription)
        .join(Subscription.price)
        .options(
            contains_eager(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .where(
            Subscription.tenant_id == tenant.id,
            Subscription.livemode == tenant.app.livemode,
            Subscription.is_duplicate.is_(False),
        )
        .order_by(Subscription.status.in_(RUNNING).desc(), Subscription.id.desc())
        .limit(1)
    )
    return db.scalars(found).first()


def _method(
    methods: list[PaymentMethod], subscription: Subscription | None
) -> PaymentMethod | None:
    charged = subscription.payment_method_id if subscription else None
    return next((method for method in methods if method.id == charged), None) or next(
        iter(methods), None
    )


def _payments(db: Session, tenant: Tenant) -> list[Paid]:
    rows = db.execute(
        select(Payment, CheckoutSession.uuid)
        .outerjoin(CheckoutSession, CheckoutSession.id == Payment.checkout_id)
        .where(
            Payment.tenant_id == tenant.id,
            Payment.livemode == tenant.app.livemode,
            Payment.status.in_(("paid", "processing")),
        )
        .order_by(Payment.id.desc())
        .limit(5)
    )
    return [Paid(payment, checkout_uuid) for payment, checkout_uuid in rows]


def _pending(db: Session, tenant: Tenant) -> CheckoutSession | None:
    return db.scalars(
        select(CheckoutSession)
        .where(
            CheckoutSession.tenant_id == tenant.id,
            CheckoutSession.livemode == tenant.app.livemode,
            CheckoutSession.state.in_(PENDING),
            CheckoutSession.slot.is_not(None),
            CheckoutSession.superseded_at.is_(None),
        )
        .order_by(CheckoutSession.id.desc())
        .limit(1)
    ).first()


def _forecast(subscription: Subscription | None, method: PaymentMethod | None) -> list[Forecast]:
    lines = []
    if subscription and subscription.is_running and subscription.period_end:
        if subscription.status == "canceling":
            lines.append(Forecast(subscription.period_end, "ends"))
        else:
            lines.append(Forecast(subscription.period_end, "renewal", subscription.renewal))
    if subscription and subscription.status == "trialing" and subscription.trial_end:
        lines.append(Forecast(subscription.trial_end, "trial_ends"))
    if method and method.exp_year and method.exp_month:
        last = calendar.monthrange(method.exp_year, method.exp_month)[1]
        expires = datetime(method.exp_year, method.exp_month, last, tzinfo=UTC)
        lines.append(Forecast(expires, "card_expires"))
    return sorted(lines, key=lambda line: line.at)

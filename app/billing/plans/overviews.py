"""The overview of a tenant's billing: what runs, what it costs next, and what was paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.methods import payment_methods
from app.billing.plans import forecasts, plan_rules, plan_switches, plans
from app.billing.plans.forecasts import Forecast
from app.billing.timeline import Happening
from app.models import (
    CheckoutSession,
    Invoice,
    Payment,
    PaymentMethod,
    Subscription,
    SubscriptionChange,
    Tenant,
)
from app.models.checkout_session import PENDING
from app.money import Money

RECENT = 5


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, the purchase it was for, and its invoice."""

    payment: Payment
    checkout_uuid: UUID | None
    invoice: Invoice | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows. `pending` is a purchase or set-up that is not decided yet, `change` what
    the plan will become; the next charge is the first one of the forecast."""

    subscription: Subscription | None
    next_charge: Money | None
    next_charge_at: datetime | None
    payment_method: PaymentMethod | None
    payments: list[Paid]
    pending: CheckoutSession | None
    forecast: list[Forecast]
    change: SubscriptionChange | None
    timeline: list[Happening]

    @property
    def can_change(self) -> bool:
        """The plan can become another one now; its page says why where it cannot."""
        plan = self.subscription
        return plan is not None and self.change is None and not plan_rules.why_fixed(plan)


def show(db: Session, tenant: Tenant, *, now: datetime, for_admin: bool = True) -> Overview:
    """Answer a tenant's billing at a glance, in the app's mode; the app must be loaded."""
    subscription = plans.shown(db, tenant)
    is_running = subscription is not None and subscription.is_running
    change = plan_switches.on_its_way(db, subscription.id) if subscription and is_running else None
    method = _method(payment_methods.listed(db, tenant), subscription)
    forecast = forecasts.of(db, subscription, method, change, now=now)
    charge = next((line for line in forecast if line.amount is not None), None)
    return Overview(
        subscription=subscription,
        next_charge=charge.amount if charge else None,
        next_charge_at=charge.at if charge else None,
        payment_method=method,
        payments=_payments(db, tenant),
        pending=_pending(db, tenant),
        forecast=forecast,
        change=change,
        timeline=timeline.of_tenant(db, tenant, limit=RECENT, for_admin=for_admin).happenings,
    )


def _method(
    methods: list[PaymentMethod], subscription: Subscription | None
) -> PaymentMethod | None:
    charged = subscription.payment_method_id if subscription else None
    return next((method for method in methods if method.id == charged), None) or next(
        iter(methods), None
    )


def _payments(db: Session, tenant: Tenant) -> list[Paid]:
    rows = db.execute(
        select(Payment, CheckoutSession.uuid, Invoice)
        .outerjoin(CheckoutSession, CheckoutSession.id == Payment.checkout_id)
        .outerjoin(Invoice, Invoice.payment_id == Payment.id)
        .where(
            Payment.tenant_id == tenant.id,
            Payment.livemode == tenant.app.livemode,
            Payment.status.in_(("paid", "processing")),
        )
        .order_by(Payment.id.desc())
        .limit(5)
    )
    return [Paid(*row) for row in rows]


def _pending(db: Session, tenant: Tenant) -> CheckoutSession | None:
    """The newest order that is not decided, of each thing at most one is; what buys something comes
    before what only saves a payment method."""
    waiting = db.scalars(
        select(CheckoutSession).where(
            CheckoutSession.tenant_id == tenant.id,
            CheckoutSession.livemode == tenant.app.livemode,
            # Written out, so that SQLite sees that the index of held slots serves.
            CheckoutSession.state.in_(
                bindparam("pending", PENDING, expanding=True, literal_execute=True)
            ),
            CheckoutSession.slot.is_not(None),
            CheckoutSession.superseded_at.is_(None),
        )
    )
    return max(waiting, key=lambda checkout: (checkout.mode != "setup", checkout.id), default=None)

"""The plan as its page shows it: what it costs, what is charged next, and what is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.plans import cancelations, plan_rules, plan_switches, plans
from app.billing.site import Site
from app.billing.text import Text
from app.models import (
    Act,
    Invoice,
    Payment,
    PaymentMethod,
    Subscription,
    SubscriptionChange,
    Tenant,
)
from app.money import Money, zero

Waiting = Literal["cancel_subscription", "resume_subscription"]
_CHARGED = ("active", "trialing")
_UNPAID = ("past_due", "unpaid", "incomplete", "paused")


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What the page shows of a plan.

    `next_charge` falls due at `next_charge_at` if nobody does anything. `overdue` is what is due
    already; `action_url` is the provider's page where it can be paid or confirmed. `waiting` is
    what was asked for and the provider has not answered yet. `fixed` says why the plan cannot be
    changed now, and `can_cancel`, `can_resume` whether the buttons for it are shown. `is_paid_up`
    says that the time that is paid for is not over.
    """

    subscription: Subscription
    provider_name: str
    method: PaymentMethod | None
    change: SubscriptionChange | None
    next_charge: Money | None
    next_charge_at: datetime | None
    overdue: Money | None
    needs_action: bool
    action_url: str | None
    waiting: Waiting | None
    fixed: Text | None
    can_cancel: bool
    can_resume: bool
    is_paid_up: bool

    @property
    def credit(self) -> Money:
        """What the provider takes off the next charges."""
        return Money(self.subscription.credit, self.subscription.currency)

    @property
    def is_waiting(self) -> bool:
        """The provider has still to do what was asked."""
        is_changing = self.change is not None and self.change.state == "confirmed"
        return is_changing or self.waiting is not None


def show(db: Session, site: Site, tenant: Tenant) -> PlanSummary | None:
    """Answer the plan that runs, else the one that ran last; None where there never was one. The
    tenant's app must be loaded."""
    subscription = plans.shown(db, tenant)
    if subscription is None:
        return None
    change = plan_switches.on_its_way(db, subscription.id)
    invoice, payment = _open_invoice(db, subscription), _latest_payment(db, subscription)
    is_ending = cancelations.is_set_to_end(subscription)
    charge = _next_charge(subscription, change)
    return PlanSummary(
        subscription=subscription,
        provider_name=site.capabilities(subscription.provider_account.provider).name,
        method=_method(db, subscription),
        change=change,
        next_charge=charge,
        next_charge_at=subscription.period_end if charge is not None else None,
        overdue=_overdue(subscription, invoice),
        needs_action=payment is not None and payment.status == "action_needed",
        action_url=invoice.hosted_url if invoice else None,
        waiting=_waiting(db, subscription),
        fixed=plan_rules.why_fixed(subscription),
        can_cancel=subscription.is_running
        and subscription.provider_id is not None
        and not is_ending,
        can_resume=is_ending and not _is_over(site, subscription),
        is_paid_up=not _is_over(site, subscription),
    )


def _next_charge(subscription: Subscription, change: SubscriptionChange | None) -> Money | None:
    if subscription.status not in _CHARGED or subscription.period_end is None:
        return None
    is_switched = change is not None and change.moment == "period_end"
    full = change.total if change is not None and is_switched else subscription.total
    return Money(max(full - subscription.credit, 0), subscription.currency)


def _overdue(subscription: Subscription, invoice: Invoice | None) -> Money | None:
    if subscription.status not in _UNPAID:
        return None
    if invoice is not None:
        return invoice.amount
    is_late = subscription.status in ("past_due", "unpaid")
    return subscription.renewal if is_late else zero(subscription.currency)


def _open_invoice(db: Session, subscription: Subscription) -> Invoice | None:
    """The newest invoice of the provider that is still to be paid."""
    found = (
        select(Invoice)
        .where(Invoice.subscription_id == subscription.id, Invoice.status == "open")
        .order_by(Invoice.issued_at.desc(), Invoice.id.desc())
        .limit(1)
    )
    return db.scalars(found).first()


def _latest_payment(db: Session, subscription: Subscription) -> Payment | None:
    found = (
        select(Payment)
        .where(Payment.subscription_id == subscription.id)
        .order_by(Payment.attempted_at.desc(), Payment.id.desc())
        .limit(1)
    )
    return db.scalars(found).first()


def _method(db: Session, subscription: Subscription) -> PaymentMethod | None:
    if subscription.payment_method_id is None:
        return None
    method = db.get(PaymentMethod, subscription.payment_method_id)
    return method if method is not None and method.removed_at is None else None


def _waiting(db: Session, subscription: Subscription) -> Waiting | None:
    asked = select(Act.kind).where(
        Act.subscription_id == subscription.id,
        Act.state == "waiting",
        Act.reason == "asked",
        Act.kind.in_(("cancel_subscription", "resume_subscription")),
    )
    kind = db.scalars(asked.order_by(Act.id.desc()).limit(1)).first()
    if kind == "cancel_subscription":
        return "cancel_subscription"
    return "resume_subscription" if kind else None


def _is_over(site: Site, subscription: Subscription) -> bool:
    until = subscription.period_end
    return until is not None and site.clock.now() >= until

"""Chargebacks: a payer's bank took the money back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.mail import notices
from app.billing.plans import plan_states
from app.billing.truth import acts
from app.models import Payment, Subscription


def apply(
    db: Session,
    subscription: Subscription,
    payment: Payment,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Tell of a chargeback, and end the plan whose running period it unpays: who disputes a charge
    would dispute the next one too, and each costs a fee. The caller holds the plan's lock."""
    ends = _pays_running_period(subscription, payment)
    notices.charged_back(db, payment, subscription, is_over=ends, cause=cause, now=now)
    if ends:
        plan_states.finish(subscription, reason="charged_back", at=now)
        acts.end_subscription(db, subscription, reason="charged_back", now=now)


def _pays_running_period(subscription: Subscription, payment: Payment) -> bool:
    if not subscription.is_running or payment.period_end is None:
        return False
    return subscription.period_end is None or payment.period_end >= subscription.period_end

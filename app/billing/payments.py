"""Payments: each attempt at a provider as it is there now, one row each."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import once
from app.models import CheckoutSession, Payment, Subscription
from app.providers.base import PaymentState


def record(db: Session, state: PaymentState, subject: CheckoutSession | Subscription) -> Payment:
    """Write what the provider says of an attempt, and answer its row.

    What a row was first recorded for stays: an attempt is never moved to another purchase. Paid is
    final at a provider, so an answer that knows less is the older one of two that crossed.
    """
    payment = _row(db, state, subject)
    if payment.is_paid and state.status != "paid":
        return payment
    payment.status = state.status
    payment.refunded = state.refunded.minor
    payment.charged_back = state.charged_back.minor
    payment.method = state.method or payment.method
    payment.brand = state.brand or payment.brand
    payment.last4 = state.last4 or payment.last4
    payment.decline = state.decline
    payment.paid_at = state.paid_at
    if isinstance(subject, Subscription) and payment.subscription_id is None:
        payment.subscription_id = subject.id
    return payment


def _row(db: Session, state: PaymentState, subject: CheckoutSession | Subscription) -> Payment:
    is_checkout = isinstance(subject, CheckoutSession)
    once.insert(
        db,
        Payment,
        {
            "app_id": subject.app_id,
            "tenant_id": subject.tenant_id,
            "provider_account_id": subject.provider_account_id,
            "checkout_id": subject.id if is_checkout else None,
            "subscription_id": None if is_checkout else subject.id,
            "provider_id": state.provider_id,
            "livemode": subject.livemode,
            "status": state.status,
            "amount": state.amount.minor,
            "currency": state.amount.currency,
            "attempted_at": state.created_at,
        },
    )
    return db.scalars(
        select(Payment).where(
            Payment.provider_account_id == subject.provider_account_id,
            Payment.provider_id == state.provider_id,
        )
    ).one()

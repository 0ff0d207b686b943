"""Obstacles: why a payment that is in doubt cannot simply be accepted by a person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.errors import Conflict
from app.billing.plans import subscriptions, trials
from app.db import lock
from app.models import Act, CheckoutSession, Payment, PaymentMethod, Price, Tenant
from app.providers.base import CheckoutState


def require_none(
    db: Session,
    checkout: CheckoutSession,
    state: CheckoutState,
    method: PaymentMethod | None,
    paid: list[Payment],
) -> None:
    """Raise Conflict, saying why, where what was paid for cannot be given."""
    _require_money(db, checkout, state, paid)
    if checkout.mode == "subscription":
        _require_no_other_plan(db, checkout)
    if checkout.mode != "payment":
        _require_way_to_charge(state, method)


def _require_money(
    db: Session, checkout: CheckoutSession, state: CheckoutState, paid: list[Payment]
) -> None:
    if checkout.verdict == "given_back" or _goes_back(db, checkout):
        raise Conflict("This payment is being given back, so it cannot be accepted any more.")
    is_free = trials.is_verification(checkout)
    if not is_free and not any(payment.remaining for payment in paid):
        raise Conflict(
            "The payment provider does not have this money now: it has not arrived yet, or it went"
            " back. Look again later."
        )
    if is_free and state.status != "complete":
        raise Conflict("The payment provider has not confirmed this order yet. Look again later.")


def _goes_back(db: Session, checkout: CheckoutSession) -> bool:
    asked = select(Act.id).where(
        Act.checkout_id == checkout.id,
        Act.kind == "refund",
        Act.reason.in_(("duplicate", "review")),
        Act.state != "failed",
    )
    return db.scalars(asked.limit(1)).first() is not None


def _require_no_other_plan(db: Session, checkout: CheckoutSession) -> None:
    if checkout.tenant_id is None or checkout.family is None:
        raise Conflict("Nobody is known whose plan this would be. Give the money back instead.")
    lock.one(db, Tenant, checkout.tenant_id)
    running = subscriptions.running(
        db, checkout.tenant_id, livemode=checkout.livemode, family=checkout.family
    )
    if running is not None and running.checkout_id != checkout.id:
        plan = db.get_one(Price, running.price_id).product.name
        raise Conflict(
            "%(plan)s runs for this company already, and a second plan beside it would be charged"
            " too. End it first, or give this payment back.",
            plan=plan,
        )


def _require_way_to_charge(state: CheckoutState, method: PaymentMethod | None) -> None:
    if state.subscription is not None:
        if state.subscription.status == "canceled":
            raise Conflict(
                "The plan has ended at the payment provider, so it cannot begin here. Give the"
                " money back, and let the customer order again."
            )
    elif method is None or not method.is_usable:
        raise Conflict(
            "The bank has not allowed further charges, so the plan could not go on. Look again"
            " later, or give the money back."
        )

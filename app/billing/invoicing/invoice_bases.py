"""Invoice bases: what may have been agreed for a charge, so that its figures can be told."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.invoicing.invoice_figures import Basis
from app.billing.ordering import checkout_orders
from app.models import CheckoutSession, Payment, Price, Subscription, SubscriptionChange
from app.providers.base import Interval, Line, TaxBehavior


def of_payment(
    db: Session,
    payment: Payment,
    subscription: Subscription | None,
    checkout: CheckoutSession | None,
) -> list[Basis]:
    """Answer what may have been agreed for a payment, the likeliest first: a charge can come in
    after the plan has changed. `checkout` is the purchase itself, or the one that began the plan.
    """
    bought = [_of_checkout(checkout)] if checkout is not None else []
    if subscription is None:
        return bought
    plans: list[Subscription | SubscriptionChange] = [subscription, *_changes(db, subscription)]
    charged = [_of_plan(plan, subscription.tax_percentage) for plan in plans]
    return [*bought, *charged] if payment.checkout_id is not None else [*charged, *bought]


def _changes(db: Session, subscription: Subscription) -> list[SubscriptionChange]:
    found = select(SubscriptionChange).where(
        SubscriptionChange.subscription_id == subscription.id,
        SubscriptionChange.state.in_(("done", "scheduled")),
    )
    return list(db.scalars(found.order_by(SubscriptionChange.id.desc())))


def _of_checkout(checkout: CheckoutSession) -> Basis:
    return Basis(
        net=checkout.net,
        tax=checkout.tax,
        total=checkout.total,
        percentage=checkout.tax_percentage or Decimal(0),
        lines=_ordered(checkout),
        price_row=checkout.price_id,
    )


def _ordered(checkout: CheckoutSession) -> tuple[Line, ...]:
    lines = checkout_orders.details_of(checkout).lines if checkout.details is not None else ()
    if lines:
        return lines
    if checkout.price is not None:
        return (_priced(checkout.price, checkout.quantity),)
    return (Line(checkout.description, checkout.due_today, 1, tax_behavior="inclusive"),)


def _of_plan(plan: Subscription | SubscriptionChange, percentage: Decimal | None) -> Basis:
    return Basis(
        net=plan.net,
        tax=plan.tax,
        total=plan.total,
        percentage=percentage or Decimal(0),
        lines=(_priced(plan.price, plan.quantity),),
        price_row=plan.price_id,
    )


def _priced(price: Price, quantity: int) -> Line:
    return Line(
        name=price.product.name,
        unit_amount=price.amount,
        quantity=quantity,
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        interval=cast("Interval | None", price.interval),
    )

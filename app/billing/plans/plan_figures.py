"""What a changed plan comes to each period, and the request that asks a provider for it.

The tax of a plan was decided when it was bought: rule and percentage stay, whatever it changes to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.catalogue import provider_prices
from app.billing.plans import periods
from app.billing.site import Site
from app.billing.tax import tax_amounts, tax_rates
from app.billing.tax.tax_amounts import Amounts, Behavior
from app.models import CheckoutSession, Price, Subscription, TaxRate
from app.models import SubscriptionChange as SubscriptionChangeRow
from app.money import Money
from app.providers.base import Interval, Line, SubscriptionChange

Moment = Literal["now", "period_end"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a plan shall become, and from when; `at` is the second proration counts from, or the
    charge it begins with, where that is known. `restarts` says that the interval becomes another
    one than the provider has now."""

    price: Price
    quantity: int
    total: Money
    moment: Moment
    restarts: bool
    at: datetime | None = None


def per_period(site: Site, subscription: Subscription, price: Price, quantity: int) -> Amounts:
    """Answer what a price and quantity cost each period with the tax the plan was bought with."""
    capabilities = site.capabilities(subscription.provider_account.provider)
    behavior: Behavior = "inclusive" if price.tax_behavior == "inclusive" else "exclusive"
    percentage = subscription.tax_percentage or Decimal(0)
    return tax_amounts.apply(
        [(price.amount, quantity, behavior)], percentage, capabilities.tax_rounding
    )


def split(subscription: Subscription, total: Money) -> tuple[int, int, int]:
    """Answer (net, tax, total) of an amount that holds the tax the plan was bought with."""
    rate = subscription.tax_percentage or Decimal(0)
    tax = total.portion(100 * rate / (100 + rate))
    return (total - tax).minor, tax.minor, total.minor


def request(
    db: Session, site: Site, subscription: Subscription, target: Target
) -> SubscriptionChange:
    """Answer what the provider is asked for; it is stored and never made anew. Commits, and raises
    `providers.errors.ProviderError`: price and tax rate are made at the provider first where it
    keeps them."""
    price, account = target.price, subscription.provider_account
    provider_id, customer_id = subscription.provider_id, subscription.customer_provider_id
    assert provider_id is not None and customer_id is not None
    keeps_prices = site.capabilities(account.provider).tax_rates
    rate_id = _rate(db, site, subscription, price) if keeps_prices else None
    line = Line(
        name=price.product.name,
        description=price.product.description,
        unit_amount=price.amount,
        quantity=target.quantity,
        tax_behavior=cast("Behavior", price.tax_behavior),
        # Mollie counts its dates anew when it is told an interval, even the same one.
        interval=cast(Interval, price.interval) if keeps_prices or target.restarts else None,
        provider_price_id=provider_prices.ensure(db, site, price, account),
        provider_tax_rate_id=rate_id,
        tax_percentage=subscription.tax_percentage,
    )
    db.commit()
    return SubscriptionChange(
        provider_id=provider_id,
        customer_id=customer_id,
        line=line,
        total=target.total,
        when=target.moment,
        proration_at=target.at if target.moment == "now" else None,
        start_date=None if keeps_prices else _start(target),
    )


def renews_at(subscription: Subscription, change: SubscriptionChangeRow) -> datetime | None:
    """Answer when the new price is first charged for a whole period."""
    if change.moment == "period_end":
        return change.takes_effect_at
    interval = change.price.interval
    if change.state == "previewed" and interval != subscription.price.interval:
        assert interval is not None
        return periods.after(change.takes_effect_at, interval)
    return subscription.period_end


def basis(subscription: Subscription) -> str:
    """Answer a digest of what the figures of a change rest on: with another one they are stale."""
    end = subscription.period_end
    facts = [
        subscription.provider_id,
        subscription.status,
        subscription.price_id,
        subscription.quantity,
        subscription.total,
        subscription.credit,
        end.isoformat() if end else None,
    ]
    return sha256(json.dumps(facts).encode()).hexdigest()


def _start(target: Target) -> date | None:
    return target.at.date() if target.restarts and target.at else None


def _rate(db: Session, site: Site, subscription: Subscription, price: Price) -> str | None:
    """The tax rate of the purchase as the new price needs it: on top, or held in it."""
    rate = db.scalars(
        select(TaxRate)
        .join(CheckoutSession, CheckoutSession.tax_rate_id == TaxRate.id)
        .where(CheckoutSession.id == subscription.checkout_id)
    ).first()
    if rate is None:
        return None
    inclusive = price.tax_behavior == "inclusive"
    return tax_rates.ensure(db, site, rate, subscription.provider_account, inclusive=inclusive)

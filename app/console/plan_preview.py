"""How a product looks on the plans page, for its owner."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.billing.catalogue import products
from app.billing.catalogue.products import OfferedPlan
from app.models import Price, Product
from app.money import Money, round_half_up


@dataclass(frozen=True, slots=True)
class Preview:
    """One card of the plans page, with nothing to choose."""

    currency: str
    slug: str
    name: str
    description: str | None
    features: tuple[str, ...]
    month: Money | None
    year: Money | None
    monthly: Money | None
    once: Money | None
    month_trial: int
    year_trial: int
    is_current: bool = False
    is_sold: bool = False


def of(product: Product) -> list[Preview]:
    """Answer the cards of a product, one for each currency it is sold in; plans and what is paid
    once stand in groups of their own."""
    sold = [price for price in product.prices if price.archived_at is None]
    if product.archived_at is not None:
        return []
    return [
        _card(currency, plan)
        for currency in dict.fromkeys(price.currency for price in sold)
        for plan in _plans(sold, currency)
    ]


def newest(product: Product) -> set[int]:
    """Answer the ids of the prices that the plans page offers: of several for one currency and
    period the newest."""
    sold = [price for price in product.prices if price.archived_at is None]
    return set({(price.currency, price.interval): price.id for price in sold}.values())


def _plans(sold: list[Price], currency: str) -> tuple[OfferedPlan, ...]:
    offer = products.arrange(
        sold,
        (),
        frozenset(),
        chosen=currency,
        country=None,
        is_fixed=False,
        currency=currency,
    )
    return (offer.plans or offer.one_time)[:1]


def _card(currency: str, plan: OfferedPlan) -> Preview:
    year = plan.year
    monthly = Money(round_half_up(Decimal(year.unit_amount) / 12), currency) if year else None
    return Preview(
        currency=currency,
        # Several cards of one product stand on its page, and each is called otherwise.
        slug=f"{plan.product.slug}-{currency.lower()}",
        name=plan.product.name,
        description=plan.product.description,
        features=tuple(plan.product.features),
        month=plan.month.amount if plan.month else None,
        year=year.amount if year else None,
        monthly=monthly,
        once=plan.once.amount if plan.once else None,
        month_trial=plan.month.trial_days if plan.month else 0,
        year_trial=year.trial_days if year else 0,
    )

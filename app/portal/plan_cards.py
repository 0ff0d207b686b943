"""The cards of the plans page: drawn once for every tenant that is offered the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from flask import render_template
from markupsafe import Markup

from app.billing.products import OfferedPlan
from app.models import Price
from app.money import Money, round_half_up


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows; `monthly` is the yearly price spread over its months."""

    slug: str
    name: str
    description: str | None
    features: tuple[str, ...]
    month: Money | None
    year: Money | None
    monthly: Money | None
    once: Money | None
    is_current: bool
    is_sold: bool


def draw(
    plans: Iterable[OfferedPlan], *, is_sold: bool, chosen: str | None, language: str
) -> Markup:
    """Answer the cards as HTML in a language, the chosen one pressed."""
    cards = tuple(_card(plan, is_sold) for plan in plans)
    slugs = {card.slug for card in cards}
    return _drawn(cards, chosen if chosen in slugs else None, language)


# Most of the page is its cards, and they are the same for every visitor of an app. The key is all
# that they show, so a changed price is a new key.
@lru_cache(256)
def _drawn(cards: tuple[Card, ...], chosen: str | None, _language: str) -> Markup:
    return Markup(render_template("portal/plans/_cards.html", cards=cards, chosen=chosen))


def _card(plan: OfferedPlan, is_sold: bool) -> Card:
    product = plan.product
    return Card(
        slug=product.slug,
        name=product.name,
        description=product.description,
        features=tuple(product.features),
        month=_amount(plan.month),
        year=_amount(plan.year),
        monthly=_monthly(plan.year),
        once=_amount(plan.once),
        is_current=plan.is_current,
        is_sold=is_sold,
    )


def _amount(price: Price | None) -> Money | None:
    return price.amount if price else None


def _monthly(year: Price | None) -> Money | None:
    if year is None:
        return None
    return Money(round_half_up(Decimal(year.unit_amount) / 12), year.currency)

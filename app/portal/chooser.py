"""What stands on the plans page between its heading and its end, as values.

Most visitors have chosen nothing yet, and all who are offered the same see the same: that much of
the page is worked out and drawn once, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from flask import render_template
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from app.billing.catalogue.products import Offer, OfferedPlan
from app.models import Price
from app.money import Money, round_half_up, zero
from app.portal.plan_form import PlanForm


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows; `monthly` is the yearly price spread over its months, the trials are in
    days."""

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
    month_trial: int
    year_trial: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The order as chosen so far; tax comes with the next step. With a trial nothing is due
    today."""

    name: str
    interval: str | None
    unit: Money
    quantity: int
    includes_tax: bool
    trial_days: int

    @property
    def amount(self) -> Money:
        """The unit price times the quantity."""
        return self.unit * self.quantity

    @property
    def today(self) -> Money:
        """What of it is due today."""
        return zero(self.unit.currency) if self.trial_days else self.amount


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form holds, with the first problem of each field."""

    interval: str | None = None
    plan: str | None = None
    quantity: str | None = "1"
    interval_problem: str | None = None
    plan_problem: str | None = None
    quantity_problem: str | None = None


@dataclass(frozen=True, slots=True)
class Chooser:
    """The offer and the choice, as they are shown."""

    may_buy: bool
    running: str | None
    intervals: tuple[str, ...]
    saving: int | None
    currencies: tuple[str, ...]
    currency: str
    plans: tuple[Card, ...]
    one_time: tuple[Card, ...]
    chosen: Chosen
    draft: Draft | None
    may_change: bool = False

    @property
    def sells(self) -> bool:
        """There is something to choose."""
        return self.may_buy and (not self.running or bool(self.one_time))


def make(offer: Offer, form: PlanForm, *, may_buy: bool, may_change: bool = False) -> Chooser:
    """Answer what the page shows of an offer and a choice; `may_change` leads from each plan to the
    page that changes the one that runs."""
    running = offer.running.price.product.name if offer.running else None
    return Chooser(
        may_buy=may_buy,
        running=running,
        intervals=offer.intervals if may_buy and not running else (),
        saving=_saving(offer),
        currencies=offer.currencies if may_buy and len(offer.currencies) > 1 else (),
        currency=offer.currency,
        plans=_cards(offer.plans, is_sold=may_buy and not running),
        one_time=_cards(offer.one_time, is_sold=may_buy),
        chosen=_chosen(form),
        draft=_draft(form),
        may_change=may_change and running is not None,
    )


def draw(offer: Offer, form: PlanForm, *, may_buy: bool, may_change: bool) -> Markup:
    """Answer it as HTML in the language of the page."""
    chooser = make(offer, form, may_buy=may_buy, may_change=may_change)
    return Markup(render_template("portal/plans/_chooser.html", chooser=chooser))


@lru_cache(256)
def draw_untouched(offer: Offer, _language: str, *, may_buy: bool) -> Markup:
    """Answer the same where nothing is chosen and no plan runs."""
    return draw(offer, PlanForm(offer, MultiDict()), may_buy=may_buy, may_change=False)


def _chosen(form: PlanForm) -> Chosen:
    def problem(errors: Iterable[str]) -> str | None:
        return next((str(error) for error in errors), None)

    return Chosen(
        interval=form.interval.data,
        plan=form.plan.data,
        quantity=form.quantity.data,
        interval_problem=problem(form.interval.errors),
        plan_problem=problem(form.plan.errors),
        quantity_problem=problem(form.quantity.errors),
    )


def _draft(form: PlanForm) -> Draft | None:
    price, quantity = form.price, form.whole_quantity
    if price is None or quantity is None:
        return None
    return Draft(
        name=price.product.name,
        interval=price.interval,
        unit=price.amount,
        quantity=quantity,
        includes_tax=price.tax_behavior == "inclusive",
        trial_days=_trial(form.chosen, price),
    )


def _cards(plans: Iterable[OfferedPlan], *, is_sold: bool) -> tuple[Card, ...]:
    return tuple(
        Card(
            slug=plan.product.slug,
            name=plan.product.name,
            description=plan.product.description,
            features=tuple(plan.product.features),
            month=_amount(plan.month),
            year=_amount(plan.year),
            monthly=_monthly(plan.year),
            once=_amount(plan.once),
            is_current=plan.is_current,
            is_sold=is_sold,
            month_trial=_trial(plan, plan.month),
            year_trial=_trial(plan, plan.year),
        )
        for plan in plans
    )


def _amount(price: Price | None) -> Money | None:
    return price.amount if price else None


def _trial(plan: OfferedPlan | None, price: Price | None) -> int:
    return price.trial_days if plan and price and plan.has_trial and not plan.is_current else 0


def _monthly(year: Price | None) -> Money | None:
    if year is None:
        return None
    return Money(round_half_up(Decimal(year.unit_amount) / 12), year.currency)


def _saving(offer: Offer) -> int | None:
    """How many months are free for a yearly payer, where every plan agrees on it."""
    savings = {plan.saving for plan in offer.plans if plan.year}
    return savings.pop() if len(savings) == 1 else None

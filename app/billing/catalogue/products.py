"""What an app sells, as a tenant is offered it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from app.billing.errors import NotFound
from app.billing.ordering.buyers import BuyingTenant
from app.billing.plans import trials
from app.billing.tenants import tenant_currencies
from app.models import Price, Product, Subscription, Tenant
from app.models.subscription import RUNNING

FAMILY = "default"
_INTERVALS = ("month", "year")
# PostgreSQL refuses a NUL in any text it is asked for; an id of ours has no such character.
_PRICE_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True, slots=True)
class OfferedPlan:
    """A product and its prices in the tenant's currency. `saving` is how many months of the yearly
    price are free, where that is a whole number. `is_current` marks the plan that runs. `has_trial`
    says that the tenant could still have the trial of its prices."""

    product: Product
    month: Price | None = None
    year: Price | None = None
    once: Price | None = None
    saving: int | None = None
    is_current: bool = False
    has_trial: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What the plans page shows. `currencies` could be chosen instead; it is empty once a purchase
    has fixed the currency. `running` is the subscription of the default family."""

    currency: str
    currencies: tuple[str, ...]
    intervals: tuple[str, ...]
    plans: tuple[OfferedPlan, ...]
    one_time: tuple[OfferedPlan, ...]
    running: Subscription | None


# Built once: on the plans page building them costs more than running them.
_PRICES = (
    select(Price)
    .join(Price.product)
    .options(contains_eager(Price.product))
    .where(
        Product.app_id == bindparam("app_id"),
        Product.archived_at.is_(None),
        Product.deleted_at.is_(None),
        Price.archived_at.is_(None),
        Price.deleted_at.is_(None),
    )
    .order_by(Product.position, Product.id, Price.id)
)
_PRICE = _PRICES.where(Price.price_id == bindparam("price_id"))
_RUNNING = (
    select(Subscription)
    .join(Subscription.price)
    .join(Price.product)
    .options(contains_eager(Subscription.price).contains_eager(Price.product))
    .where(
        Subscription.tenant_id == bindparam("tenant_id"),
        Subscription.livemode == bindparam("livemode"),
        Subscription.status.in_(RUNNING),
        Subscription.is_duplicate.is_(False),
    )
)


def offer(db: Session, tenant: Tenant, currency: str | None = None) -> Offer:
    """Answer what a tenant can buy, in two or three queries, one more where prices give a trial;
    the tenant's app must be loaded.

    `currency` is what the payer looks at before choosing it; one that cannot be chosen is ignored.
    """
    is_fixed = tenant_currencies.has_bought(db, tenant)
    prices, livemode = for_sale(db, tenant.app_id), tenant.app.livemode
    return arrange(
        prices,
        running(db, tenant.id, livemode=livemode) if is_fixed else (),
        had_trials(db, prices, tenant.id, livemode=livemode) if is_fixed else frozenset(),
        chosen=tenant.currency,
        country=tenant.country,
        is_fixed=is_fixed,
        currency=currency,
    )


def arrange(
    prices: Sequence[Price],
    running: Sequence[Subscription],
    had: frozenset[str],
    *,
    chosen: str | None,
    country: str | None,
    is_fixed: bool,
    currency: str | None,
) -> Offer:
    """Arrange an app's prices for a tenant of a country that pays in `chosen`, if it chose, and
    that had a trial in the families `had`."""
    sold = tuple(dict.fromkeys(p.currency for p in sorted(prices, key=lambda p: p.id)))
    if is_fixed or currency not in sold:
        currency = chosen or tenant_currencies.home(country, sold)
    current = {subscription.price.product_id for subscription in running}
    # A plan that runs becomes another one without a trial.
    without = had | {subscription.family for subscription in running}
    offered = _offered([p for p in prices if p.currency == currency], current, without)
    plans = tuple(plan for plan in offered if plan.month or plan.year)
    return Offer(
        currency=currency,
        currencies=() if is_fixed else sold,
        intervals=tuple(i for i in _INTERVALS if any(getattr(plan, i) for plan in plans)),
        plans=plans,
        one_time=tuple(plan for plan in offered if plan.once),
        running=next((s for s in running if s.family == FAMILY), None),
    )


def find_price(db: Session, tenant: Tenant | BuyingTenant, price_id: str) -> Price:
    """Answer a price of the tenant's app by our `price_…` id, with its product.

    Raises NotFound for an unknown, archived or foreign one.
    """
    price = None
    if is_price_id(price_id):
        # PostgreSQL takes no NUL in a text, not even to compare it.
        asked = {"app_id": tenant.app_id, "price_id": price_id}
        price = db.scalars(_PRICE, asked).one_or_none()
    if price is None:
        raise NotFound("This price is not offered any more. Choose a plan again.", field="price")
    return price


def is_price_id(text: str) -> bool:
    """The text may name a price."""
    return _PRICE_ID.fullmatch(text) is not None


def for_sale(db: Session, app_id: int) -> Sequence[Price]:
    """Answer an app's prices with their products, in the order they are shown."""
    return db.scalars(_PRICES, {"app_id": app_id}).all()


def running(db: Session, tenant_id: int, *, livemode: bool) -> Sequence[Subscription]:
    """Answer the plans a tenant runs, with their prices and products."""
    return db.scalars(_RUNNING, {"tenant_id": tenant_id, "livemode": livemode}).all()


def had_trials(
    db: Session, prices: Iterable[Price], tenant_id: int, *, livemode: bool
) -> frozenset[str]:
    """Answer the families in which a tenant had a trial; asks nothing where no price gives one."""
    if not any(price.trial_days for price in prices):
        return frozenset()
    return trials.families(db, tenant_id, livemode=livemode)


def _offered(
    prices: Iterable[Price], current: set[int], without_trial: frozenset[str]
) -> list[OfferedPlan]:
    plans = []
    for product, of_product in groupby(prices, key=lambda price: price.product):
        # Where an app keeps two prices for the same interval, the newer one is offered.
        by_interval = {price.interval: price for price in of_product}
        month, year = by_interval.get("month"), by_interval.get("year")
        plans.append(
            OfferedPlan(
                product=product,
                month=month,
                year=year,
                once=by_interval.get(None),
                saving=_saving(month, year),
                is_current=product.id in current,
                has_trial=product.family not in without_trial,
            )
        )
    return plans


def _saving(month: Price | None, year: Price | None) -> int | None:
    if month is None or year is None or year.unit_amount >= 12 * month.unit_amount:
        return None
    saved, rest = divmod(12 * month.unit_amount - year.unit_amount, month.unit_amount)
    return None if rest else saved

"""What an app sells, as a tenant is offered it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from app.billing import tenants
from app.billing.errors import NotFound
from app.models import Price, Product, Subscription, Tenant
from app.models.subscription import RUNNING

FAMILY = "default"
_INTERVALS = ("month", "year")


@dataclass(frozen=True, slots=True)
class OfferedPlan:
    """A product and its prices in the tenant's currency. `saving` is how many months of the yearly
    price are free, where that is a whole number. `is_current` marks the plan that runs."""

    product: Product
    month: Price | None = None
    year: Price | None = None
    once: Price | None = None
    saving: int | None = None
    is_current: bool = False


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


def offer(db: Session, tenant: Tenant, currency: str | None = None) -> Offer:
    """Answer what a tenant can buy, in three queries; the tenant's app must be loaded.

    `currency` is what the payer looks at before choosing it; one that cannot be chosen is ignored.
    """
    prices = db.scalars(_prices(tenant.app_id)).all()
    running = _running(db, tenant)
    sold = tuple(dict.fromkeys(p.currency for p in sorted(prices, key=lambda p: p.id)))
    is_fixed = bool(running) or tenants.has_bought(db, tenant)
    if is_fixed or currency not in sold:
        currency = tenants.currency(tenant, sold)
    current = {subscription.price.product_id for subscription in running}
    offered = _offered([p for p in prices if p.currency == currency], current)
    plans = tuple(plan for plan in offered if plan.month or plan.year)
    return Offer(
        currency=currency,
        currencies=() if is_fixed else sold,
        intervals=tuple(i for i in _INTERVALS if any(getattr(plan, i) for plan in plans)),
        plans=plans,
        one_time=tuple(plan for plan in offered if plan.once),
        running=next((s for s in running if s.family == FAMILY), None),
    )


def find_price(db: Session, tenant: Tenant, price_id: str) -> Price:
    """Answer a price of the tenant's app by our `price_…` id, with its product.

    Raises NotFound for an unknown, archived or foreign one.
    """
    found = _prices(tenant.app_id).where(Price.price_id == price_id)
    price = db.scalars(found).one_or_none()
    if price is None:
        raise NotFound("This price is not offered any more. Choose a plan again.", field="price")
    return price


def _prices(app_id: int) -> Select[Price]:
    return (
        select(Price)
        .join(Price.product)
        .options(contains_eager(Price.product))
        .where(
            Product.app_id == app_id,
            Product.archived_at.is_(None),
            Product.deleted_at.is_(None),
            Price.archived_at.is_(None),
            Price.deleted_at.is_(None),
        )
        .order_by(Product.position, Product.id, Price.id)
    )


def _running(db: Session, tenant: Tenant) -> Sequence[Subscription]:
    found = (
        select(Subscription)
        .join(Subscription.price)
        .join(Price.product)
        .options(contains_eager(Subscription.price).contains_eager(Price.product))
        .where(
            Subscription.tenant_id == tenant.id,
            Subscription.livemode == tenant.app.livemode,
            Subscription.status.in_(RUNNING),
            Subscription.is_duplicate.is_(False),
        )
    )
    return db.scalars(found).all()


def _offered(prices: Iterable[Price], current: set[int]) -> list[OfferedPlan]:
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
            )
        )
    return plans


def _saving(month: Price | None, year: Price | None) -> int | None:
    if month is None or year is None or year.unit_amount >= 12 * month.unit_amount:
        return None
    saved, rest = divmod(12 * month.unit_amount - year.unit_amount, month.unit_amount)
    return None if rest else saved

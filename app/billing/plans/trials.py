"""Trials: a plan's first days without a charge, once for ever per tenant, mode and family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.billing.ordering.buyers import BuyingTenant
from app.billing.ordering.checkout_orders import VERIFICATION_MINOR, Trial
from app.billing.ordering.sold import SoldPrice
from app.models import CheckoutSession, Price, Subscription, Tenant
from app.money import Money
from app.providers.base import Capabilities, Mode


@dataclass(frozen=True, slots=True)
class PerPeriod:
    """What a plan costs each period, in minor units."""

    net: int
    tax: int
    total: int


# A plan that was kept as a duplicate had its trial too: it is told by its end, not by its use.
_HAD_ONE = select(
    exists().where(
        Subscription.tenant_id == bindparam("tenant_id"),
        Subscription.livemode == bindparam("livemode"),
        Subscription.family == bindparam("family"),
        Subscription.trial_end.is_not(None),
        Subscription.checkout_id.is_distinct_from(bindparam("checkout_id")),
    )
)


def days(
    db: Session,
    tenant: Tenant | BuyingTenant,
    price: Price | SoldPrice,
    *,
    livemode: bool,
    is_binding: bool = False,
) -> int:
    """Answer how many days a tenant would have free at a price; 0 where the price gives none or the
    tenant had a trial in its family before.

    Where the answer binds an order, the tenant is locked until the commit, so that a plan that
    begins at this moment is seen.
    """
    if not price.trial_days or not price.is_recurring:
        return 0
    if is_binding:
        db.execute(select(Tenant.id).where(Tenant.id == tenant.id).with_for_update(key_share=True))
    had = had_one(db, tenant.id, livemode=livemode, family=price.product.family)
    return 0 if had else price.trial_days


def had_one(
    db: Session,
    tenant_id: int,
    *,
    livemode: bool,
    family: str,
    besides: int | None = None,
) -> bool:
    """Answer whether a tenant has had a trial in a family, in another checkout than `besides`."""
    asked = {
        "tenant_id": tenant_id,
        "livemode": livemode,
        "family": family,
        "checkout_id": besides,
    }
    return bool(db.scalar(_HAD_ONE, asked))


def families(db: Session, tenant_id: int, *, livemode: bool) -> frozenset[str]:
    """Answer the families in which a tenant has had a trial."""
    found = select(Subscription.family).where(
        Subscription.tenant_id == tenant_id,
        Subscription.livemode == livemode,
        Subscription.trial_end.is_not(None),
    )
    return frozenset(db.scalars(found))


def is_second(db: Session, checkout: CheckoutSession) -> bool:
    """A checkout gives a trial, and another one of its tenant did so before: the caller holds the
    tenant's lock."""
    if not checkout.trial_days or checkout.tenant_id is None or checkout.family is None:
        return False
    return had_one(
        db,
        checkout.tenant_id,
        livemode=checkout.livemode,
        family=checkout.family,
        besides=checkout.id,
    )


def due(capabilities: Capabilities, days: int, *, net: int, tax: int, total: int) -> dict[str, Any]:
    """Answer the amounts of a `CheckoutOrder` for a price of so much a period: with a trial nothing
    is due today, or a verification that is given back."""
    if not days:
        return {"net": net, "tax_amount": tax, "total": total, "trial": None}
    today = VERIFICATION_MINOR if capabilities.trials == "verified" else 0
    return {
        "net": today,
        "tax_amount": 0,
        "total": today,
        "trial": Trial(days, net, tax, total),
    }


def verification(capabilities: Capabilities, currency: str) -> Money | None:
    """Answer what a provider takes today to begin a trial and gives back at once; None where it
    takes nothing."""
    return Money(VERIFICATION_MINOR, currency) if capabilities.trials == "verified" else None


def mode(capabilities: Capabilities, mode: Mode, days: int) -> Mode:
    """Answer the mode whose ways to pay can begin an order: where the provider keeps no trial, the
    ones that can be saved without buying."""
    return "setup" if days and capabilities.trials == "verified" else mode


def end(capabilities: Capabilities, start: datetime, days: int) -> datetime:
    """Answer when a trial ends and the first charge falls due. Where the plan charges from a date
    on, which is at 00:00 UTC, that is the first one by which all days have passed."""
    ends = start + timedelta(days=days)
    if capabilities.trials == "own":
        return ends
    midnight = datetime.combine(ends.date(), time.min, UTC)
    return midnight if midnight == ends else midnight + timedelta(days=1)


def is_verification(checkout: CheckoutSession) -> bool:
    """What a checkout takes saves a method and is given back: it buys nothing."""
    return checkout.mode == "setup" or bool(checkout.trial_days)


def per_period(checkout: CheckoutSession) -> PerPeriod:
    """Answer what the plan a checkout begins costs each period, from the end of its trial on if it
    has one."""
    if not checkout.trial_days:
        return PerPeriod(checkout.net, checkout.tax, checkout.total)
    return PerPeriod(
        net=checkout.renewal_net or 0,
        tax=checkout.renewal_tax or 0,
        total=checkout.renewal_total or 0,
    )


def begin(
    subscription: Subscription,
    checkout: CheckoutSession,
    capabilities: Capabilities,
    *,
    start: datetime,
) -> bool:
    """Write a trial that we keep, because the provider does not; False where there is none. Its
    periods are counted from its end."""
    if not checkout.trial_days:
        return False
    ends = end(capabilities, start, checkout.trial_days)
    subscription.status = "trialing"
    subscription.period_start = start
    subscription.period_end = ends
    subscription.trial_end = ends
    subscription.anchor_at = ends
    return True

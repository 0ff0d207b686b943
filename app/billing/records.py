"""Records: what a tenant has running and what it has paid, for its app's own programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from app.billing import periods
from app.models import (
    CheckoutSession,
    Payment,
    Price,
    ProviderAccount,
    Subscription,
    TaxRate,
    Tenant,
)


@dataclass(frozen=True, slots=True)
class PaidPeriod:
    """A payment, and what it was for. A recurring price is paid from the moment of the payment for
    one of its periods."""

    payment: Payment
    price: Price | None
    rate: TaxRate | None
    subscription: Subscription | None
    units: int

    @property
    def paid_from(self) -> datetime | None:
        """When the paid period begins; None for what is paid once."""
        return self.payment.paid_at if self.subscription else None

    @property
    def paid_until(self) -> datetime | None:
        """When the paid period ends; None for what is paid once."""
        interval = self.price.interval if self.price else None
        begins = self.paid_from
        return periods.after(begins, interval) if begins and interval else None


def subscriptions(
    db: Session, tenant: Tenant, *, page: int, limit: int
) -> tuple[list[Subscription], int]:
    """Answer a page of a tenant's subscriptions in its app's mode, the newest first, with price,
    product and provider account, and how many there are; pages count from zero."""
    theirs = (
        Subscription.tenant_id == tenant.id,
        Subscription.livemode == tenant.app.livemode,
        Subscription.deleted_at.is_(None),
    )
    found = (
        select(Subscription)
        .options(
            undefer("*"),
            joinedload(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .where(*theirs)
        .order_by(Subscription.id.desc())
        .limit(limit)
        .offset(page * limit)
    )
    total = db.scalar(select(func.count()).select_from(Subscription).where(*theirs))
    return list(db.scalars(found)), total or 0


def paid(
    db: Session, tenant: Tenant, account: ProviderAccount, *, page: int, limit: int
) -> tuple[list[PaidPeriod], int]:
    """Answer a page of what a tenant has paid at a provider account, the newest first, and how many
    payments there are. The small payment that saves a method is none: it goes back at once."""
    source = (
        select(Payment)
        .outerjoin(CheckoutSession, CheckoutSession.id == Payment.checkout_id)
        .where(
            Payment.tenant_id == tenant.id,
            Payment.provider_account_id == account.id,
            Payment.status == "paid",
            or_(Payment.checkout_id.is_(None), CheckoutSession.mode != "setup"),
        )
    )
    total = db.scalar(select(func.count()).select_from(source.subquery()))
    rows = db.execute(
        source.with_only_columns(Payment, CheckoutSession, Subscription)
        .outerjoin(
            Subscription,
            or_(
                Subscription.id == Payment.subscription_id,
                and_(
                    Payment.subscription_id.is_(None),
                    Subscription.checkout_id == Payment.checkout_id,
                ),
            ),
        )
        .options(
            undefer(Payment.updated_at),
            undefer(Payment.deleted_at),
            joinedload(CheckoutSession.price).joinedload(Price.product),
            joinedload(CheckoutSession.tax_rate),
            joinedload(Subscription.price).joinedload(Price.product),
        )
        .order_by(Payment.id.desc())
        .limit(limit)
        .offset(page * limit)
    )
    return [_period(*row) for row in rows], total or 0


def _period(
    payment: Payment, checkout: CheckoutSession | None, subscription: Subscription | None
) -> PaidPeriod:
    bought = checkout or subscription
    return PaidPeriod(
        payment=payment,
        price=bought.price if bought else None,
        rate=checkout.tax_rate if checkout else None,
        subscription=subscription,
        units=bought.quantity if bought else 1,
    )

"""Records: what a tenant has running and what it was invoiced, for its app's own programs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, undefer

from app.models import (
    CheckoutSession,
    Invoice,
    Payment,
    Price,
    ProviderAccount,
    Subscription,
    TaxRate,
    Tenant,
)


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice that was paid, and what it was for."""

    invoice: Invoice
    payment: Payment | None
    price: Price | None
    rate: TaxRate | None
    subscription: Subscription | None

    @property
    def units(self) -> int:
        """How many were charged; of a change in between, how many there are after it."""
        lines = self.invoice.lines
        return int(lines[-1]["quantity"]) if self.price and lines else 1


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
) -> tuple[list[PaidInvoice], int]:
    """Answer a page of a tenant's paid invoices at a provider account, ours and the provider's, the
    newest first, and how many there are. Credit notes are none: what went back is on the payment.
    One whose payment was taken back since is among them, and says so in its `standing`.
    """
    theirs = (
        Invoice.tenant_id == tenant.id,
        Invoice.livemode == tenant.app.livemode,
        Invoice.provider_account_id == account.id,
        Invoice.kind == "invoice",
        Invoice.status == "paid",
        Invoice.deleted_at.is_(None),
    )
    found = (
        select(Invoice, Payment, Price, TaxRate, Subscription)
        .outerjoin(Payment, Payment.id == Invoice.payment_id)
        .outerjoin(Price, Price.id == Invoice.price_id)
        .outerjoin(CheckoutSession, CheckoutSession.id == Invoice.checkout_id)
        .outerjoin(TaxRate, TaxRate.id == CheckoutSession.tax_rate_id)
        .outerjoin(Subscription, Subscription.id == Invoice.subscription_id)
        .options(
            contains_eager(Invoice.payment),
            undefer(Invoice.updated_at),
            undefer(Invoice.deleted_at),
            joinedload(Price.product),
        )
        .where(*theirs)
        .order_by(Invoice.issued_at.desc(), Invoice.id.desc())
        .limit(limit)
        .offset(page * limit)
    )
    total = db.scalar(select(func.count()).select_from(Invoice).where(*theirs))
    return [PaidInvoice(*row) for row in db.execute(found)], total or 0

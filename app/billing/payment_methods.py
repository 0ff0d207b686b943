"""Payment methods: the cards and mandates a tenant has on file."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import lock, once
from app.models import CheckoutSession, PaymentMethod, Subscription, Tenant
from app.providers.base import MethodState


def record(
    db: Session, state: MethodState, subject: CheckoutSession | Subscription
) -> PaymentMethod | None:
    """Write what the provider says of a saved method; None where nobody could own it."""
    if subject.tenant_id is None:
        return None
    once.insert(
        db,
        PaymentMethod,
        {
            "tenant_id": subject.tenant_id,
            "provider_account_id": subject.provider_account_id,
            "checkout_id": subject.id if isinstance(subject, CheckoutSession) else None,
            "provider_id": state.provider_id,
            "livemode": subject.livemode,
            "type": state.type,
            "status": state.status,
        },
    )
    method = db.scalars(
        select(PaymentMethod).where(
            PaymentMethod.provider_account_id == subject.provider_account_id,
            PaymentMethod.provider_id == state.provider_id,
        )
    ).one()
    method.status = state.status
    method.brand = state.brand or method.brand
    method.last4 = state.last4 or method.last4
    method.exp_month = state.exp_month or method.exp_month
    method.exp_year = state.exp_year or method.exp_year
    return method


def make_default(db: Session, method: PaymentMethod) -> None:
    """Mark one method as the tenant's default of its mode; of two at once the later one."""
    lock.one(db, Tenant, method.tenant_id)
    db.execute(
        update(PaymentMethod)
        .where(
            PaymentMethod.tenant_id == method.tenant_id,
            PaymentMethod.livemode == method.livemode,
            PaymentMethod.id != method.id,
            PaymentMethod.is_default,
        )
        .values(is_default=False)
        .execution_options(synchronize_session="fetch")
    )
    method.is_default = True


def listed(db: Session, tenant: Tenant) -> list[PaymentMethod]:
    """Answer the tenant's usable methods of the app's mode, the default first."""
    return list(
        db.scalars(
            select(PaymentMethod)
            .where(
                PaymentMethod.tenant_id == tenant.id,
                PaymentMethod.livemode == tenant.app.livemode,
                PaymentMethod.deleted_at.is_(None),
                PaymentMethod.status != "invalid",
            )
            .order_by(PaymentMethod.is_default.desc(), PaymentMethod.id.desc())
        )
    )

"""Payment methods: the cards and mandates a tenant has on file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.billing.errors import NotFound
from app.billing.methods import method_notices
from app.db import lock, once
from app.models import CheckoutSession, PaymentMethod, Subscription, Tenant
from app.providers.base import MethodState

Expiry = Literal["later", "soon", "over"]
# How long before a card expires people are told.
AHEAD = timedelta(days=60)


def record(
    db: Session,
    state: MethodState,
    subject: CheckoutSession | Subscription,
    *,
    cause: str,
    now: datetime,
) -> PaymentMethod | None:
    """Write what the provider says of a saved method; None where nobody could own it. A new one is
    told of."""
    if subject.tenant_id is None:
        return None
    is_new = once.insert(
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
            "brand": state.brand,
            "last4": state.last4,
            "exp_month": state.exp_month,
            "exp_year": state.exp_year,
        },
    )
    method = db.scalars(
        select(PaymentMethod).where(
            PaymentMethod.provider_account_id == subject.provider_account_id,
            PaymentMethod.provider_id == state.provider_id,
        )
    ).one()
    if is_new is not None:
        method_notices.added(db, method, subject, cause=cause, now=now)
        return method
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


def find(db: Session, tenant: Tenant, uuid: UUID) -> PaymentMethod:
    """Answer a tenant's method of the app's mode, also one that was removed; raises NotFound."""
    found = db.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.uuid == uuid, *_of(tenant))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such payment method.")
    return found


def listed(db: Session, tenant: Tenant) -> list[PaymentMethod]:
    """Answer the tenant's usable methods of the app's mode, the default first."""
    return [method for method in on_file(db, tenant) if method.is_usable]


def on_file(db: Session, tenant: Tenant) -> list[PaymentMethod]:
    """Answer the tenant's methods of the app's mode, the default first, also those that cannot be
    charged any more."""
    return list(
        db.scalars(
            select(PaymentMethod)
            .where(PaymentMethod.removed_at.is_(None), *_of(tenant))
            .order_by(PaymentMethod.is_default.desc(), PaymentMethod.id.desc())
        )
    )


def expires_at(method: PaymentMethod) -> datetime | None:
    """Answer the moment from which a card is not good any more: the end of its month, UTC."""
    if not method.exp_year or not method.exp_month:
        return None
    year, month = divmod(method.exp_year * 12 + method.exp_month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def expiry(method: PaymentMethod, *, now: datetime) -> Expiry:
    """Answer whether a card has expired, or does within 60 days."""
    end = expires_at(method)
    if end is None or now < end - AHEAD:
        return "later"
    return "soon" if now < end else "over"


def _of(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    return (
        PaymentMethod.tenant_id == tenant.id,
        PaymentMethod.livemode == tenant.app.livemode,
        PaymentMethod.deleted_at.is_(None),
    )

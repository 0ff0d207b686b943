"""Payment methods: the cards and mandates a tenant has on file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.billing.errors import NotFound
from app.billing.methods import method_notices
from app.db import once
from app.db.base import table
from app.models import CheckoutSession, PaymentMethod, Subscription, Tenant
from app.providers.base import MethodState

Expiry = Literal["later", "soon", "over"]
# How long before a card expires people are told.
AHEAD = timedelta(days=60)

# Built once: every look that brings a method asks it, and every purchase makes one the default.
_KNOWN = select(PaymentMethod).where(
    PaymentMethod.provider_account_id == bindparam("account_id"),
    PaymentMethod.provider_id == bindparam("provider_id"),
)
_METHOD = table(PaymentMethod)
_IS_CHOSEN = _METHOD.c.id == bindparam("chosen")
_MAKE_DEFAULT = (
    update(_METHOD)
    .where(
        _METHOD.c.tenant_id == bindparam("of_tenant"),
        _METHOD.c.livemode == bindparam("in_mode"),
        or_(_METHOD.c.is_default, _IS_CHOSEN),
    )
    .values(is_default=_IS_CHOSEN)
    .returning(_METHOD.c.id, _METHOD.c.is_default)
)


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
    method = _known(db, subject.provider_account_id, state.provider_id)
    if method is None and (method := _insert(db, state, subject)) is not None:
        method_notices.added(db, method, subject, cause=cause, now=now)
        return method
    # Where it could not be inserted, somebody else wrote it meanwhile.
    method = method or _known(db, subject.provider_account_id, state.provider_id)
    assert method is not None
    method.status = state.status
    method.brand = state.brand or method.brand
    method.last4 = state.last4 or method.last4
    method.exp_month = state.exp_month or method.exp_month
    method.exp_year = state.exp_year or method.exp_year
    return method


def make_default(db: Session, method: PaymentMethod) -> None:
    """Mark one method as the tenant's default of its mode, by one statement. The caller holds the
    tenant's lock, so that of two at once the later one counts."""
    asked = {"of_tenant": method.tenant_id, "in_mode": method.livemode, "chosen": method.id}
    for row_id, is_default in db.connection().execute(_MAKE_DEFAULT, asked):
        loaded = db.identity_map.get(db.identity_key(PaymentMethod, row_id))
        if loaded is not None:
            set_committed_value(loaded, "is_default", is_default)


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


def _known(db: Session, account_id: int, provider_id: str) -> PaymentMethod | None:
    asked = {"account_id": account_id, "provider_id": provider_id}
    # What it looks for never changes, so nothing has to be written before it is asked.
    with db.no_autoflush:
        return db.scalars(_KNOWN, asked).one_or_none()


def _insert(
    db: Session, state: MethodState, subject: CheckoutSession | Subscription
) -> PaymentMethod | None:
    return once.insert_row(
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


def _of(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    return (
        PaymentMethod.tenant_id == tenant.id,
        PaymentMethod.livemode == tenant.app.livemode,
        PaymentMethod.deleted_at.is_(None),
    )

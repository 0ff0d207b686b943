"""The rows of a case: what belongs to a purchase, a plan or a tenant, the latest of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing.errors import NotFound
from app.billing.operations import causes
from app.billing.timeline import Happening
from app.models import (
    Act,
    App,
    CheckoutSession,
    Invoice,
    Payment,
    Price,
    Subscription,
    Tenant,
    TimelineEntry,
)

# Of what grows with the life of a plan the latest are shown.
MOST = 50

Bought = TypeVar("Bought", CheckoutSession, Subscription)


def one(db: Session, app: App, model: type[Any], uuid: UUID, *loads: Any) -> Any:
    """Answer a row of an app, with what is loaded beside it; raises NotFound."""
    found = db.scalars(
        select(model)
        .where(model.uuid == uuid, model.app_id == app.id, model.deleted_at.is_(None))
        .options(*loads)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such thing in this app.")
    return found


def plan(db: Session, wanted: ColumnElement[bool]) -> Subscription | None:
    """Answer the plan that is wanted, with price, product and account."""
    return db.scalars(
        select(Subscription)
        .where(wanted)
        .options(
            joinedload(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .execution_options(populate_existing=True)
    ).first()


def of_tenant(db: Session, kind: type[Bought], tenant: Tenant, app: App) -> list[Bought]:
    """Answer a tenant's plans or checkouts in its app's mode, the newest first."""
    found = (
        select(kind)
        .options(joinedload(kind.price).joinedload(Price.product))
        .where(kind.tenant_id == tenant.id, kind.livemode == app.livemode)
        .order_by(kind.id.desc())
        .limit(MOST)
    )
    return list(db.scalars(found))


def payments(db: Session, *wanted: ColumnElement[bool]) -> list[Payment]:
    """Answer the payments that are wanted with their refunds, the newest first."""
    found = select(Payment).where(*wanted).options(selectinload(Payment.refunds))
    return list(db.scalars(found.order_by(Payment.id.desc()).limit(MOST)))


def invoices(db: Session, *wanted: ColumnElement[bool]) -> list[Invoice]:
    """Answer the invoices that are wanted, the newest first."""
    found = select(Invoice).where(*wanted).options(joinedload(Invoice.payment))
    return list(db.scalars(found.order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(MOST)))


def acts(db: Session, checkout_id: int | None, subscription_id: int | None) -> list[Act]:
    """Answer what a checkout and a plan asked of the provider, the newest first."""
    of = []
    if checkout_id is not None:
        of.append(Act.checkout_id == checkout_id)
    if subscription_id is not None:
        of.append(Act.subscription_id == subscription_id)
    if not of:
        return []
    return list(db.scalars(select(Act).where(or_(*of)).order_by(Act.id.desc()).limit(MOST)))


def of_plan(row: Subscription) -> tuple[ColumnElement[bool], ...]:
    """Answer which lines of the timeline are about a plan."""
    if row.checkout_id is not None:
        return (TimelineEntry.checkout_id == row.checkout_id,)
    return (
        TimelineEntry.tenant_id == row.tenant_id,
        TimelineEntry.livemode == row.livemode,
        TimelineEntry.subscription_id == row.id,
    )


def happenings(db: Session, app: App, *wanted: ColumnElement[bool]) -> list[Happening]:
    """Answer what happened, the newest first, with the people behind it."""
    found = (
        select(TimelineEntry, CheckoutSession.mode, CheckoutSession.uuid)
        .outerjoin(CheckoutSession, CheckoutSession.id == TimelineEntry.checkout_id)
        .where(*wanted, TimelineEntry.app_id == app.id)
        .order_by(TimelineEntry.id.desc())
        .limit(MOST)
    )
    rows = db.execute(found).all()
    names = causes.names(db, [entry.cause for entry, _, _ in rows])
    return [
        Happening(entry, mode, checkout_uuid, names.get(entry.cause))
        for entry, mode, checkout_uuid in rows
    ]


def next_checks(checkout: CheckoutSession | None, plan: Subscription | None) -> dict[str, datetime]:
    """Answer when the provider is asked next, by what it is asked about."""
    known = {
        "checkout": checkout.next_check_at if checkout else None,
        "subscription": plan.next_check_at if plan else None,
    }
    return {name: at for name, at in known.items() if at is not None}


def earliest_checks(rows: Sequence[CheckoutSession | Subscription]) -> dict[str, datetime]:
    """Answer when the provider is asked next about any of several rows."""
    earliest: dict[str, datetime] = {}
    for row in rows:
        name = "checkout" if isinstance(row, CheckoutSession) else "subscription"
        if row.next_check_at is not None:
            earliest[name] = min(row.next_check_at, earliest.get(name, row.next_check_at))
    return earliest

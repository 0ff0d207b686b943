"""Cases: all that is known of one purchase, plan, payment, invoice or tenant, for support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing.errors import NotFound
from app.billing.operations import causes
from app.billing.plans import forecasts, plan_switches
from app.billing.plans.forecasts import Forecast
from app.billing.purchase import page_status, requests
from app.billing.timeline import Happening
from app.models import (
    Act,
    App,
    CheckoutSession,
    Invoice,
    Membership,
    Payment,
    PaymentMethod,
    Price,
    Subscription,
    SubscriptionChange,
    Tenant,
    TimelineEntry,
    User,
)
from app.money import Money
from app.providers.base import ChargeRequest, RefundRequest

# Of what grows with the life of a plan the latest are shown.
MOST = 50


@dataclass(slots=True)
class Case:
    """What a page shows of one subject and all that belongs to it; None where there is none."""

    tenant: Tenant | None = None
    checkout: CheckoutSession | None = None
    subscription: Subscription | None = None
    payment: Payment | None = None
    invoice: Invoice | None = None
    method: PaymentMethod | None = None
    change: SubscriptionChange | None = None
    payer_reads: str | None = None
    checkouts: Sequence[CheckoutSession] = ()
    plans: Sequence[Subscription] = ()
    payments: Sequence[Payment] = ()
    invoices: Sequence[Invoice] = ()
    acts: Sequence[Act] = ()
    people: Sequence[User] = ()
    forecast: Sequence[Forecast] = ()
    happenings: Sequence[Happening] = ()
    next_checks: Mapping[str, datetime] = field(default_factory=dict)


def checkout(db: Session, app: App, uuid: UUID, *, now: datetime) -> Case:
    """Answer all of a purchase; raises NotFound."""
    row = _one(
        db,
        app,
        CheckoutSession,
        uuid,
        joinedload(CheckoutSession.price).joinedload(Price.product),
        joinedload(CheckoutSession.provider_account),
        joinedload(CheckoutSession.tenant),
        joinedload(CheckoutSession.user),
        joinedload(CheckoutSession.app),
        selectinload(CheckoutSession.payments).selectinload(Payment.refunds),
    )
    begun = _plan(db, Subscription.checkout_id == row.id)
    return Case(
        tenant=row.tenant,
        checkout=row,
        subscription=begun,
        payer_reads=page_status.read(row, now=now),
        payments=list(reversed(row.payments)),
        invoices=_invoices(db, Invoice.checkout_id == row.id),
        acts=_acts(db, row.id, begun.id if begun else None),
        happenings=_happenings(db, app, TimelineEntry.checkout_id == row.id),
        next_checks=_next_checks(row, begun),
    )


def subscription(db: Session, app: App, uuid: UUID, *, now: datetime) -> Case:
    """Answer all of a plan; raises NotFound."""
    found = _one(db, app, Subscription, uuid)
    row = _plan(db, Subscription.id == found.id)
    assert row is not None
    method = db.get(PaymentMethod, row.payment_method_id) if row.payment_method_id else None
    change = plan_switches.on_its_way(db, row.id)
    return Case(
        tenant=db.get_one(Tenant, row.tenant_id),
        checkout=db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None,
        subscription=row,
        method=method,
        change=change,
        payments=_payments(db, Payment.subscription_id == row.id),
        invoices=_invoices(db, Invoice.subscription_id == row.id),
        acts=_acts(db, None, row.id),
        forecast=forecasts.of(db, row, method, change, now=now),
        happenings=_happenings(db, app, *_of_plan(row)),
        next_checks=_next_checks(None, row),
    )


def payment(db: Session, app: App, uuid: UUID) -> Case:
    """Answer all of a payment; raises NotFound."""
    row = _one(db, app, Payment, uuid, selectinload(Payment.refunds))
    bought = db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None
    plan = _plan(db, Subscription.id == row.subscription_id) if row.subscription_id else None
    acts = _acts(db, row.checkout_id, row.subscription_id)
    subject = _of_plan(plan) if plan else (TimelineEntry.checkout_id == row.checkout_id,)
    is_about = bool(plan or bought)
    return Case(
        tenant=db.get(Tenant, row.tenant_id) if row.tenant_id else None,
        payment=row,
        checkout=bought,
        subscription=plan,
        invoices=_invoices(db, Invoice.payment_id == row.id),
        acts=[act for act in acts if act.payment_id == row.id],
        happenings=_happenings(db, app, *subject) if is_about else (),
        next_checks=_next_checks(bought, plan),
    )


def invoice(db: Session, app: App, uuid: UUID) -> Case:
    """Answer all of an invoice or credit note; raises NotFound."""
    row = _one(
        db, app, Invoice, uuid, joinedload(Invoice.corrects), joinedload(Invoice.provider_account)
    )
    plan = _plan(db, Subscription.id == row.subscription_id) if row.subscription_id else None
    paid_by = db.get(Payment, row.payment_id) if row.payment_id else None
    return Case(
        tenant=db.get(Tenant, row.tenant_id) if row.tenant_id else None,
        invoice=row,
        checkout=db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None,
        subscription=plan,
        payments=[paid_by] if paid_by else (),
        invoices=_invoices(db, Invoice.corrects_id == row.id),
        next_checks=_next_checks(None, plan),
    )


def tenant(db: Session, app: App, uuid: UUID) -> Case:
    """Answer what a tenant bought, runs and paid in its app's mode, and all that happened to it;
    raises NotFound."""
    row = _one(db, app, Tenant, uuid)
    people = select(User).join(Membership).where(Membership.tenant_id == row.id).order_by(User.id)
    plans = _plans(db, row, app)
    bought = _checkouts(db, row, app)
    theirs = (TimelineEntry.tenant_id == row.id, TimelineEntry.livemode == app.livemode)
    return Case(
        tenant=row,
        plans=plans,
        checkouts=bought,
        payments=_payments(db, Payment.tenant_id == row.id, Payment.livemode == app.livemode),
        invoices=_invoices(db, Invoice.tenant_id == row.id, Invoice.livemode == app.livemode),
        people=list(db.scalars(people)),
        happenings=_happenings(db, app, *theirs),
        next_checks=_earliest([*bought, *plans]),
    )


def amount_of(act: Act) -> Money | None:
    """Answer what an act moves; None where it moves no money."""
    if act.kind == "refund":
        return requests.load(RefundRequest, act.request).amount
    if act.kind == "charge":
        return requests.load(ChargeRequest, act.request).total
    return None


def _one(db: Session, app: App, model: type[Any], uuid: UUID, *loads: Any) -> Any:
    found = db.scalars(
        select(model)
        .where(model.uuid == uuid, model.app_id == app.id, model.deleted_at.is_(None))
        .options(*loads)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such thing in this app.")
    return found


def _plan(db: Session, wanted: ColumnElement[bool]) -> Subscription | None:
    return db.scalars(
        select(Subscription)
        .where(wanted)
        .options(
            joinedload(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .execution_options(populate_existing=True)
    ).first()


def _plans(db: Session, tenant: Tenant, app: App) -> list[Subscription]:
    found = (
        select(Subscription)
        .options(joinedload(Subscription.price).joinedload(Price.product))
        .where(Subscription.tenant_id == tenant.id, Subscription.livemode == app.livemode)
        .order_by(Subscription.id.desc())
        .limit(MOST)
    )
    return list(db.scalars(found))


def _checkouts(db: Session, tenant: Tenant, app: App) -> list[CheckoutSession]:
    found = (
        select(CheckoutSession)
        .options(joinedload(CheckoutSession.price).joinedload(Price.product))
        .where(CheckoutSession.tenant_id == tenant.id, CheckoutSession.livemode == app.livemode)
        .order_by(CheckoutSession.id.desc())
        .limit(MOST)
    )
    return list(db.scalars(found))


def _payments(db: Session, *wanted: ColumnElement[bool]) -> list[Payment]:
    found = select(Payment).where(*wanted).options(selectinload(Payment.refunds))
    return list(db.scalars(found.order_by(Payment.id.desc()).limit(MOST)))


def _invoices(db: Session, *wanted: ColumnElement[bool]) -> list[Invoice]:
    found = select(Invoice).where(*wanted).options(joinedload(Invoice.payment))
    return list(db.scalars(found.order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(MOST)))


def _acts(db: Session, checkout_id: int | None, subscription_id: int | None) -> list[Act]:
    of = []
    if checkout_id is not None:
        of.append(Act.checkout_id == checkout_id)
    if subscription_id is not None:
        of.append(Act.subscription_id == subscription_id)
    if not of:
        return []
    return list(db.scalars(select(Act).where(or_(*of)).order_by(Act.id.desc()).limit(MOST)))


def _of_plan(row: Subscription) -> tuple[ColumnElement[bool], ...]:
    if row.checkout_id is not None:
        return (TimelineEntry.checkout_id == row.checkout_id,)
    return (
        TimelineEntry.tenant_id == row.tenant_id,
        TimelineEntry.livemode == row.livemode,
        TimelineEntry.subscription_id == row.id,
    )


def _happenings(db: Session, app: App, *wanted: ColumnElement[bool]) -> list[Happening]:
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


def _next_checks(
    checkout: CheckoutSession | None, plan: Subscription | None
) -> dict[str, datetime]:
    known = {
        "checkout": checkout.next_check_at if checkout else None,
        "subscription": plan.next_check_at if plan else None,
    }
    return {name: at for name, at in known.items() if at is not None}


def _earliest(rows: Sequence[CheckoutSession | Subscription]) -> dict[str, datetime]:
    earliest: dict[str, datetime] = {}
    for row in rows:
        name = "checkout" if isinstance(row, CheckoutSession) else "subscription"
        if row.next_check_at is not None:
            earliest[name] = min(row.next_check_at, earliest.get(name, row.next_check_at))
    return earliest

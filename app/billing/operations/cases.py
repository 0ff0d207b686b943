"""Cases: all that is known of one purchase, plan, payment, invoice or tenant, for support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing.operations import case_rows
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
    row = case_rows.one(
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
    begun = case_rows.plan(db, Subscription.checkout_id == row.id)
    return Case(
        tenant=row.tenant,
        checkout=row,
        subscription=begun,
        payer_reads=page_status.read(row, now=now),
        payments=list(reversed(row.payments)),
        invoices=case_rows.invoices(db, Invoice.checkout_id == row.id),
        acts=case_rows.acts(db, row.id, begun.id if begun else None),
        happenings=case_rows.happenings(db, app, TimelineEntry.checkout_id == row.id),
        next_checks=case_rows.next_checks(row, begun),
    )


def subscription(db: Session, app: App, uuid: UUID, *, now: datetime) -> Case:
    """Answer all of a plan; raises NotFound."""
    found = case_rows.one(db, app, Subscription, uuid)
    row = case_rows.plan(db, Subscription.id == found.id)
    assert row is not None
    method = db.get(PaymentMethod, row.payment_method_id) if row.payment_method_id else None
    change = plan_switches.on_its_way(db, row.id)
    return Case(
        tenant=db.get_one(Tenant, row.tenant_id),
        checkout=db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None,
        subscription=row,
        method=method,
        change=change,
        payments=case_rows.payments(db, Payment.subscription_id == row.id),
        invoices=case_rows.invoices(db, Invoice.subscription_id == row.id),
        acts=case_rows.acts(db, None, row.id),
        forecast=forecasts.of(db, row, method, change, now=now),
        happenings=case_rows.happenings(db, app, *case_rows.of_plan(row)),
        next_checks=case_rows.next_checks(None, row),
    )


def payment(db: Session, app: App, uuid: UUID) -> Case:
    """Answer all of a payment; raises NotFound."""
    row = case_rows.one(db, app, Payment, uuid, selectinload(Payment.refunds))
    bought = db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None
    plan = (
        case_rows.plan(db, Subscription.id == row.subscription_id) if row.subscription_id else None
    )
    acts = case_rows.acts(db, row.checkout_id, row.subscription_id)
    subject = case_rows.of_plan(plan) if plan else (TimelineEntry.checkout_id == row.checkout_id,)
    is_about = bool(plan or bought)
    return Case(
        tenant=db.get(Tenant, row.tenant_id) if row.tenant_id else None,
        payment=row,
        checkout=bought,
        subscription=plan,
        invoices=case_rows.invoices(db, Invoice.payment_id == row.id),
        acts=[act for act in acts if act.payment_id == row.id],
        happenings=case_rows.happenings(db, app, *subject) if is_about else (),
        next_checks=case_rows.next_checks(bought, plan),
    )


def invoice(db: Session, app: App, uuid: UUID) -> Case:
    """Answer all of an invoice or credit note; raises NotFound."""
    row = case_rows.one(
        db, app, Invoice, uuid, joinedload(Invoice.corrects), joinedload(Invoice.provider_account)
    )
    plan = (
        case_rows.plan(db, Subscription.id == row.subscription_id) if row.subscription_id else None
    )
    paid_by = db.get(Payment, row.payment_id) if row.payment_id else None
    return Case(
        tenant=db.get(Tenant, row.tenant_id) if row.tenant_id else None,
        invoice=row,
        checkout=db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None,
        subscription=plan,
        payments=[paid_by] if paid_by else (),
        invoices=case_rows.invoices(db, Invoice.corrects_id == row.id),
        next_checks=case_rows.next_checks(None, plan),
    )


def tenant(db: Session, app: App, uuid: UUID) -> Case:
    """Answer what a tenant bought, runs and paid in its app's mode, and all that happened to it;
    raises NotFound."""
    row = case_rows.one(db, app, Tenant, uuid)
    people = select(User).join(Membership).where(Membership.tenant_id == row.id).order_by(User.id)
    plans = case_rows.of_tenant(db, Subscription, row, app)
    bought = case_rows.of_tenant(db, CheckoutSession, row, app)
    theirs = (TimelineEntry.tenant_id == row.id, TimelineEntry.livemode == app.livemode)
    return Case(
        tenant=row,
        plans=plans,
        checkouts=bought,
        payments=case_rows.payments(
            db, Payment.tenant_id == row.id, Payment.livemode == app.livemode
        ),
        invoices=case_rows.invoices(
            db, Invoice.tenant_id == row.id, Invoice.livemode == app.livemode
        ),
        people=list(db.scalars(people)),
        happenings=case_rows.happenings(db, app, *theirs),
        next_checks=case_rows.earliest_checks([*bought, *plans]),
    )


def amount_of(act: Act) -> Money | None:
    """Answer what an act moves; None where it moves no money."""
    if act.kind == "refund":
        return requests.load(RefundRequest, act.request).amount
    if act.kind == "charge":
        return requests.load(ChargeRequest, act.request).total
    return None

"""Notices of money: what the app and the tenant are told when it arrives, fails or goes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.mail import mail_kinds, mails
from app.billing.webhooks import webhooks
from app.models import (
    CheckoutSession,
    Invoice,
    Payment,
    PaymentMethod,
    Price,
    Product,
    Refund,
    Subscription,
)
from app.money import Money

Subject = CheckoutSession | Subscription

_SELF_MADE = ("verification",)
_NAME = (
    select(Product.name)
    .join(Price, Price.product_id == Product.id)
    .where(Price.id == bindparam("price_id"))
)


def paid(
    db: Session,
    invoice: Invoice,
    payment: Payment | None,
    subject: Subject,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Tell that an invoice is paid, once. The receipt is for what was charged: one that a credit
    paid needs none."""
    webhooks.publish(
        db,
        subject,
        "invoice.paid",
        effect=f"invoice:{invoice.id}:paid",
        payload=_invoice(invoice),
        now=now,
    )
    if payment is None or not payment.is_paid or invoice.total <= 0:
        return
    timeline.note(
        db,
        subject,
        "invoice.paid",
        cause=cause,
        now=now,
        details={"amount": payment.amount, "currency": payment.currency},
    )
    plan = subject if isinstance(subject, Subscription) else None
    renews = plan is not None and plan.is_running and plan.canceled_at is None
    mails.write(
        db,
        mail_kinds.Receipt(
            plan=_name(db, subject),
            amount=payment.total,
            quantity=subject.quantity,
            period_start=invoice.period_start,
            period_end=invoice.period_end,
            next_charge=_next_charge(plan) if plan and renews else None,
            next_charge_at=plan.period_end if plan and renews else None,
            method=payment.method,
            brand=payment.brand,
            last4=payment.last4,
            invoice_uuid=str(invoice.uuid),
            invoice_number=invoice.document_number or invoice.provider_number,
        ),
        f"invoice:{invoice.id}:paid",
        app_id=subject.app_id,
        tenant_id=subject.tenant_id,
        livemode=subject.livemode,
        now=now,
    )


def overdue(
    db: Session,
    subscription: Subscription,
    payment: Payment | None,
    amount: Money,
    *,
    action_url: str | None,
    cause: str,
    now: datetime,
) -> None:
    """Tell that a charge of a running plan failed, once each time the plan becomes overdue."""
    effect = f"overdue:{subscription.id}:{_second(subscription.overdue_since)}"
    timeline.note(
        db,
        subscription,
        "payment.failed",
        cause=cause,
        now=now,
        details={"amount": amount.minor, "currency": amount.currency},
    )
    webhooks.publish(
        db,
        subscription,
        "invoice.failed",
        effect=effect,
        payload={
            "subscription": str(subscription.uuid),
            "amount": amount.minor,
            "currency": amount.currency,
            "decline": payment.decline if payment else None,
        },
        now=now,
    )
    plan = _name(db, subscription)
    needs_action = payment is not None and (
        payment.status == "action_needed" or payment.decline == "authentication"
    )
    method = _method(db, subscription)
    told: mail_kinds.Mailable = (
        mail_kinds.ActionNeeded(
            plan=plan, amount=amount, action_url=action_url, pay_by=subscription.pay_by
        )
        if needs_action
        else mail_kinds.PaymentFailed(
            plan=plan,
            amount=amount,
            decline=payment.decline if payment else None,
            method=(payment.method if payment else None) or (method.type if method else None),
            brand=(payment.brand if payment else None) or (method.brand if method else None),
            last4=(payment.last4 if payment else None) or (method.last4 if method else None),
            next_retry_at=subscription.next_retry_at,
            pay_by=subscription.pay_by,
        )
    )
    mails.write(
        db,
        told,
        effect,
        app_id=subscription.app_id,
        tenant_id=subscription.tenant_id,
        livemode=subscription.livemode,
        now=now,
    )


def refunded(
    db: Session,
    payment: Payment,
    refund: Refund,
    note: Invoice | None,
    *,
    cause: str,
    now: datetime,
) -> None:
    """Tell that money has gone back; not of what only tried a method."""
    subject = _subject(db, payment)
    if subject is None or refund.reason in _SELF_MADE:
        return
    given = {"amount": refund.amount, "currency": refund.currency}
    timeline.note(db, subject, "payment.refunded", cause=cause, now=now, details=given)
    webhooks.publish(
        db,
        subject,
        "payment.refunded",
        effect=f"refund:{refund.id}",
        payload={"payment": str(payment.uuid), "reason": refund.reason, **given},
        now=now,
    )
    mails.write(
        db,
        mail_kinds.Refunded(
            plan=_name(db, subject),
            amount=Money(refund.amount, refund.currency),
            method=payment.method,
            brand=payment.brand,
            last4=payment.last4,
            invoice_uuid=str(note.uuid) if note else None,
            invoice_number=note.document_number if note else None,
        ),
        f"refund:{refund.id}",
        app_id=payment.app_id,
        tenant_id=payment.tenant_id,
        livemode=payment.livemode,
        now=now,
    )


def charged_back(
    db: Session,
    payment: Payment,
    subject: Subject,
    *,
    is_over: bool,
    cause: str,
    now: datetime,
) -> None:
    """Tell that a payer's bank took a payment back."""
    taken = {"amount": payment.charged_back, "currency": payment.currency}
    timeline.note(db, subject, "payment.charged_back", cause=cause, now=now, details=taken)
    webhooks.publish(
        db,
        subject,
        "payment.charged_back",
        effect=f"payment:{payment.id}:charged_back",
        payload={"payment": str(payment.uuid), **taken},
        now=now,
    )
    mails.write(
        db,
        mail_kinds.ChargedBack(
            plan=_name(db, subject),
            amount=Money(payment.charged_back, payment.currency),
            is_over=is_over,
        ),
        f"payment:{payment.id}:charged_back",
        app_id=payment.app_id,
        tenant_id=payment.tenant_id,
        livemode=payment.livemode,
        now=now,
    )


def _next_charge(plan: Subscription) -> Money:
    return Money(max(plan.total - plan.credit, 0), plan.currency)


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "invoice": str(invoice.uuid),
        "number": invoice.document_number or invoice.provider_number,
        "net": invoice.net,
        "tax": invoice.tax,
        "total": invoice.total,
        "currency": invoice.currency,
        "period_start": webhooks.moment(invoice.period_start),
        "period_end": webhooks.moment(invoice.period_end),
    }


def _subject(db: Session, payment: Payment) -> Subject | None:
    if payment.subscription_id is not None:
        return db.get_one(Subscription, payment.subscription_id)
    if payment.checkout_id is not None:
        return db.get_one(CheckoutSession, payment.checkout_id)
    return None


def _name(db: Session, subject: Subject) -> str:
    if subject.price_id is None:
        assert isinstance(subject, CheckoutSession)
        return subject.description
    name: str = db.connection().execute(_NAME, {"price_id": subject.price_id}).scalar_one()
    return name


def _method(db: Session, subscription: Subscription) -> PaymentMethod | None:
    if subscription.payment_method_id is None:
        return None
    return db.get(PaymentMethod, subscription.payment_method_id)


def _second(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""

"""Invoices: issued for what was paid, or kept as the provider issued them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.invoicing import (
    credit_notes,
    invoice_bases,
    invoice_figures,
    invoice_numbers,
    invoice_parties,
    tax_sentences,
)
from app.billing.site import Site
from app.db import once
from app.models import (
    Act,
    App,
    CheckoutSession,
    Invoice,
    Payment,
    ProviderAccount,
    Refund,
    Subscription,
    TaxRate,
)
from app.providers.base import InvoiceState

# Money that goes back by itself bought nothing.
_BOUGHT_NOTHING = ("verification", "duplicate")


def issue(
    db: Session,
    site: Site,
    payment: Payment,
    subscription: Subscription | None,
    checkout: CheckoutSession | None,
    *,
    now: datetime,
) -> Invoice | None:
    """Issue our invoice for a payment, once, and answer it; it is dated by the payment.

    None where the payment needs none of ours: it is not paid or of nothing, the provider issues the
    invoices of its subscriptions, it only tried a method, or a person must look at it first. Its
    number is taken last of all, so the caller has locked what it needs before.
    """
    known = _of_payment(db, payment.id)
    if known is not None or not _is_due(db, site, payment, subscription, checkout):
        return known
    begun_by = checkout or _begun_by(db, subscription)
    bases = invoice_bases.of_payment(db, payment, subscription, begun_by)
    figures = invoice_figures.of_charge(payment.total, bases)
    paid_at = payment.paid_at or now
    row_id = once.insert(
        db,
        Invoice,
        {
            **_parties(db, payment.app_id, subscription, begun_by),
            "tenant_id": payment.tenant_id,
            "provider_account_id": payment.provider_account_id,
            "payment_id": payment.id,
            "price_id": figures.price_row,
            "livemode": payment.livemode,
            "status": "paid",
            "currency": payment.currency,
            "net": figures.net,
            "tax": figures.tax,
            "total": figures.total,
            "lines": figures.lines,
            "issued_at": paid_at,
            "paid_at": paid_at,
            "period_start": payment.period_start,
            "period_end": payment.period_end,
            "paid_with": _paid_with(payment),
        },
    )
    if row_id is not None:
        invoice_numbers.give(db, row_id, payment.app_id, livemode=payment.livemode)
    if payment.refunded:
        credit_notes.issue_all(db, payment.id, now=now)
    return _of_payment(db, payment.id)


def mirror(
    db: Session, subscription: Subscription, state: InvoiceState, *, now: datetime
) -> Invoice:
    """Keep an invoice of a subscription as the provider issued it, and answer its row.

    Seller and buyer are those of the moment it was first seen.
    """
    row = _mirrored(db, subscription, state)
    row.status = state.status
    row.net, row.tax, row.total = state.net.minor, state.tax.minor, state.total.minor
    row.provider_number = state.number or row.provider_number
    row.hosted_url = state.hosted_url or row.hosted_url
    row.pdf_url = state.pdf_url or row.pdf_url
    row.paid_at = state.paid_at or row.paid_at
    row.period_start, row.period_end = state.period_start, state.period_end
    row.lines = [
        invoice_figures.line(line.name, line.net.minor, quantity=line.quantity)
        for line in state.lines
    ]
    if row.payment_id is None and state.payment_id is not None:
        _tie(db, row, state.payment_id, now=now)
    return row


def credit(db: Session, refund: Refund, *, now: datetime) -> Invoice | None:
    """Issue the credit note of a refund that has reached the payer, once, and answer it; None where
    the refund is still on its way, or the payment has no invoice."""
    return credit_notes.issue(db, refund, now=now)


def _is_due(
    db: Session,
    site: Site,
    payment: Payment,
    subscription: Subscription | None,
    checkout: CheckoutSession | None,
) -> bool:
    if not payment.is_paid or payment.amount <= 0:
        return False
    if subscription is not None and subscription.is_duplicate:
        return False
    if checkout is not None and not _has_bought(payment, checkout):
        return False
    is_recurring = subscription is not None or (
        checkout is not None and checkout.mode == "subscription"
    )
    account = db.get_one(ProviderAccount, payment.provider_account_id)
    if is_recurring and site.capabilities(account.provider).hosted_invoices:
        return False
    return payment.checkout_id is None or not _bought_nothing(db, payment)


def _has_bought(payment: Payment, checkout: CheckoutSession) -> bool:
    is_renewal = payment.checkout_id != checkout.id
    in_doubt = checkout.is_over or checkout.state in ("needs_review", "refunded")
    return checkout.mode != "setup" and (is_renewal or not in_doubt)


def _bought_nothing(db: Session, payment: Payment) -> bool:
    asked = select(Act.id).where(
        Act.payment_id == payment.id, Act.kind == "refund", Act.reason.in_(_BOUGHT_NOTHING)
    )
    return db.scalars(asked.limit(1)).first() is not None


def _of_payment(db: Session, payment_id: int) -> Invoice | None:
    found = select(Invoice).where(Invoice.payment_id == payment_id)
    return db.scalars(found.execution_options(populate_existing=True)).one_or_none()


def _begun_by(db: Session, subscription: Subscription | None) -> CheckoutSession | None:
    if subscription is None or subscription.checkout_id is None:
        return None
    return db.get(CheckoutSession, subscription.checkout_id)


def _parties(
    db: Session,
    app_id: int,
    subscription: Subscription | None,
    checkout: CheckoutSession | None,
) -> dict[str, Any]:
    """Answer what an invoice says of the two parties and the tax between them."""
    app = db.get_one(App, app_id)
    ordered = subscription or checkout
    assert ordered is not None
    tenant = invoice_parties.tenant_of(db, ordered.tenant_id)
    rate = db.get(TaxRate, checkout.tax_rate_id) if checkout and checkout.tax_rate_id else None
    is_reversed = rate is not None and rate.is_reverse_charge
    rule = "reverse_charge" if is_reversed else ordered.tax_rule
    sentence = tax_sentences.of(
        rule,
        seller_country=app.seller_country,
        country=checkout.tax_country if checkout else None,
        tax=rate.name if rate else "VAT",
        percentage=ordered.tax_percentage,
    )
    return {
        "app_id": app.id,
        "checkout_id": checkout.id if checkout else None,
        "subscription_id": subscription.id if subscription else None,
        "tax_rule": rule,
        "tax_percentage": ordered.tax_percentage,
        "tax_sentence": tax_sentences.pack(sentence),
        "seller": invoice_parties.seller(app),
        "buyer": invoice_parties.buyer(tenant, checkout),
        "locale": invoice_parties.locale(db, tenant, checkout),
    }


def _mirrored(db: Session, subscription: Subscription, state: InvoiceState) -> Invoice:
    found = select(Invoice).where(
        Invoice.provider_account_id == subscription.provider_account_id,
        Invoice.provider_id == state.provider_id,
    )
    known = db.scalars(found).one_or_none()
    if known is not None:
        return known
    once.insert(
        db,
        Invoice,
        {
            **_parties(db, subscription.app_id, subscription, _begun_by(db, subscription)),
            "tenant_id": subscription.tenant_id,
            "provider_account_id": subscription.provider_account_id,
            "provider_id": state.provider_id,
            "price_id": subscription.price_id,
            "livemode": subscription.livemode,
            "status": state.status,
            "currency": state.total.currency,
            "net": state.net.minor,
            "tax": state.tax.minor,
            "total": state.total.minor,
            "issued_at": state.created_at,
        },
    )
    return db.scalars(found).one()


def _tie(db: Session, invoice: Invoice, provider_id: str, *, now: datetime) -> None:
    """Tie an invoice to the payment that paid it, unless another invoice is for it already."""
    payment = db.scalars(
        select(Payment)
        .outerjoin(Invoice, Invoice.payment_id == Payment.id)
        .where(
            Payment.provider_account_id == invoice.provider_account_id,
            Payment.provider_id == provider_id,
            Invoice.id.is_(None),
        )
    ).one_or_none()
    if payment is None:
        return
    invoice.payment_id = payment.id
    invoice.paid_with = _paid_with(payment)
    db.flush()
    if payment.refunded:
        credit_notes.issue_all(db, payment.id, now=now)


def _paid_with(payment: Payment) -> dict[str, Any] | None:
    if payment.method is None:
        return None
    return {"method": payment.method, "brand": payment.brand, "last4": payment.last4}

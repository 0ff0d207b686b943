"""Invoices: issued for what was paid, or kept as the provider issued them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, load_only

from app.billing.invoicing import (
    credit_notes,
    invoice_bases,
    invoice_figures,
    invoice_numbers,
    invoice_parties,
    invoice_standings,
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
    Tenant,
    User,
)
from app.providers.base import InvoiceState

# Money that goes back by itself bought nothing.
_BOUGHT_NOTHING = ("verification", "duplicate")

# Built once: every look at a plan asks them, and building them costs more than running them.
_STATUSES = select(Invoice.provider_id, Invoice.status).where(
    Invoice.provider_account_id == bindparam("account_id"),
    Invoice.provider_id.in_(bindparam("provider_ids", expanding=True)),
)
_PAYS_NO_OTHER = (
    select(Payment)
    .outerjoin(Invoice, Invoice.payment_id == Payment.id)
    .where(
        Payment.provider_account_id == bindparam("account_id"),
        Payment.provider_id == bindparam("provider_id"),
        Invoice.id.is_(None),
    )
)
_AROUND = (
    select(App, Tenant, CheckoutSession, TaxRate, User)
    .select_from(App)
    .join(Tenant, Tenant.id == bindparam("tenant_id"))
    .outerjoin(CheckoutSession, CheckoutSession.id == bindparam("checkout_id"))
    .outerjoin(TaxRate, TaxRate.id == CheckoutSession.tax_rate_id)
    .outerjoin(User, User.id == CheckoutSession.user_id)
    .where(App.id == bindparam("app_id"))
    .options(
        load_only(
            CheckoutSession.user_id,
            CheckoutSession.tax_rate_id,
            CheckoutSession.tax_country,
            CheckoutSession.vat_number,
            CheckoutSession.vat_status,
            CheckoutSession.collected,
            CheckoutSession.details,
            CheckoutSession.buyer,
            CheckoutSession.email,
        ),
        load_only(User.locale),
    )
)


class _Around(NamedTuple):
    """The rows an invoice of a plan takes its parties from."""

    app: App
    tenant: Tenant
    checkout: CheckoutSession | None
    rate: TaxRate | None
    buyer: User | None


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
            "listed_as": "paid",
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
    _follow(db, payment, now=now)
    return _of_payment(db, payment.id)


def mirror(
    db: Session, subscription: Subscription, told: Collection[InvoiceState], *, now: datetime
) -> Iterator[Invoice]:
    """Keep the invoices of a subscription as the provider issued them, and answer the rows of those
    that were not final before, oldest first; each is to be told of before the next is asked for. A
    paid one is final, and a draft is none yet.

    Seller and buyer are those of the moment it was first seen.
    """
    issued = [state for state in reversed(list(told)) if state.status != "draft"]
    known = _statuses(db, subscription, issued) if issued else {}
    for state in issued:
        before = known.get(state.provider_id)
        if before != "paid":
            row = None if before else _mirror_new(db, subscription, state, now=now)
            yield row or _mirror_known(db, subscription, state, now=now)


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


def _statuses(
    db: Session, subscription: Subscription, told: Collection[InvoiceState]
) -> dict[str | None, str]:
    asked = {
        "account_id": subscription.provider_account_id,
        "provider_ids": [state.provider_id for state in told],
    }
    rows = db.connection().execute(_STATUSES, asked)
    return {row.provider_id: row.status for row in rows}


def _mirror_new(
    db: Session, subscription: Subscription, state: InvoiceState, *, now: datetime
) -> Invoice | None:
    """Write an invoice that is not known yet; None where somebody else wrote it meanwhile."""
    around = _around(db, subscription)
    payment = _payment_of(db, subscription.provider_account_id, state)
    row = once.insert_row(
        db,
        Invoice,
        {
            **_parties(db, subscription.app_id, subscription, around.checkout),
            "tenant_id": subscription.tenant_id,
            "provider_account_id": subscription.provider_account_id,
            "provider_id": state.provider_id,
            "price_id": subscription.price_id,
            "payment_id": payment.id if payment else None,
            "paid_with": _paid_with(payment) if payment else None,
            "livemode": subscription.livemode,
            "currency": state.total.currency,
            "issued_at": state.created_at,
            "paid_at": state.paid_at,
            "provider_number": state.number,
            "hosted_url": state.hosted_url,
            "pdf_url": state.pdf_url,
            **_told(state),
        },
    )
    if row is not None and payment is not None:
        _follow(db, payment, now=now)
    return row


def _mirror_known(
    db: Session, subscription: Subscription, state: InvoiceState, *, now: datetime
) -> Invoice:
    found = select(Invoice).where(
        Invoice.provider_account_id == subscription.provider_account_id,
        Invoice.provider_id == state.provider_id,
    )
    row = db.scalars(found).one()
    for name, value in _told(state).items():
        setattr(row, name, value)
    row.provider_number = state.number or row.provider_number
    row.hosted_url = state.hosted_url or row.hosted_url
    row.pdf_url = state.pdf_url or row.pdf_url
    row.paid_at = state.paid_at or row.paid_at
    if row.payment_id is None:
        payment = _payment_of(db, row.provider_account_id, state)
        if payment is not None:
            _tie(row, payment)
    if row.payment_id is not None:
        db.flush()
        _follow(db, db.get_one(Payment, row.payment_id), now=now)
    return row


def _tie(invoice: Invoice, payment: Payment) -> None:
    invoice.payment_id = payment.id
    invoice.paid_with = _paid_with(payment)


def _follow(db: Session, payment: Payment, *, now: datetime) -> None:
    """Write of a new invoice what went back of its payment before."""
    if payment.refunded:
        credit_notes.issue_all(db, payment.id, now=now)
    if payment.refunded or payment.charged_back:
        invoice_standings.follow(db, payment)


def _around(db: Session, subscription: Subscription) -> _Around:
    """Read by one statement what the parties of an invoice are taken from, and answer it: while it
    is held, nobody who needs a part of it asks again."""
    asked = {
        "app_id": subscription.app_id,
        "tenant_id": subscription.tenant_id,
        "checkout_id": subscription.checkout_id,
    }
    with db.no_autoflush:
        return _Around(*db.execute(_AROUND, asked).one())


def _told(state: InvoiceState) -> dict[str, Any]:
    """Answer what the provider says of an invoice each time, whatever it said before."""
    return {
        "status": state.status,
        "listed_as": state.status,
        "net": state.net.minor,
        "tax": state.tax.minor,
        "total": state.total.minor,
        "period_start": state.period_start,
        "period_end": state.period_end,
        "lines": [
            invoice_figures.line(line.name, line.net.minor, quantity=line.quantity)
            for line in state.lines
        ],
    }


def _payment_of(db: Session, account_id: int, state: InvoiceState) -> Payment | None:
    """Answer the payment that paid an invoice, unless another invoice is for it already."""
    if state.payment_id is None:
        return None
    asked = {"account_id": account_id, "provider_id": state.payment_id}
    # What it looks for is written at once, so nothing has to be written before it is asked.
    with db.no_autoflush:
        return db.scalars(_PAYS_NO_OTHER, asked).one_or_none()


def _paid_with(payment: Payment) -> dict[str, Any] | None:
    if payment.method is None:
        return None
    return {"method": payment.method, "brand": payment.brand, "last4": payment.last4}

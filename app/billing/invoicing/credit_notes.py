"""Credit notes: what was given back of an invoice, each a document of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.invoicing import invoice_figures, invoice_numbers
from app.db import lock, once
from app.models import Invoice, Refund

# What a credit note says as the invoice it corrects says it.
_CARRIED_OVER = (
    "app_id",
    "tenant_id",
    "provider_account_id",
    "checkout_id",
    "subscription_id",
    "price_id",
    "livemode",
    "currency",
    "tax_rule",
    "tax_percentage",
    "tax_sentence",
    "seller",
    "buyer",
    "paid_with",
    "locale",
    "period_start",
    "period_end",
)


def issue(db: Session, refund: Refund, *, now: datetime) -> Invoice | None:
    """Issue the credit note of a refund that has reached the payer, once, and answer it.

    It takes its number from the same sequence and corrects the invoice of the payment, ours or the
    provider's; None where the refund is still on its way, or the payment has no invoice. Refunds
    that come to the whole invoice come to its whole net and tax.
    """
    known = _of_refund(db, refund.id)
    if known is not None or refund.status != "refunded":
        return known
    found = db.scalars(select(Invoice.id).where(Invoice.payment_id == refund.payment_id)).first()
    if found is None:
        return None
    # Of two refunds one is credited after the other, since their tax adds up.
    corrected = lock.one(db, Invoice, found)
    figures = _figures(db, corrected, refund)
    if figures is None:
        return None
    carried_over = {name: getattr(corrected, name) for name in _CARRIED_OVER}
    row_id = once.insert(
        db,
        Invoice,
        carried_over
        | figures
        | {
            "kind": "credit_note",
            "refund_id": refund.id,
            "corrects_id": corrected.id,
            "status": "paid",
            "listed_as": "credit_note",
            "issued_at": now,
            "paid_at": now,
        },
    )
    if row_id is not None:
        invoice_numbers.give(db, row_id, corrected.app_id, livemode=corrected.livemode)
    return _of_refund(db, refund.id)


def issue_all(db: Session, payment_id: int, *, now: datetime) -> None:
    """Issue what is missing for a payment that was given back before its invoice was known."""
    refunds = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.id)
    for refund in db.scalars(refunds).all():
        issue(db, refund, now=now)


def _of_refund(db: Session, refund_id: int) -> Invoice | None:
    return db.scalars(select(Invoice).where(Invoice.refund_id == refund_id)).one_or_none()


def _figures(db: Session, corrected: Invoice, refund: Refund) -> dict[str, Any] | None:
    """Answer the amounts; None where the whole invoice was given back before."""
    credited, credited_tax = _credited(db, corrected)
    total = min(refund.amount, corrected.total - credited)
    if total <= 0:
        return None
    net, tax = invoice_figures.of_refund(
        total,
        tax=corrected.tax,
        total=corrected.total,
        credited=credited,
        credited_tax=credited_tax,
    )
    lines = _lines(corrected, net, is_whole=total == corrected.total)
    return {"net": net, "tax": tax, "total": total, "lines": lines}


def _credited(db: Session, corrected: Invoice) -> tuple[int, int]:
    """Answer (total, tax) of what was given back before."""
    given = db.execute(
        select(func.sum(Invoice.total), func.sum(Invoice.tax)).where(
            Invoice.corrects_id == corrected.id
        )
    ).one()
    return int(given[0] or 0), int(given[1] or 0)


def _lines(corrected: Invoice, net: int, *, is_whole: bool) -> list[dict[str, Any]]:
    if is_whole:
        return corrected.lines
    name = ", ".join(dict.fromkeys(line["name"] for line in corrected.lines))
    return [invoice_figures.line(name, net)]

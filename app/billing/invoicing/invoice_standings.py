"""Invoice standings: what an invoice is listed as follows what becomes of its payment."""

from __future__ import annotations

from sqlalchemy import bindparam, case, update
from sqlalchemy.orm import Session

from app.models import Invoice, Payment

# Built once: every look at money that went back asks it, and building it costs more than running.
_FOLLOW = (
    update(Invoice)
    .where(Invoice.payment_id == bindparam("of_payment"))
    .values(
        listed_as=case(
            (bindparam("charged_back") > 0, "charged_back"),
            (bindparam("given_back") <= 0, Invoice.status),
            (bindparam("given_back") >= Invoice.total, "refunded"),
            else_="partly_refunded",
        )
    )
    .execution_options(synchronize_session=False)
)


def follow(db: Session, payment: Payment) -> None:
    """List the invoice of a payment by what went back of it, as `Invoice.standing` says; nothing
    where there is none yet."""
    db.execute(
        _FOLLOW,
        {
            "of_payment": payment.id,
            "charged_back": payment.charged_back if payment.is_paid else 0,
            "given_back": payment.refunded if payment.is_paid else 0,
        },
    )

"""Invoice lists: a tenant's invoices and credit notes, page by page, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from app.billing.errors import Invalid, NotFound
from app.models import Invoice, Tenant
from app.money import Money

Kind = Literal["invoice", "credit_note"]
PAGE = 25


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which invoices: of a year in UTC, of a kind; None is all."""

    year: int | None = None
    kind: Kind | None = None

    def __post_init__(self) -> None:
        if self.year is not None and not 1 <= self.year < datetime.max.year:
            raise Invalid("Choose a year from the list.", field="year")


@dataclass(frozen=True, slots=True)
class Page:
    """Some invoices; `after` names the last of them where others follow."""

    invoices: list[Invoice]
    after: UUID | None


def page(
    db: Session, tenant: Tenant, wanted: Wanted, *, after: UUID | None = None, limit: int = PAGE
) -> Page:
    """Answer the invoices that follow `after`; raises NotFound where that is not the tenant's."""
    found = _newest_first(_of(tenant, wanted)).options(joinedload(Invoice.payment))
    if after is not None:
        last = find(db, tenant, after)
        place = tuple_(Invoice.issued_at, Invoice.id)
        found = found.where(place < (last.issued_at, last.id))
    rows = list(db.scalars(found.limit(limit + 1)))
    shown = rows[:limit]
    return Page(shown, shown[-1].uuid if len(rows) > limit else None)


def every(db: Session, tenant: Tenant, wanted: Wanted) -> list[Invoice]:
    """Answer all of them, each with what it corrects, its payment and where that was made."""
    found = _of(tenant, wanted).options(
        joinedload(Invoice.corrects),
        joinedload(Invoice.payment),
        joinedload(Invoice.provider_account),
    )
    return list(db.scalars(_newest_first(found)))


def years(db: Session, tenant: Tenant) -> list[int]:
    """Answer the years from the latest invoice to the first."""
    issued = _of(tenant, Wanted()).with_only_columns(
        func.min(Invoice.issued_at), func.max(Invoice.issued_at)
    )
    first, latest = db.execute(issued).one()
    return list(range(latest.year, first.year - 1, -1)) if first else []


def find(db: Session, tenant: Tenant, uuid: UUID) -> Invoice:
    """Answer an invoice of a tenant with its app and what it corrects; raises NotFound."""
    found = _of(tenant, Wanted()).where(Invoice.uuid == uuid)
    loaded = found.options(
        joinedload(Invoice.app),
        joinedload(Invoice.corrects),
        joinedload(Invoice.payment),
        joinedload(Invoice.provider_account),
    )
    invoice = db.scalars(loaded).one_or_none()
    if invoice is None:
        raise NotFound("There is no such invoice.")
    return invoice


def corrections(db: Session, invoice: Invoice) -> list[Invoice]:
    """Answer the credit notes of an invoice, oldest first."""
    found = select(Invoice).where(Invoice.corrects_id == invoice.id)
    return list(db.scalars(found.order_by(Invoice.id)))


def charged(invoice: Invoice) -> Money | None:
    """Answer what was taken for an invoice where that is not its total: a credit paid the rest."""
    payment = invoice.payment
    if invoice.kind == "credit_note" or payment is None or payment.amount == invoice.total:
        return None
    return payment.total


def taken_back(invoice: Invoice) -> Money | None:
    """Answer what the payer's bank took back of an invoice's payment; None where nothing."""
    payment = invoice.payment
    if payment is None or not payment.charged_back:
        return None
    return Money(payment.charged_back, payment.currency)


def of_checkout(db: Session, checkout_id: int) -> Invoice | None:
    """Answer the first invoice of a checkout: what was paid in it."""
    found = select(Invoice).where(
        Invoice.checkout_id == checkout_id,
        Invoice.kind == "invoice",
        Invoice.status != "draft",
    )
    return db.scalars(found.order_by(Invoice.id).limit(1)).first()


def _of(tenant: Tenant, wanted: Wanted) -> Select[Invoice]:
    found = select(Invoice).where(
        Invoice.tenant_id == tenant.id,
        Invoice.livemode == tenant.app.livemode,
        Invoice.status != "draft",
        Invoice.deleted_at.is_(None),
    )
    if wanted.year is not None:
        begins = datetime(wanted.year, 1, 1, tzinfo=UTC)
        ends = datetime(wanted.year + 1, 1, 1, tzinfo=UTC)
        found = found.where(Invoice.issued_at >= begins, Invoice.issued_at < ends)
    if wanted.kind is not None:
        found = found.where(Invoice.kind == wanted.kind)
    return found


def _newest_first(found: Select[Invoice]) -> Select[Invoice]:
    return found.order_by(Invoice.issued_at.desc(), Invoice.id.desc())

"""Mails: written with the change they tell of; the outbox sends them afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.billing.mail import mail_kinds
from app.billing.mail.mail_kinds import Mailable
from app.db import once
from app.models import App, AppMember, Invoice, Mail, Membership, Tenant, User

_NEWEST_INVOICE = (
    select(Invoice.locale)
    .where(Invoice.tenant_id == bindparam("tenant_id"))
    .order_by(Invoice.id.desc())
    .limit(1)
    .scalar_subquery()
)
# Built once: every purchase asks it. A tenant's own address, its oldest admin's, and the language
# it was last invoiced in.
_OF_TENANT = (
    select(Tenant.invoice_email, User.email, User.locale, _NEWEST_INVOICE.label("invoiced_in"))
    .select_from(Tenant)
    .outerjoin(Membership, (Membership.tenant_id == Tenant.id) & (Membership.role == "admin"))
    .outerjoin(User, User.id == Membership.user_id)
    .where(Tenant.id == bindparam("tenant_id"))
    .order_by(Membership.id)
    .limit(1)
)
_LOCALE = select(User.locale).where(User.email == bindparam("address"))


class _Reader(NamedTuple):
    """Where a mail goes, and in which language, where that is known with the address."""

    address: str
    locale: str | None = None
    invoiced_in: str | None = None


def write(
    db: Session,
    mailable: Mailable,
    effect: str,
    *,
    app_id: int | None,
    tenant_id: int | None = None,
    now: datetime,
    livemode: bool = True,
    recipient: str | None = None,
    locale: str | None = None,
) -> int | None:
    """Put a mail into the outbox once per kind and `effect`, such as `payment:12:paid`.

    Without `recipient` it goes to the tenant's invoice e-mail, else to its oldest admin; what an
    app has to look at goes to its support e-mail, else to its owner. It is in the language of the
    recipient, where that is a user who has chosen one, else of the tenant's newest invoice, else in
    `locale`. Answers the mail's id; None where it was written before or nobody is there to write
    to.
    """
    kind = mail_kinds.name(mailable)
    reader = _Reader(recipient) if recipient else _reader(db, kind, app_id, tenant_id)
    if reader is None:
        return None
    return once.insert(
        db,
        Mail,
        {
            "effect": f"{kind}:{effect}",
            "app_id": app_id,
            "tenant_id": tenant_id,
            "livemode": livemode,
            "recipient": reader.address,
            "kind": kind,
            "values": mail_kinds.dump(mailable),
            "locale": _chosen(db, reader) or reader.invoiced_in or locale,
            "next_try_at": now,
        },
    )


def waiting(db: Session) -> int:
    """Answer how many mails have not been sent yet."""
    return db.scalar(select(func.count()).where(Mail.state == "waiting")) or 0


def _reader(db: Session, kind: str, app_id: int | None, tenant_id: int | None) -> _Reader | None:
    if kind in mail_kinds.FOR_THE_APP:
        support = select(App.support_email).where(App.id == app_id)
        address = db.scalar(support) or db.scalar(_owner(app_id))
        return _Reader(address) if address else None
    found = db.connection().execute(_OF_TENANT, {"tenant_id": tenant_id}).first()
    if found is not None and found.invoice_email:
        return _Reader(found.invoice_email, invoiced_in=found.invoiced_in)
    if found is None or not found.email:
        return None
    return _Reader(found.email, found.locale, found.invoiced_in)


def _owner(app_id: int | None) -> Select[str]:
    return (
        select(User.email)
        .join(AppMember, AppMember.user_id == User.id)
        .where(AppMember.app_id == app_id, AppMember.role == "owner")
        .order_by(AppMember.id)
        .limit(1)
    )


def _chosen(db: Session, reader: _Reader) -> str | None:
    if reader.locale is not None:
        return reader.locale
    return db.connection().execute(_LOCALE, {"address": reader.address.lower()}).scalar()

"""Mails: written with the change they tell of; the outbox sends them afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.billing.mail import mail_kinds
from app.billing.mail.mail_kinds import Mailable
from app.db import once
from app.models import App, AppMember, Mail, Membership, Tenant, User


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
    app has to look at goes to its support e-mail, else to its owner. `locale` is the recipient's
    where it is a user. Answers the mail's id; None where it was written before or nobody is there
    to write to.
    """
    kind = mail_kinds.name(mailable)
    address = recipient or _recipient(db, kind, app_id, tenant_id)
    if address is None:
        return None
    return once.insert(
        db,
        Mail,
        {
            "effect": f"{kind}:{effect}",
            "app_id": app_id,
            "tenant_id": tenant_id,
            "livemode": livemode,
            "recipient": address,
            "kind": kind,
            "values": mail_kinds.dump(mailable),
            "locale": locale or _locale(db, address),
            "next_try_at": now,
        },
    )


def waiting(db: Session) -> int:
    """Answer how many mails have not been sent yet."""
    return db.scalar(select(func.count()).where(Mail.state == "waiting")) or 0


def _recipient(db: Session, kind: str, app_id: int | None, tenant_id: int | None) -> str | None:
    if kind in mail_kinds.FOR_THE_APP:
        support = select(App.support_email).where(App.id == app_id)
        return db.scalar(support) or db.scalar(_owner(app_id))
    invoices = select(Tenant.invoice_email).where(Tenant.id == tenant_id)
    return db.scalar(invoices) or db.scalar(_admin(tenant_id))


def _owner(app_id: int | None) -> Select[str]:
    return (
        select(User.email)
        .join(AppMember, AppMember.user_id == User.id)
        .where(AppMember.app_id == app_id, AppMember.role == "owner")
        .order_by(AppMember.id)
        .limit(1)
    )


def _admin(tenant_id: int | None) -> Select[str]:
    return (
        select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id, Membership.role == "admin")
        .order_by(Membership.id)
        .limit(1)
    )


def _locale(db: Session, address: str) -> str | None:
    return db.scalar(select(User.locale).where(User.email == address.lower()))

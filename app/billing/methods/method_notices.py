"""Notices of payment methods: what is told when one comes, goes, or is charged from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.webhooks import webhooks
from app.models import CheckoutSession, PaymentMethod, Subscription, Tenant

Subject = CheckoutSession | Subscription


@dataclass
class Told:
    """What an event about a method belongs to."""

    id: int
    app_id: int
    tenant_id: int
    livemode: bool


def added(
    db: Session, method: PaymentMethod, subject: Subject, *, cause: str, now: datetime
) -> None:
    """Tell that a method is on file, once."""
    _tell(db, method, subject, "added", f"method:{method.id}:added", cause=cause, now=now)


def removed(db: Session, method: PaymentMethod, *, cause: str, now: datetime) -> None:
    """Tell that a method is no longer on file, once."""
    subject = _subject(db, method, None)
    effect = f"method:{method.id}:removed"
    _tell(db, method, subject, "removed", effect, cause=cause, now=now, before=method)


def chosen(
    db: Session,
    method: PaymentMethod,
    plan: Subscription | None,
    before: PaymentMethod | None,
    *,
    effect: str,
    cause: str,
    now: datetime,
) -> None:
    """Tell that a method is charged from now on in place of `before`; `effect` names the change."""
    _tell(
        db,
        method,
        _subject(db, method, plan),
        "default_changed",
        effect,
        cause=cause,
        now=now,
        before=before,
        payload={"subscription": str(plan.uuid) if plan else None},
    )


def _tell(
    db: Session,
    method: PaymentMethod,
    subject: Subject | None,
    what: str,
    effect: str,
    *,
    cause: str,
    now: datetime,
    before: PaymentMethod | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    kind = f"payment_method.{what}"
    app_id = subject.app_id if subject else db.get_one(Tenant, method.tenant_id).app_id
    webhooks.publish(
        db,
        Told(method.id, app_id, method.tenant_id, method.livemode),
        kind,
        effect=effect,
        payload={**_facts(method), **(payload or {})},
        now=now,
    )
    if subject is not None:
        timeline.note(
            db,
            subject,
            kind,
            cause=cause,
            now=now,
            before=_short(before) if before else None,
            after=None if what == "removed" else _short(method),
            details={"type": method.type, "brand": method.brand, "last4": method.last4},
        )


def _subject(db: Session, method: PaymentMethod, plan: Subscription | None) -> Subject | None:
    """What the timeline files it under: the plan it pays, else the checkout it came with."""
    if plan is not None or method.checkout_id is None:
        pays = select(Subscription).where(
            Subscription.tenant_id == method.tenant_id,
            Subscription.provider_account_id == method.provider_account_id,
        )
        return plan or db.scalars(pays.order_by(Subscription.id.desc()).limit(1)).first()
    return db.get(CheckoutSession, method.checkout_id)


def _facts(method: PaymentMethod) -> dict[str, Any]:
    return {
        "payment_method": str(method.uuid),
        "type": method.type,
        "status": method.status,
        "brand": method.brand,
        "last4": method.last4,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
    }


def _short(method: PaymentMethod) -> str:
    return " ".join(word for word in (method.brand or method.type, method.last4) if word)

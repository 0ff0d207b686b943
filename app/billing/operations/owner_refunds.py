"""Owner refunds: money given back by somebody who runs the app."""

from __future__ import annotations

from typing import Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.people import app_members
from app.billing.plans import (
    cancelations,
    plan_looks,
    refunds,
)
from app.billing.purchase import checkouts, requests
from app.billing.site import Site
from app.billing.truth import deeds
from app.db import lock
from app.models import Act, AppMember, CheckoutSession, Payment, Subscription
from app.money import Money
from app.providers import errors
from app.providers.base import RefundRequest

State = Literal["done", "waiting", "failed"]


def find(db: Session, member: AppMember, payment_uuid: UUID) -> Payment:
    """Answer a payment of the member's app with its refunds; raises NotFound."""
    found = db.scalars(
        select(Payment).where(Payment.uuid == payment_uuid, Payment.app_id == member.app_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such payment here.")
    return found


def refundable(db: Session, payment: Payment) -> Money:
    """Answer what of a payment can still be given back: what is left of it, without what was asked
    for and is not done yet."""
    waiting = db.scalars(
        select(Act.request).where(
            Act.payment_id == payment.id, Act.kind == "refund", Act.state == "waiting", _of(payment)
        )
    )
    asked = sum(requests.load(RefundRequest, request).amount.minor for request in waiting)
    return Money(max(payment.remaining.minor - asked, 0), payment.currency)


def require_refundable(db: Session, payment: Payment, amount: Money) -> None:
    """Raise Invalid naming `amount` where so much of a payment cannot be given back."""
    left = refundable(db, payment)
    if amount.minor <= 0:
        raise Invalid("Enter an amount above zero.", field="amount")
    if not left:
        raise Invalid("Nothing is left of the payment that could be given back.", field="amount")
    if amount.minor > left.minor:
        raise Invalid(
            "Enter an amount of at most %(left)s: so much is left of the payment.",
            field="amount",
            left=left,
        )


def give(
    db: Session,
    site: Site,
    member: AppMember,
    payment_uuid: UUID,
    *,
    amount: Money,
    reason: str,
    request_uuid: UUID,
) -> State:
    """Give a part of a payment back, or all that is left, and answer how far it is: what waits is
    done by the sweep, once. The same `request_uuid` is the same refund. Commits.

    Raises NotAllowed for support, NotFound, Conflict where the payment is not paid, Invalid naming
    `amount` or `reason`.
    """
    app_members.require_owner(member)
    if not reason.strip() or len(reason) > cancelations.LONGEST_TEXT:
        raise Invalid(
            "Write why, in at most %(most)s characters.",
            field="reason",
            most=cancelations.LONGEST_TEXT,
        )
    found = find(db, member, payment_uuid).id
    act_id = _ask_to_refund(db, site, member, found, amount, reason.strip(), request_uuid)
    deeds.perform(db, site, act_id)
    _look(db, site, member, db.get_one(Payment, found, populate_existing=True))
    return _state(db, act_id)


def _ask_to_refund(
    db: Session,
    site: Site,
    member: AppMember,
    payment_id: int,
    amount: Money,
    reason: str,
    request_uuid: UUID,
) -> int:
    row, now = lock.one(db, Payment, payment_id), site.clock.now()
    effect = f"refund:payment:{row.id}:{request_uuid}"
    known = db.scalar(select(Act.id).where(Act.effect == effect))
    if known is not None:
        db.commit()
        return known
    try:
        if row.is_paid:
            require_refundable(db, row, amount)
        act_id = refunds.give(
            db,
            row,
            amount,
            reason="owner",
            description=f"{member.app.name} {row.provider_id}",
            request_uuid=request_uuid,
            user_id=member.user_id,
            now=now,
        )
    except (Conflict, Invalid):
        db.rollback()
        raise
    details = {"amount": amount.minor, "currency": amount.currency, "reason": reason}
    subject = _subject(db, row)
    if subject is not None:
        cause = timeline.by_user(member.user.uuid)
        timeline.note(db, subject, "payment.refund_asked", cause=cause, now=now, details=details)
    audits.note(db, member, "payment.refunded", str(row.uuid), now=now, details=details)
    db.commit()
    return act_id


def _of(payment: Payment) -> ColumnElement[bool]:
    """Narrow acts by what has an index."""
    if payment.checkout_id is not None:
        return Act.checkout_id == payment.checkout_id
    return Act.subscription_id == payment.subscription_id


def _subject(db: Session, row: Payment) -> CheckoutSession | Subscription | None:
    if row.subscription_id is not None:
        return db.get_one(Subscription, row.subscription_id)
    return db.get(CheckoutSession, row.checkout_id) if row.checkout_id else None


def _look(db: Session, site: Site, member: AppMember, row: Payment) -> None:
    """See what came of it; what cannot be seen now is left for the sweep."""
    cause = timeline.by_user(member.user.uuid)
    plan_id, checkout_id, name = row.subscription_id, row.checkout_id, row.provider_id
    db.commit()
    try:
        if plan_id is not None:
            plan_looks.look(db, site, plan_id, cause=cause, also=[name])
        elif checkout_id is not None:
            checkouts.sync(db, site, checkout_id, cause=cause)
    except errors.ProviderError:
        db.rollback()


def _state(db: Session, act_id: int) -> State:
    state = db.scalars(select(Act.state).where(Act.id == act_id)).one()
    db.commit()
    return cast(State, state)

"""Second looks: somebody who runs the app has the provider asked again, by the only door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import NotFound
from app.billing.plans import plan_acts, plan_looks
from app.billing.purchase import checkouts, openings
from app.billing.site import Site
from app.models import (
    AppMember,
    CheckoutSession,
    Invoice,
    Payment,
    Subscription,
    Tenant,
    TimelineEntry,
)
from app.models.checkout_session import PENDING
from app.models.subscription import RUNNING
from app.providers import errors

# Of a tenant so many purchases and plans are looked at by one press.
MOST = 10
_MAY_CHANGE = (*PENDING, "not_charged", "expired", "canceled")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found: the entries it wrote, oldest first; `asked` is how many purchases and
    plans the provider was asked about."""

    entries: Sequence[TimelineEntry]
    asked: int


@dataclass(frozen=True, slots=True)
class _Subjects:
    """What to look at, by row, and where what comes of it is written."""

    entries: tuple[ColumnElement[bool], ...]
    checkouts: Sequence[int] = ()
    plans: Sequence[int] = ()
    also: Sequence[str] = ()


def at_checkout(db: Session, site: Site, member: AppMember, uuid: UUID) -> Looked:
    """Look at a purchase and the plan it began. Commits. Raises NotFound, ProviderUnavailable."""
    row = _one(db, member, CheckoutSession, uuid)
    return _look(db, site, member, _Subjects(_written_about(row), [row.id]))


def at_subscription(db: Session, site: Site, member: AppMember, uuid: UUID) -> Looked:
    """Look at a plan. Commits. Raises NotFound, ProviderUnavailable."""
    row = _one(db, member, Subscription, uuid)
    return _look(db, site, member, _Subjects(_written_about(row), plans=[row.id]))


def at_payment(db: Session, site: Site, member: AppMember, uuid: UUID) -> Looked:
    """Look at what a payment was for, and at itself. Commits. Raises NotFound,
    ProviderUnavailable."""
    row = _one(db, member, Payment, uuid)
    bought = [row.checkout_id] if row.checkout_id else []
    plans = [row.subscription_id] if row.subscription_id else []
    subjects = _Subjects(_written_about(row), bought, plans, also=[row.provider_id])
    return _look(db, site, member, subjects)


def at_invoice(db: Session, site: Site, member: AppMember, uuid: UUID) -> Looked:
    """Look at what an invoice is for. Commits. Raises NotFound, ProviderUnavailable."""
    row = _one(db, member, Invoice, uuid)
    plans = [row.subscription_id] if row.subscription_id else []
    bought = [row.checkout_id] if row.checkout_id and not plans else []
    return _look(db, site, member, _Subjects(_written_about(row), bought, plans))


def at_tenant(db: Session, site: Site, member: AppMember, uuid: UUID) -> Looked:
    """Look at the latest purchases of a tenant that may still change, and at the plans it runs.
    Commits. Raises NotFound, ProviderUnavailable."""
    tenant, is_live = _one(db, member, Tenant, uuid), member.app.livemode
    bought = select(CheckoutSession.id).where(
        CheckoutSession.tenant_id == tenant.id,
        CheckoutSession.livemode == is_live,
        CheckoutSession.state.in_(_MAY_CHANGE),
    )
    plans = select(Subscription.id).where(
        Subscription.tenant_id == tenant.id,
        Subscription.livemode == is_live,
        Subscription.status.in_((*RUNNING, "incomplete")),
    )
    subjects = _Subjects(
        (TimelineEntry.tenant_id == tenant.id, TimelineEntry.livemode == is_live),
        list(db.scalars(bought.order_by(CheckoutSession.id.desc()).limit(MOST))),
        list(db.scalars(plans.order_by(Subscription.id.desc()).limit(MOST))),
    )
    return _look(db, site, member, subjects)


def _look(db: Session, site: Site, member: AppMember, subjects: _Subjects) -> Looked:
    cause = timeline.by_user(member.user.uuid)
    seen = db.scalar(select(func.max(TimelineEntry.id)).where(*subjects.entries)) or 0
    db.commit()
    try:
        asked = _look_at_all(db, site, subjects, cause)
    except errors.ProviderError as error:
        db.rollback()
        raise plan_acts.said(error) from error
    new = select(TimelineEntry).where(*subjects.entries, TimelineEntry.id > seen)
    return Looked(list(db.scalars(new.order_by(TimelineEntry.id))), asked)


def _look_at_all(db: Session, site: Site, subjects: _Subjects, cause: str) -> int:
    for checkout_id in subjects.checkouts:
        _at_checkout(db, site, checkout_id, cause)
    begun = select(Subscription.id).where(Subscription.checkout_id.in_(subjects.checkouts))
    plans = list(
        dict.fromkeys([*subjects.plans, *(db.scalars(begun) if subjects.checkouts else ())])
    )
    db.commit()
    for plan_id in plans:
        plan_looks.look(db, site, plan_id, cause=cause, also=subjects.also)
    return len(subjects.checkouts) + len(plans)


def _at_checkout(db: Session, site: Site, checkout_id: int, cause: str) -> None:
    asked = select(CheckoutSession.provider_id).where(CheckoutSession.id == checkout_id)
    is_there = db.scalars(asked).one() is not None
    db.commit()
    if is_there:
        checkouts.sync(db, site, checkout_id, cause=cause)
    else:
        openings.finish(db, site, checkout_id)


def _written_about(
    row: CheckoutSession | Subscription | Payment | Invoice,
) -> tuple[ColumnElement[bool], ...]:
    """Where the timeline tells of a row: among its tenant's entries or, where nobody in particular
    bought, among its checkout's."""
    if row.tenant_id is not None:
        return (
            TimelineEntry.tenant_id == row.tenant_id,
            TimelineEntry.livemode == row.livemode,
        )
    checkout_id = row.id if isinstance(row, CheckoutSession) else row.checkout_id
    return (TimelineEntry.checkout_id == checkout_id,)


def _one(db: Session, member: AppMember, model: type[Any], uuid: UUID) -> Any:
    found = db.scalars(
        select(model).where(model.uuid == uuid, model.app_id == member.app_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such thing in this app.")
    return found

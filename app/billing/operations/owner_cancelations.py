"""Owner cancelations: plans ended by somebody who runs the app."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.billing import timeline
from app.billing.apps import audits
from app.billing.errors import NotFound
from app.billing.people import app_members
from app.billing.plans import (
    cancelation_deeds,
    cancelations,
    plan_acts,
    plan_states,
)
from app.billing.site import Site
from app.billing.truth import acts
from app.db import lock
from app.models import Act, AppMember, Price, Subscription

When = Literal["now", "period_end"]


def find(db: Session, member: AppMember, subscription_uuid: UUID) -> Subscription:
    """Answer a plan of the member's app with price, product and account; raises NotFound."""
    found = db.scalars(
        select(Subscription)
        .where(Subscription.uuid == subscription_uuid, Subscription.app_id == member.app_id)
        .options(
            joinedload(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such subscription here.")
    return found


def cancel(
    db: Session,
    site: Site,
    member: AppMember,
    subscription_uuid: UUID,
    *,
    when: When,
    reason: str | None = None,
) -> Subscription:
    """End a plan at once or with the period that is paid, and answer it; asked again, or of one
    that has ended, it answers the same. Commits.

    Raises NotAllowed for support, NotFound, Conflict where its first payment is on its way,
    ProviderUnavailable where it is stored and will be done a little later.
    """
    app_members.require_owner(member)
    row = find(db, member, subscription_uuid)
    if row.ended_at is None:
        if when == "now":
            _end_now(db, site, member, row.id, reason)
        else:
            _end_with_period(db, site, member, row, reason)
    row = find(db, member, subscription_uuid)
    db.commit()
    return row


def _end_now(
    db: Session, site: Site, member: AppMember, subscription_id: int, reason: str | None
) -> None:
    row, now = lock.one(db, Subscription, subscription_id), site.clock.now()
    if row.ended_at is not None:
        db.rollback()
        return
    cause = timeline.by_user(member.user.uuid)
    effect = f"cancel:subscription:{row.provider_account_id}:{row.provider_id}"
    is_asked = db.scalar(select(Act.id).where(Act.effect == effect, Act.state == "waiting"))
    if is_asked is None:
        row.cancel_reason = reason or row.cancel_reason
        _note_end(db, member, row, "now", reason, now=now)
    if row.provider_id is None:
        # What waits to be begun at the provider is ended there as soon as it has begun.
        before = row.shown_status
        plan_states.finish(row, reason="canceled", at=now)
        plan_states.tell(db, row, before, cause=cause, now=now)
        db.commit()
        return
    acts.end_subscription(
        db, row, reason=cancelation_deeds.BY_OWNER, now=now, comment=reason or None
    )
    db.commit()
    state = plan_acts.perform(db, site, effect)
    if state != "done":
        raise plan_acts.not_done(state)
    plan_acts.look(db, site, subscription_id, member.user)


def _end_with_period(
    db: Session, site: Site, member: AppMember, row: Subscription, reason: str | None
) -> None:
    if cancelations.is_set_to_end(row):
        return
    audits.note(
        db,
        member,
        "subscription.canceled",
        str(row.uuid),
        now=site.clock.now(),
        details={"when": "period_end", "reason": reason},
    )
    cancelations.end_with_period(db, site, row, user=member.user, reason=reason)


def _note_end(
    db: Session,
    member: AppMember,
    row: Subscription,
    when: When,
    reason: str | None,
    *,
    now: datetime,
) -> None:
    cause = timeline.by_user(member.user.uuid)
    details = {"when": when, "reason": reason}
    timeline.note(
        db,
        row,
        "subscription.cancel_asked",
        cause=cause,
        now=now,
        before=row.shown_status,
        details=details,
    )
    audits.note(db, member, "subscription.canceled", str(row.uuid), now=now, details=details)

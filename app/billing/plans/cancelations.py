"""Cancelations: a plan that is to end with its period, and one that goes on after all."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import Conflict, Invalid
from app.billing.plans import plan_acts, plan_changes, plans
from app.billing.purchase import requests
from app.billing.site import Site
from app.billing.truth import acts
from app.db import lock
from app.db.base import table
from app.models import Act, App, Membership, PaymentMethod, Subscription, User
from app.models.subscription import RUNNING
from app.providers.base import SubscriptionRequest

LONGEST_TEXT = 500
# A word from the page's list stands before the text.
LONGEST_REASON = LONGEST_TEXT + 20
_ACT = table(Act)


def cancel(
    db: Session, site: Site, *, membership: Membership, reason: str | None = None
) -> Subscription:
    """Have the plan end with the period that is paid, and answer it; asked again, or of one that
    has ended, it answers the same. Commits.

    A change that waits for the next period is dropped first. Raises NotAllowed for a member,
    Invalid for a reason of more than 520 characters, Conflict where there is no plan or its first
    payment is on its way, ProviderUnavailable where it is stored and will be done a little later.
    """
    subscription = plans.to_change(db, membership)
    end_with_period(db, site, subscription, user=membership.user, reason=reason)
    subscription = plans.to_change(db, membership)
    db.commit()
    return subscription


def end_with_period(
    db: Session,
    site: Site,
    subscription: Subscription,
    *,
    user: User,
    reason: str | None = None,
) -> None:
    """Have a plan end with its period for somebody who may; as `cancel` does. Commits."""
    if reason is not None and len(reason) > LONGEST_REASON:
        raise Invalid("Use at most %(most)s characters.", field="reason", most=LONGEST_REASON)
    if subscription.is_running and not is_set_to_end(subscription):
        plan_changes.drop_of(db, site, subscription, user=user)
    effect = _ask_to_cancel(db, site, user, subscription.id, reason)
    if effect is not None:
        _perform(db, site, user, subscription.id, effect)


def resume(db: Session, site: Site, *, membership: Membership) -> Subscription:
    """Let a plan that is set to end go on, and answer it; one that goes on is answered as it is.
    Commits.

    Raises NotAllowed for a member, Conflict where the plan has ended, ProviderUnavailable where it
    is stored and will be done a little later.
    """
    subscription = plans.to_change(db, membership)
    effect = _ask_to_resume(db, site, membership.user, subscription.id)
    if effect is not None:
        _perform(db, site, membership.user, subscription.id, effect)
    subscription = plans.to_change(db, membership)
    db.commit()
    return subscription


def is_set_to_end(subscription: Subscription) -> bool:
    """Answer whether a plan that runs will end with its period."""
    if subscription.ended_at is not None:
        return False
    return subscription.status == "canceling" or subscription.canceled_at is not None


def _ask_to_cancel(
    db: Session, site: Site, user: User, subscription_id: int, reason: str | None
) -> str | None:
    row = lock.one(db, Subscription, subscription_id)
    if row.ended_at is not None or is_set_to_end(row):
        db.rollback()
        return None
    if row.provider_id is None or row.status not in RUNNING:
        db.rollback()
        raise Conflict(
            "The first payment is still on its way. The plan can be ended once it is confirmed."
        )
    cancelation = requests.Cancellation(
        row.provider_id, row.customer_provider_id, "period_end", reason
    )
    effect, is_new = _next_effect(db, "cancel_subscription", row)
    _ask(db, site, user, row, "cancel_subscription", effect, requests.dump(cancelation))
    if is_new:
        row.cancel_reason = reason
        details = {"reason": reason} if reason else None
        _note(db, site, user, row, "subscription.cancel_asked", details)
    db.commit()
    return effect


def _ask_to_resume(db: Session, site: Site, user: User, subscription_id: int) -> str | None:
    row, now = lock.one(db, Subscription, subscription_id), site.clock.now()
    if row.ended_at is not None or (row.period_end is not None and row.period_end <= now):
        db.rollback()
        raise Conflict("The plan has ended, so it cannot go on. Choose a plan to begin again.")
    if not is_set_to_end(row):
        db.rollback()
        return None
    effect, is_new = _next_effect(db, "resume_subscription", row)
    act_uuid = uuid4()
    try:
        request = _resumption(db, site, row, act_uuid)
    except Conflict:
        db.rollback()
        raise
    _ask(db, site, user, row, "resume_subscription", effect, request, act_uuid)
    if is_new:
        _note(db, site, user, row, "subscription.resumed")
    db.commit()
    return effect


def _resumption(db: Session, site: Site, row: Subscription, act_uuid: UUID) -> str:
    """What the provider is asked: to take the end back, or where it has ended the subscription for
    good, to begin another when what is paid for is over."""
    assert row.provider_id is not None
    if site.capabilities(row.provider_account.provider).resumes:
        return requests.dump(requests.Resumption(row.provider_id, row.customer_provider_id))
    return requests.dump(_beginning(db, site, row, act_uuid))


def _beginning(db: Session, site: Site, row: Subscription, act_uuid: UUID) -> SubscriptionRequest:
    assert row.customer_provider_id is not None and row.period_end is not None
    method = db.get(PaymentMethod, row.payment_method_id) if row.payment_method_id else None
    if method is None or method.removed_at is not None or method.status == "invalid":
        raise Conflict(
            "There is no payment method on file to go on with. Add one first, then resume the plan."
        )
    app = db.get_one(App, row.app_id)
    return SubscriptionRequest(
        uuid=str(act_uuid),
        customer_id=row.customer_provider_id,
        method_id=method.provider_id,
        total=row.renewal,
        interval="year" if row.price.interval == "year" else "month",
        start_date=row.period_end.date(),
        description=f"{app.name} {row.price.product.name}",
        webhook_url=site.hook_url(row.provider_account),
    )


def _ask(
    db: Session,
    site: Site,
    user: User,
    row: Subscription,
    kind: str,
    effect: str,
    request: str,
    uuid: UUID | None = None,
) -> None:
    acts.ask(
        db,
        kind,
        effect,
        account_id=row.provider_account_id,
        subscription_id=row.id,
        user_id=user.id,
        reason="asked",
        request=request,
        uuid=uuid,
        now=site.clock.now(),
    )


def _note(
    db: Session,
    site: Site,
    user: User,
    row: Subscription,
    kind: str,
    details: dict[str, Any] | None = None,
) -> None:
    timeline.note(
        db,
        row,
        kind,
        cause=timeline.by_user(user.uuid),
        now=site.clock.now(),
        before=row.shown_status,
        details=details,
    )


def _next_effect(db: Session, kind: str, row: Subscription) -> tuple[str, bool]:
    """The name of the next act of a kind, and whether nobody has asked for it yet: a plan may be
    canceled and resumed many times, and each time is one act whoever presses how often."""
    of_plan = (_ACT.c.subscription_id == row.id, _ACT.c.kind == kind, _ACT.c.reason == "asked")
    done = select(func.count()).select_from(_ACT).where(*of_plan, _ACT.c.state == "done")
    effect = f"{kind}:{row.id}:{db.scalar(done)}"
    known = db.scalar(select(_ACT.c.id).where(_ACT.c.effect == effect))
    return effect, known is None


def _perform(db: Session, site: Site, user: User, subscription_id: int, effect: str) -> None:
    state = plan_acts.perform(db, site, effect)
    if state != "done":
        raise plan_acts.not_done(state)
    plan_acts.look(db, site, subscription_id, user)

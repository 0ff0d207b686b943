"""Plan changes: another plan, period or number of seats, shown with its figures and made once.

`previewed → confirmed → done`, or `→ scheduled → done` where it waits for the next period; a change
the provider refuses has `failed`, one that is dropped is `canceled`. The preview is a row, so that
what is confirmed is what was shown: same price, same second for proration, same amounts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.billing.errors import Conflict, NotFound
from app.billing.plans import plan_acts, plan_deeds, plan_figures, plan_rules, plan_switches, plans
from app.billing.plans.plan_figures import Moment, Target
from app.billing.plans.plan_rules import PlanChoice, Stale
from app.billing.purchase import requests
from app.billing.site import Site
from app.billing.truth import acts
from app.db import lock
from app.models import Membership, Price, Subscription, SubscriptionChange, User
from app.money import Money
from app.providers import errors
from app.providers.base import ChangePreview
from app.providers.base import SubscriptionChange as SubscriptionChangeRequest

__all__ = ["PlanChoice", "Stale", "confirm", "drop", "drop_of", "find", "preview", "scheduled"]

LIFETIME = timedelta(minutes=30)


def scheduled(db: Session, subscription: Subscription) -> SubscriptionChange | None:
    """Answer the change of a plan that is being made or waits for the next period."""
    return plan_switches.on_its_way(db, subscription.id)


def find(db: Session, *, membership: Membership, change_uuid: UUID) -> SubscriptionChange:
    """Answer a change of the tenant's plans by the id of its preview; raises NotFound."""
    plan = joinedload(SubscriptionChange.subscription).joinedload(Subscription.price)
    found = db.scalars(
        select(SubscriptionChange)
        .join(SubscriptionChange.subscription)
        .options(
            joinedload(SubscriptionChange.price).joinedload(Price.product),
            plan.joinedload(Price.product),
        )
        .where(
            SubscriptionChange.uuid == change_uuid,
            Subscription.tenant_id == membership.tenant.id,
            Subscription.livemode == membership.tenant.app.livemode,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such change.")
    return found


def preview(
    db: Session, site: Site, *, membership: Membership, choice: PlanChoice
) -> SubscriptionChange:
    """Work out what a change costs today and each period from then on, and keep it for 30 minutes
    of billing time. Changes nothing, and commits.

    Raises NotAllowed for a member, Invalid naming the field, Conflict where the plan cannot be
    changed now, Unsupported where the provider will not have it, ProviderUnavailable.
    """
    subscription = plans.to_change(db, membership)
    price = plan_rules.price_of(db, membership, subscription, choice.price_id)
    moment = plan_rules.check(db, site, subscription, price, choice)
    amounts = plan_figures.per_period(site, subscription, price, choice.quantity)
    basis, now = plan_figures.basis(subscription), site.clock.now().replace(microsecond=0)
    at = now if moment == "now" else None
    restarts = price.interval != subscription.price.interval
    target = Target(price, choice.quantity, amounts.total, moment, restarts, at)
    answer = _ask(db, site, subscription, target)
    change = SubscriptionChange(
        subscription_id=subscription.id,
        user_id=membership.user_id,
        price=price,
        state="previewed",
        basis=basis,
        moment=moment,
        quantity=choice.quantity,
        currency=price.currency,
        net=amounts.net.minor,
        tax=amounts.tax.minor,
        total=amounts.total.minor,
        due_now=answer.due_now.minor,
        takes_effect_at=at or answer.at,
        expires_at=now + LIFETIME,
    )
    db.add(change)
    db.commit()
    return change


def confirm(
    db: Session, site: Site, *, membership: Membership, change_uuid: UUID
) -> SubscriptionChange:
    """Make the change that was shown, once, and answer it as it is then. Commits.

    Confirmed again it answers the same. A change the provider refuses, or the bank declines, has
    `failed`, and nothing is different; one the provider could not be asked for stays `confirmed`
    and the sweep makes it. Raises NotAllowed, NotFound, and Stale or Conflict where it may not be
    made any more: preview it again.
    """
    subscription = plans.to_change(db, membership)
    change = find(db, membership=membership, change_uuid=change_uuid)
    if change.subscription_id != subscription.id:
        raise plan_rules.moved()
    is_ours = change.state == "previewed" and _confirm(db, site, membership, subscription, change)
    plan_acts.perform(db, site, _effect(change))
    if is_ours:
        plan_acts.look(db, site, subscription.id, membership.user)
    change = find(db, membership=membership, change_uuid=change_uuid)
    db.commit()
    return change


def drop(db: Session, site: Site, *, membership: Membership) -> None:
    """Drop the change that waits for the next period; where there is none, do nothing. Commits.

    Raises NotAllowed for a member, Conflict where the change is being made at this moment or its
    moment has come, ProviderUnavailable where it will be dropped a little later.
    """
    drop_of(db, site, plans.to_change(db, membership), user=membership.user)


def drop_of(db: Session, site: Site, subscription: Subscription, *, user: User) -> None:
    """Drop the change of a plan for somebody who may; as `drop` does. Commits."""
    change = scheduled(db, subscription)
    db.commit()
    if change is None or not _ask_to_drop(db, site, user, subscription, change):
        return
    state = plan_acts.perform(db, site, _undoing(change))
    if state != "done":
        raise plan_acts.not_done(state)


def _ask(db: Session, site: Site, subscription: Subscription, target: Target) -> ChangePreview:
    try:
        asked = plan_figures.request(db, site, subscription, target)
        return site.provider(subscription.provider_account).preview_change(asked)
    except errors.ProviderError as error:
        raise plan_acts.said(error) from error


def _confirm(
    db: Session,
    site: Site,
    membership: Membership,
    subscription: Subscription,
    change: SubscriptionChange,
) -> bool:
    """Take the change on under the plan's lock, with the request that will make it; False where
    somebody else has."""
    restarts = change.price.interval != subscription.price.interval
    target = Target(
        price=change.price,
        quantity=change.quantity,
        total=Money(change.total, change.currency),
        moment=cast(Moment, change.moment),
        restarts=restarts,
        at=change.takes_effect_at,
    )
    asked = _request(db, site, subscription, target)
    subscription = lock.one(db, Subscription, subscription.id)
    change = lock.one(db, SubscriptionChange, change.id)
    if change.state in ("confirmed", "scheduled", "done", "failed"):
        db.rollback()
        return False
    try:
        plan_rules.require_fresh(db, site, subscription, change)
    except Conflict:
        db.rollback()
        raise
    change.state, change.confirmed_at = "confirmed", site.clock.now()
    change.user_id = membership.user_id
    _ask_for(db, site, membership.user, change, asked, reason=plan_deeds.CHANGE)
    db.commit()
    return True


def _ask_to_drop(
    db: Session,
    site: Site,
    user: User,
    subscription: Subscription,
    change: SubscriptionChange,
) -> bool:
    """Ask for what the provider had before; False where the change does not wait any more."""
    target = Target(
        price=subscription.price,
        quantity=subscription.quantity,
        total=subscription.renewal,
        moment="period_end",
        restarts=change.price.interval != subscription.price.interval,
        at=change.takes_effect_at,
    )
    asked = _request(db, site, subscription, target)
    lock.one(db, Subscription, subscription.id)
    change = lock.one(db, SubscriptionChange, change.id)
    if change.state in ("done", "canceled", "failed"):
        db.rollback()
        return False
    if change.state == "confirmed" or site.clock.now() >= change.takes_effect_at:
        db.rollback()
        raise Conflict("The change is being made at this moment. Look again in a little while.")
    _ask_for(db, site, user, change, asked, reason=plan_deeds.DROP)
    db.commit()
    return True


def _request(
    db: Session, site: Site, subscription: Subscription, target: Target
) -> SubscriptionChangeRequest:
    try:
        return plan_figures.request(db, site, subscription, target)
    except errors.ProviderError as error:
        raise plan_acts.said(error) from error


def _ask_for(
    db: Session,
    site: Site,
    user: User,
    change: SubscriptionChange,
    asked: SubscriptionChangeRequest,
    *,
    reason: str,
) -> None:
    acts.ask(
        db,
        "change_subscription",
        _effect(change) if reason == plan_deeds.CHANGE else _undoing(change),
        account_id=change.subscription.provider_account_id,
        subscription_id=change.subscription_id,
        subscription_change_id=change.id,
        user_id=user.id,
        reason=reason,
        request=requests.dump(asked),
        now=site.clock.now(),
    )


def _effect(change: SubscriptionChange) -> str:
    return f"change:{change.id}"


def _undoing(change: SubscriptionChange) -> str:
    return f"drop:change:{change.id}"

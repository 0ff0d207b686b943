"""Dunning: charging again what failed, on a schedule of ours or when somebody asks, until it is
paid or the plan ends. Where the provider tries again by itself, only the asking is ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.errors import Conflict
from app.billing.plans import plan_states, renewals
from app.billing.purchase import requests
from app.billing.site import Site
from app.billing.truth import acts, deadlines
from app.billing.truth.payments import UNDECIDED
from app.models import Act, App, Payment, PaymentMethod, ProviderAccount, Subscription
from app.money import Money
from app.providers.base import ChargeRequest

# What could not even be tried on the last day is given one more.
_LAST_WAIT = timedelta(days=1)


def follow(db: Session, site: Site, subscription: Subscription, *, now: datetime) -> None:
    """Ask for the retry that is due, or end a plan whose last one has failed. The caller holds its
    lock, has judged it, and does the acts after the commit."""
    since = subscription.overdue_since
    if (
        since is None
        or subscription.ended_at is not None
        or _retries_itself(db, site, subscription)
    ):
        return
    tries = deadlines.retries(db.get_one(App, subscription.app_id), since)
    due = [moment for moment in tries if moment <= now]
    period = renewals.overdue(subscription, renewals.every(db, subscription))
    attempts = period.attempts if period else []
    if not due or _is_under_way(db, subscription, attempts):
        return
    if any(attempt.attempted_at >= due[-1] for attempt in attempts) or not period:
        is_last = due[-1] == tries[-1]
    elif _charge(db, site, subscription, attempts, now=now) is not None:
        return
    else:
        is_last = now >= tries[-1] + _LAST_WAIT
    if is_last:
        plan_states.finish(subscription, reason="not_paid", at=now)
        acts.end_subscription(db, subscription, reason="not_paid", now=now)


def charge_now(
    db: Session,
    site: Site,
    subscription: Subscription,
    *,
    now: datetime,
    method: PaymentMethod | None = None,
    user_id: int | None = None,
) -> int:
    """Ask for what is overdue to be charged now, by `method` or the plan's own, and answer the act;
    asked twice before anything came of it, it is the same act.

    Raises Conflict where nothing is overdue, or a charge is under way.
    """
    if subscription.overdue_since is None or subscription.ended_at is not None:
        raise Conflict("Nothing is overdue, so nothing was charged.")
    if _retries_itself(db, site, subscription):
        assert subscription.provider_id is not None
        request = requests.Collection(subscription.provider_id, subscription.customer_provider_id)
        return acts.ask(
            db,
            "collect",
            f"collect:subscription:{subscription.id}:{subscription.version}",
            account_id=subscription.provider_account_id,
            subscription_id=subscription.id,
            reason="asked",
            request=requests.dump(request),
            user_id=user_id,
            now=now,
        )
    period = renewals.overdue(subscription, renewals.every(db, subscription))
    if period is None:
        raise Conflict("The charge has not been tried yet, so there is nothing to repeat.")
    if any(attempt.status in UNDECIDED for attempt in period.attempts):
        raise Conflict("A charge is on its way already. Nothing was charged twice.")
    act_id = _charge(
        db, site, subscription, period.attempts, now=now, method=method, user_id=user_id
    )
    if act_id is None:
        raise Conflict("There is no payment method that could be charged. Add one first.")
    return act_id


def _charge(
    db: Session,
    site: Site,
    subscription: Subscription,
    attempts: list[Payment],
    *,
    now: datetime,
    method: PaymentMethod | None = None,
    user_id: int | None = None,
) -> int | None:
    if method is None and subscription.payment_method_id is not None:
        method = db.get_one(PaymentMethod, subscription.payment_method_id)
    if method is None or not method.is_usable or method.removed_at is not None:
        return None
    failed = attempts[0]
    uuid = uuid4()
    account = db.get_one(ProviderAccount, subscription.provider_account_id)
    assert subscription.customer_provider_id is not None
    request = ChargeRequest(
        uuid=str(uuid),
        customer_id=subscription.customer_provider_id,
        method_id=method.provider_id,
        total=Money(failed.amount, failed.currency),
        description=subscription.price.product.name,
        webhook_url=site.hook_url(account),
    )
    return acts.ask(
        db,
        "charge",
        # Named by how often it was tried: of two reasons to try again one counts.
        f"charge:payment:{failed.id}:{len(attempts)}",
        account_id=account.id,
        subscription_id=subscription.id,
        payment_id=failed.id,
        payment_method_id=method.id,
        reason="overdue",
        request=requests.dump(request),
        uuid=uuid,
        user_id=user_id,
        now=now,
    )


def _is_under_way(db: Session, subscription: Subscription, attempts: list[Payment]) -> bool:
    if any(attempt.status in UNDECIDED for attempt in attempts):
        return True
    waiting = select(Act.id).where(
        Act.subscription_id == subscription.id, Act.kind == "charge", Act.state == "waiting"
    )
    return db.scalars(waiting.limit(1)).first() is not None


def _retries_itself(db: Session, site: Site, subscription: Subscription) -> bool:
    account = db.get_one(ProviderAccount, subscription.provider_account_id)
    return site.capabilities(account.provider).own_retries

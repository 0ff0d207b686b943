"""Method acts: what is asked of a provider so that another method is charged, or one forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import Conflict
from app.billing.methods import payment_methods
from app.billing.purchase import requests
from app.billing.site import Site
from app.billing.truth import acts
from app.db import lock
from app.db.base import table
from app.models import (
    Act,
    CheckoutSession,
    Customer,
    PaymentMethod,
    ProviderAccount,
    Subscription,
    Tenant,
)
from app.models.subscription import RUNNING

_ACT = table(Act)
# Why another method is charged: somebody chose it, the one before is removed, or it was added while
# a charge was due, which is then made at once.
CHOSEN, REPLACED, ADDED = "asked", "removal", "new_method"


def plans(db: Session, tenant_id: int, *, livemode: bool) -> list[Subscription]:
    """Answer the plans a tenant runs, the oldest first."""
    return list(
        db.scalars(
            select(Subscription)
            .where(
                Subscription.tenant_id == tenant_id,
                Subscription.livemode == livemode,
                Subscription.status.in_(RUNNING),
                Subscription.is_duplicate.is_(False),
            )
            .order_by(Subscription.id)
            .execution_options(populate_existing=True)
        )
    )


def charges_no_more(plan: Subscription) -> bool:
    """Answer whether a plan is set to end, so that nothing more is charged for it."""
    return plan.canceled_at is not None or plan.status == "canceling"


def use(
    db: Session,
    site: Site,
    method: PaymentMethod,
    plan: Subscription | None,
    *,
    reason: str,
    now: datetime,
    user_id: int | None = None,
    checkout_id: int | None = None,
) -> str:
    """Ask for a method to be charged from now on, for a plan if one is named, and answer the act's
    effect. The caller holds the tenant's lock.

    Another one that was asked for before and has not been begun is not wanted any more. Raises
    Conflict where the provider knows no customer yet.
    """
    effect = f"default:{plan.id if plan else 0}:{method.id}:{_turn(db, method, plan)}"
    if reason == ADDED:
        effect = f"use:{plan.id if plan else 0}:{method.id}"
    request = requests.MethodRequest(
        method.provider_id,
        _customer(db, method),
        _provider_id(db, site, plan) if plan else None,
    )
    _drop_others(db, method, plan, effect)
    acts.ask(
        db,
        "set_default_method",
        effect,
        account_id=method.provider_account_id,
        subscription_id=plan.id if plan else None,
        payment_method_id=method.id,
        checkout_id=checkout_id,
        reason=reason,
        request=requests.dump(request),
        user_id=user_id,
        now=now,
    )
    return effect


def use_new(
    db: Session, site: Site, checkout: CheckoutSession, method: PaymentMethod, *, now: datetime
) -> None:
    """Let a method that was just added be charged where it is needed: by plans that are overdue or
    whose method cannot be charged, and as the default where nothing runs. Once, however often it is
    looked at."""
    running = plans(db, method.tenant_id, livemode=method.livemode)
    if not running:
        lock.hold(db, Tenant, method.tenant_id)
        payment_methods.make_default(db, method)
    for plan in running:
        is_there = plan.provider_account_id == method.provider_account_id
        if is_there and plan.provider_id is not None and _needs(db, plan, now=now):
            use(db, site, method, plan, reason=ADDED, now=now, checkout_id=checkout.id)


def forget(db: Session, method: PaymentMethod, *, now: datetime, user_id: int | None = None) -> str:
    """Ask for a method to be forgotten and answer the act's effect."""
    effect = forgetting(method)
    acts.ask(
        db,
        "forget_payment_method",
        effect,
        account_id=method.provider_account_id,
        payment_method_id=method.id,
        reason="asked",
        request=requests.dump(requests.MethodRequest(method.provider_id, _customer(db, method))),
        user_id=user_id,
        now=now,
    )
    return effect


def forgetting(method: PaymentMethod) -> str:
    """Answer the effect of the act by which a method is forgotten."""
    return f"forget:{method.id}"


def upcoming(db: Session, plan_id: int) -> int | None:
    """Answer the method a plan will be charged by once the provider has done what it was asked."""
    return db.scalar(
        select(_ACT.c.payment_method_id)
        .where(
            _ACT.c.subscription_id == plan_id,
            _ACT.c.kind == "set_default_method",
            _ACT.c.state == "waiting",
        )
        .order_by(_ACT.c.id.desc())
        .limit(1)
    )


def pays_for(db: Session, method: PaymentMethod) -> list[Subscription]:
    """Answer the plans that are charged by a method now, or will be in a moment."""
    return [
        plan
        for plan in plans(db, method.tenant_id, livemode=method.livemode)
        if not charges_no_more(plan)
        and method.id in (plan.payment_method_id, upcoming(db, plan.id))
    ]


def switches(db: Session, method: PaymentMethod) -> list[str]:
    """Answer the acts, by effect, that give another method to the plans that one pays for."""
    asked = select(_ACT.c.effect).where(
        _ACT.c.subscription_id.in_([plan.id for plan in pays_for(db, method)]),
        _ACT.c.kind == "set_default_method",
        _ACT.c.state == "waiting",
    )
    return list(db.scalars(asked.order_by(_ACT.c.id)))


def plans_charged_anew(db: Session, act_ids: Sequence[int]) -> list[int]:
    """Answer the plans that some of these acts have given another payment method."""
    if not act_ids:
        return []
    found = select(_ACT.c.subscription_id).where(
        _ACT.c.id.in_(act_ids),
        _ACT.c.kind == "set_default_method",
        _ACT.c.state == "done",
        _ACT.c.subscription_id.is_not(None),
    )
    return [plan for plan in db.scalars(found) if plan is not None]


def _needs(db: Session, plan: Subscription, *, now: datetime) -> bool:
    if charges_no_more(plan):
        return False
    if plan.overdue_since is not None or plan.status in ("past_due", "unpaid", "paused"):
        return True
    known = db.get(PaymentMethod, plan.payment_method_id) if plan.payment_method_id else None
    if known is None or known.removed_at is not None or not known.is_usable:
        return True
    return payment_methods.expiry(known, now=now) == "over"


def _provider_id(db: Session, site: Site, plan: Subscription) -> str | None:
    """The plan at the provider; None where it has ended there already and cannot be changed."""
    account = db.get_one(ProviderAccount, plan.provider_account_id)
    is_over = charges_no_more(plan) and not site.capabilities(account.provider).resumes
    return None if is_over else plan.provider_id


def _customer(db: Session, method: PaymentMethod) -> str:
    found = db.scalar(
        select(Customer.provider_id).where(
            Customer.tenant_id == method.tenant_id,
            Customer.provider_account_id == method.provider_account_id,
        )
    )
    if found is None:
        raise Conflict("The payment provider does not know this company yet. Try again later.")
    return found


def _turn(db: Session, method: PaymentMethod, plan: Subscription | None) -> int:
    """How often another method was chosen so far: each time is one act, whoever presses how
    often."""
    done = (
        select(func.count())
        .select_from(_ACT)
        .where(*_choices(method, plan), _ACT.c.state == "done")
    )
    return db.scalar(done) or 0


def _drop_others(
    db: Session, method: PaymentMethod, plan: Subscription | None, effect: str
) -> None:
    unclaimed = or_(_ACT.c.claimed_until.is_(None), _ACT.c.claimed_until < clock.wall())
    db.execute(
        update(_ACT)
        .where(
            *_choices(method, plan),
            _ACT.c.state == "waiting",
            _ACT.c.effect != effect,
            unclaimed,
        )
        .values(state="failed", error="another method was chosen meanwhile")
    )


def _choices(method: PaymentMethod, plan: Subscription | None) -> tuple[ColumnElement[bool], ...]:
    theirs = select(PaymentMethod.id).where(PaymentMethod.tenant_id == method.tenant_id)
    of_plan = (
        _ACT.c.subscription_id == plan.id
        if plan
        else _ACT.c.subscription_id.is_(None) & _ACT.c.payment_method_id.in_(theirs)
    )
    return (_ACT.c.kind == "set_default_method", of_plan)

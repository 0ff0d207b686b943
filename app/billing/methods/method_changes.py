"""Changes to payment methods that an admin asks for: another default, one less, and paying what is
due now."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import Conflict, NotAllowed, ProviderUnavailable
from app.billing.methods import method_acts, payment_methods
from app.billing.plans import dunning, plan_acts, plans, subscriptions
from app.billing.site import Site
from app.billing.truth import deeds
from app.db import lock
from app.models import (
    Act,
    Membership,
    Payment,
    PaymentMethod,
    ProviderAccount,
    Subscription,
    Tenant,
)
from app.providers.errors import ProviderError

log = logging.getLogger(__name__)

Result = Literal["paid", "declined", "action_needed", "processing", "unavailable"]


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a method does: `plans` are charged by `replacement` from then on."""

    method: PaymentMethod
    plans: Sequence[Subscription]
    replacement: PaymentMethod | None


def make_default(
    db: Session, site: Site, *, membership: Membership, method_uuid: UUID
) -> PaymentMethod:
    """Charge a method from now on, for every plan at its provider, and answer it. Commits.

    What is charged already stays so; pressed by many at once it is done once. Raises NotAllowed for
    a member, NotFound, Conflict where it cannot be charged or the plans are paid at another
    provider, and ProviderUnavailable where it is stored and will be done a little later.
    """
    _require_admin(membership)
    effects = _ask_for_default(db, site, membership, method_uuid)
    _perform(db, site, effects)
    return payment_methods.find(db, membership.tenant, method_uuid)


def consider(db: Session, site: Site, *, membership: Membership, method_uuid: UUID) -> Removal:
    """Answer what removing a method would do, changing nothing. Raises NotAllowed, NotFound, also
    where it was removed, and Conflict where a plan would be left without one."""
    _require_admin(membership)
    method = payment_methods.find(db, membership.tenant, method_uuid)
    charged = method_acts.pays_for(db, method)
    replacement = _replacement(db, site, membership.tenant, method)
    if charged and replacement is None:
        raise Conflict(
            "It pays for %(plan)s, and there is no other one at %(provider)s that could. Add"
            " another one first, or end the plan.",
            plan=charged[0].price.product.name,
            provider=_provider_name(db, site, method),
        )
    return Removal(method, charged, replacement)


def remove(db: Session, site: Site, *, membership: Membership, method_uuid: UUID) -> None:
    """Take a method off the file; plans it pays for are charged by another one first. Commits.

    One that was removed stays so; pressed by many at once it is done once. Raises as `consider`
    does, and ProviderUnavailable where it is stored and will be done a little later.
    """
    _require_admin(membership)
    _perform(db, site, _ask_for_removal(db, site, membership, method_uuid))


def retry(db: Session, site: Site, *, membership: Membership, seen: str | None = None) -> Result:
    """Charge what is due now by the plan's method, and answer what came of it. Commits.

    `seen` is the latest try (`latest_try`) whoever presses was shown: has there been another one
    since, nothing is charged and its result is answered. So a press that comes twice charges once.
    Raises NotAllowed for a member, and Conflict where nothing is due or there is nothing to charge.
    """
    _require_admin(membership)
    plan_id = plans.to_change(db, membership).id
    effect = _ask_for_charge(db, site, membership, plan_id, seen)
    if plan_acts.perform(db, site, effect) == "waiting":
        return "unavailable"
    try:
        subscriptions.sync(db, site, plan_id, cause=timeline.by_user(membership.user.uuid))
    except ProviderError as error:
        db.rollback()
        log.warning("what came of %s is not known yet: %s", effect, error)
        return "unavailable"
    deeds.of_subscription(db, site, plan_id)
    return _result(db, plan_id)


def latest_try(db: Session, plan_id: int) -> Act | None:
    """Answer the newest act of ours that charged, or is to charge, what is due for a plan."""
    return db.scalars(
        select(Act)
        .where(Act.subscription_id == plan_id, Act.kind.in_(("charge", "collect")))
        .order_by(Act.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()


def latest_attempt(db: Session, plan_id: int) -> Payment | None:
    """Answer the newest attempt to charge for a plan."""
    return db.scalars(
        select(Payment)
        .where(Payment.subscription_id == plan_id)
        .order_by(Payment.attempted_at.desc(), Payment.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()


def why_not_default(
    db: Session, site: Site, method: PaymentMethod, running: Sequence[Subscription]
) -> Conflict | None:
    """Answer why a method cannot be charged from now on; None where it can."""
    if method.removed_at is not None or not method.is_usable:
        return Conflict("This one cannot be charged any more. Add another one.")
    if payment_methods.expiry(method, now=site.clock.now()) == "over":
        return Conflict("This card has expired. Add another one.")
    elsewhere = [plan for plan in running if plan.provider_account_id != method.provider_account_id]
    if elsewhere and len(elsewhere) == len(running):
        return Conflict(
            "%(plan)s is charged by %(provider)s, and this one is kept at %(other)s. A plan can"
            " only be charged by a method at its own provider.",
            plan=elsewhere[0].price.product.name,
            provider=_name_of(db, site, elsewhere[0].provider_account_id),
            other=_provider_name(db, site, method),
        )
    return None


def _ask_for_default(
    db: Session, site: Site, membership: Membership, method_uuid: UUID
) -> list[str]:
    tenant = lock.one(db, Tenant, membership.tenant_id)
    method = payment_methods.find(db, tenant, method_uuid)
    running = _plans(db, tenant)
    refusal = why_not_default(db, site, method, running)
    if refusal is not None:
        db.rollback()
        raise refusal
    here = [plan for plan in running if plan.provider_account_id == method.provider_account_id]
    wanted = [plan for plan in here if plan.payment_method_id != method.id]
    targets: list[Subscription | None] = [*wanted]
    if not targets and not method.is_default:
        targets = [here[0] if here else None]
    effects = [
        method_acts.use(
            db,
            site,
            method,
            target,
            reason=method_acts.CHOSEN,
            user_id=membership.user_id,
            now=site.clock.now(),
        )
        for target in targets
    ]
    db.commit()
    return effects


def _ask_for_removal(
    db: Session, site: Site, membership: Membership, method_uuid: UUID
) -> list[str]:
    tenant, now = lock.one(db, Tenant, membership.tenant_id), site.clock.now()
    method = payment_methods.find(db, tenant, method_uuid)
    if method.removed_at is not None:
        effects = [*method_acts.switches(db, method), method_acts.forgetting(method)]
        db.rollback()
        return effects
    try:
        removal = consider(db, site, membership=membership, method_uuid=method_uuid)
    except Conflict:
        db.rollback()
        raise
    effects = [
        method_acts.use(
            db,
            site,
            successor,
            plan,
            reason=method_acts.REPLACED,
            user_id=membership.user_id,
            now=now,
        )
        for plan, successor in _successors(db, site, tenant, removal)
    ]
    effects.append(method_acts.forget(db, method, user_id=membership.user_id, now=now))
    # From here on nobody can choose it, so that two removals at once cannot point at each other.
    method.removed_at = now
    db.commit()
    return effects


def _successors(
    db: Session, site: Site, tenant: Tenant, removal: Removal
) -> list[tuple[Subscription | None, PaymentMethod]]:
    """What each plan at the provider is charged by once a method is gone.

    Where forgetting a method ends the subscriptions that charge it, the provider is told for every
    plan there, also for one that, as far as we know, is charged by another method already.
    """
    method, other = removal.method, removal.replacement
    if other is not None and not removal.plans and method.is_default and not _plans(db, tenant):
        return [(None, other)]
    pairs: list[tuple[Subscription | None, PaymentMethod]] = []
    for plan in _plans(db, tenant):
        if plan.provider_account_id != method.provider_account_id:
            continue
        if method_acts.charges_no_more(plan):
            continue
        own = db.get(PaymentMethod, plan.payment_method_id) if plan.payment_method_id else None
        if plan in removal.plans and other is not None:
            pairs.append((plan, other))
        elif own is not None and own.is_usable and not _keeps_plans(db, site, method):
            pairs.append((plan, own))
    return pairs


def _replacement(
    db: Session, site: Site, tenant: Tenant, method: PaymentMethod
) -> PaymentMethod | None:
    """The other method at the same provider that is charged next: one that is valid and not
    expired before one that is still to be confirmed."""
    now = site.clock.now()
    others = [
        other
        for other in payment_methods.listed(db, tenant)
        if other.id != method.id
        and other.provider_account_id == method.provider_account_id
        and payment_methods.expiry(other, now=now) != "over"
    ]
    return min(others, key=lambda other: other.status != "valid", default=None)


def _ask_for_charge(
    db: Session, site: Site, membership: Membership, plan_id: int, seen: str | None
) -> str:
    plan = lock.one(db, Subscription, plan_id)
    newest = latest_try(db, plan_id)
    if seen is not None and newest is not None and str(newest.uuid) != seen:
        db.rollback()
        return newest.effect
    try:
        asked = dunning.charge_now(db, site, plan, user_id=membership.user_id, now=site.clock.now())
    except Conflict:
        db.rollback()
        raise
    effect = db.scalars(select(Act.effect).where(Act.id == asked)).one()
    db.commit()
    return effect


def _result(db: Session, plan_id: int) -> Result:
    plan = db.get_one(Subscription, plan_id, populate_existing=True)
    newest = latest_attempt(db, plan_id)
    db.commit()
    if plan.overdue_since is None and plan.ended_at is None:
        return "paid"
    if newest is not None and (
        newest.status == "action_needed" or newest.decline == "authentication"
    ):
        return "action_needed"
    if newest is not None and newest.status in ("open", "processing"):
        return "processing"
    return "declined"


def _perform(db: Session, site: Site, effects: Sequence[str]) -> None:
    for effect in effects:
        state = plan_acts.perform(db, site, effect)
        if state == "failed":
            raise plan_acts.not_done(state)
        if state != "done":
            raise ProviderUnavailable(
                "The payment provider does not answer at the moment. What you asked for is kept and"
                " will be done; you need not ask again."
            )


def _plans(db: Session, tenant: Tenant) -> list[Subscription]:
    return method_acts.plans(db, tenant.id, livemode=tenant.app.livemode)


def _keeps_plans(db: Session, site: Site, method: PaymentMethod) -> bool:
    """Forgetting a method there leaves the subscriptions that charge it: they only find none."""
    account = db.get_one(ProviderAccount, method.provider_account_id)
    return site.capabilities(account.provider).own_retries


def _provider_name(db: Session, site: Site, method: PaymentMethod) -> str:
    return _name_of(db, site, method.provider_account_id)


def _name_of(db: Session, site: Site, account_id: int) -> str:
    return site.capabilities(db.get_one(ProviderAccount, account_id).provider).name


def _require_admin(membership: Membership) -> None:
    if not membership.may_buy:
        raise NotAllowed(
            "Only an admin of %(tenant)s can change its payment methods.",
            tenant=membership.tenant.name,
        )

"""The plan of a tenant: the one its pages show, and the one its admins change."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.billing.errors import Conflict, NotAllowed
from app.models import Membership, Price, Subscription, Tenant
from app.models.subscription import RUNNING


def shown(db: Session, tenant: Tenant) -> Subscription | None:
    """Answer the plan that runs, else the one that ran last, with price, product and account."""
    found = (
        select(Subscription)
        .join(Subscription.price)
        .options(
            contains_eager(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .where(
            Subscription.tenant_id == tenant.id,
            Subscription.livemode == tenant.app.livemode,
            Subscription.is_duplicate.is_(False),
        )
        .order_by(Subscription.status.in_(RUNNING).desc(), Subscription.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return db.scalars(found).first()


def to_change(db: Session, membership: Membership) -> Subscription:
    """Answer the plan an admin is about to change. Raises NotAllowed for a member, and Conflict
    where the tenant has none."""
    tenant = membership.tenant
    if not membership.may_buy:
        raise NotAllowed(
            "Only an admin of %(tenant)s can change or end its plan.", tenant=tenant.name
        )
    found = shown(db, tenant)
    if found is None:
        raise Conflict("%(tenant)s has no plan that could be changed.", tenant=tenant.name)
    return found

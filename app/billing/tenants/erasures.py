"""Erasures: the end of a tenant at its own wish (GDPR, article 17), and what is kept after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from app import clock
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.people import app_members
from app.billing.purchase import requests
from app.billing.tenants import traces
from app.billing.tenants.deputies import Deputy
from app.billing.truth import acts
from app.models import (
    Act,
    AppMember,
    CheckoutSession,
    Customer,
    Invoice,
    Membership,
    Payment,
    Refund,
    Subscription,
    Tenant,
    User,
)
from app.models.checkout_session import PENDING


@dataclass(frozen=True, slots=True)
class Prospect:
    """What deleting a tenant would do: who runs out of an account and who keeps theirs, how many
    invoices stay, which customers it has at the providers, and what is in the way."""

    has_plan: bool
    has_money_on_its_way: bool
    leaving: list[User]
    staying: list[User]
    invoices: int
    customers: list[Customer]

    @property
    def is_free(self) -> bool:
        """Nothing is in the way."""
        return not (self.has_plan or self.has_money_on_its_way)


def consider(db: Session, deputy: Deputy) -> Prospect:
    """Answer what deleting a tenant would do; raises NotAllowed for support."""
    app_members.require_owner(deputy.member)
    tenant = deputy.tenant
    leaving = list(db.scalars(traces.people_of(tenant).order_by(User.email)))
    present = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant.id, Membership.deleted_at.is_(None))
        .where(User.deleted_at.is_(None), User.id.not_in([user.id for user in leaving]))
        .order_by(User.email)
    )
    return Prospect(
        has_plan=_any(db, *_runs(tenant)),
        has_money_on_its_way=_is_moving(db, tenant),
        leaving=leaving,
        staying=list(db.scalars(present)),
        invoices=db.scalar(_invoices(tenant)) or 0,
        customers=customers(db, tenant),
    )


def erase(
    db: Session, deputy: Deputy, *, typed: str, now: datetime, at_providers: bool = False
) -> None:
    """Delete a tenant, in one transaction; its invoices stay. With `at_providers` its customers are
    deleted there too, by the sweep.

    `typed` is the tenant's name, typed as a confirmation. Raises NotAllowed for support, Invalid
    naming `name` where it is another one, and Conflict while a plan runs or money is on its way;
    nothing is done then.
    """
    app_members.require_owner(deputy.member)
    if " ".join(typed.split()) != deputy.tenant.name:
        raise Invalid("Type the name exactly as it stands above.", field="name")
    # The strongest lock: nothing new can point at the tenant until it is gone.
    tenant = db.get_one(Tenant, deputy.tenant_id, with_for_update=True, populate_existing=True)
    if tenant.deleted_at is not None:
        return
    _refuse_too_early(db, tenant)
    kept = db.scalar(_invoices(tenant)) or 0
    people = traces.remove(db, tenant)
    asked = _ask_providers(db, tenant, now=now) if at_providers else 0
    details = {"invoices_kept": kept, "people": people, "customers_deleted": asked}
    audits.note(
        db, deputy.member, "tenant.deleted", str(tenant.uuid), now=clock.wall(), details=details
    )


def find(db: Session, member: AppMember, tenant_uuid: UUID) -> Tenant:
    """Answer a deleted tenant of a member's app; raises NotFound, and NotAllowed for support."""
    found = select(Tenant).where(
        Tenant.app_id == member.app_id, Tenant.uuid == tenant_uuid, Tenant.deleted_at.is_not(None)
    )
    tenant = db.scalars(found).one_or_none()
    if tenant is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    app_members.require_owner(member)
    return tenant


def customers(db: Session, tenant: Tenant) -> list[Customer]:
    """Answer what the tenant is, or was, at the providers, with the account; `deleted_at` is when a
    provider deleted it."""
    found = (
        select(Customer)
        .options(joinedload(Customer.provider_account), undefer(Customer.deleted_at))
        .where(Customer.tenant_id == tenant.id, Customer.provider_id.is_not(None))
        .order_by(Customer.id)
    )
    return list(db.scalars(found))


def deletions(db: Session, customers: Iterable[Customer]) -> dict[int, str]:
    """Answer how far the deletion of each customer at its provider is, "waiting", "done" or
    "failed", where it was asked for."""
    effects = {_effect(customer): customer.id for customer in customers}
    asked = select(Act.effect, Act.state).where(Act.effect.in_(effects))
    return {effects[effect]: state for effect, state in db.execute(asked)}


def _ask_providers(db: Session, tenant: Tenant, *, now: datetime) -> int:
    """Ask for the deletion of customers at accounts in reach, and answer of how many."""
    within_reach = [
        customer
        for customer in customers(db, tenant)
        if customer.provider_account.disconnected_at is None
    ]
    for customer in within_reach:
        assert customer.provider_id is not None
        acts.ask(
            db,
            "delete_customer",
            _effect(customer),
            account_id=customer.provider_account_id,
            reason="erased",
            request=requests.dump(requests.CustomerDeletion(customer.provider_id)),
            now=now,
        )
    return len(within_reach)


def _effect(customer: Customer) -> str:
    return f"delete:customer:{customer.id}"


def _refuse_too_early(db: Session, tenant: Tenant) -> None:
    if _any(db, *_runs(tenant)):
        raise Conflict(
            "%(tenant)s has a plan that runs. End it first, then delete the tenant.",
            tenant=tenant.name,
        )
    if _is_moving(db, tenant):
        raise Conflict(
            "Money of %(tenant)s is on its way, or a purchase is open. Delete the tenant once that"
            " is settled.",
            tenant=tenant.name,
        )


def _runs(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    return Subscription.tenant_id == tenant.id, Subscription.status != "canceled"


def _is_moving(db: Session, tenant: Tenant) -> bool:
    """A purchase may still be paid or waits for a person, a payment or refund is on its way, or a
    provider has yet to do what it was asked for."""
    plans = select(Subscription.id).where(Subscription.tenant_id == tenant.id)
    checkouts = select(CheckoutSession.id).where(CheckoutSession.tenant_id == tenant.id)
    return (
        _any(
            db,
            CheckoutSession.tenant_id == tenant.id,
            CheckoutSession.state.in_((*PENDING, "needs_review")),
        )
        or _any(db, Payment.tenant_id == tenant.id, Payment.status == "processing")
        or _any(
            db,
            Refund.payment_id == Payment.id,
            Payment.tenant_id == tenant.id,
            Refund.status == "pending",
        )
        or _any(
            db,
            or_(Act.subscription_id.in_(plans), Act.checkout_id.in_(checkouts)),
            Act.state == "waiting",
        )
    )


def _any(db: Session, *where: ColumnElement[bool]) -> bool:
    return bool(db.scalar(select(exists().where(*where))))


def _invoices(tenant: Tenant) -> Select[int]:
    return (
        select(func.count())
        .select_from(Invoice)
        .where(Invoice.tenant_id == tenant.id, Invoice.status != "draft")
    )

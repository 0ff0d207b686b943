"""Traces: what a tenant and its people left that names them, table by table, and its removal.

What is kept is kept without names: figures, states and times of what was bought, which the books
rest on, and invoices as they were issued.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.purchase import requests
from app.db.base import table
from app.models import (
    Act,
    AppMember,
    AuditEntry,
    CheckoutSession,
    Customer,
    FailedSignIn,
    IdempotencyKey,
    Invitation,
    Invoice,
    Mail,
    Membership,
    PasswordReset,
    Payment,
    PaymentMethod,
    PortalLink,
    ProviderEvent,
    RecoveryCode,
    Subscription,
    SubscriptionChange,
    Tenant,
    TimelineEntry,
    User,
    UserSession,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)
from app.providers.base import CustomerRequest

NOBODY = "Deleted tenant"
# Entries whose details a person wrote, or that tell a card's last digits.
_TELLING = or_(
    TimelineEntry.kind.like("payment_method.%"),
    TimelineEntry.kind.like("person.%"),
    TimelineEntry.kind.in_(("subscription.cancel_asked", "payment.refund_asked")),
)
# A name of the provider's that is shorter could stand in somebody else's event by chance.
_SHORTEST_ID = 6


def people_of(tenant: Tenant) -> Select[User]:
    """Ask for the people who belong, or once belonged, to a tenant and to nothing else here: no
    other tenant, and no app."""
    of_tenant = exists().where(Membership.user_id == User.id, Membership.tenant_id == tenant.id)
    elsewhere = exists().where(
        Membership.user_id == User.id,
        Membership.tenant_id != tenant.id,
        Membership.deleted_at.is_(None),
    )
    runs_an_app = exists().where(AppMember.user_id == User.id, AppMember.deleted_at.is_(None))
    return select(User).where(of_tenant, ~elsewhere, ~runs_an_app, User.deleted_at.is_(None))


def remove(db: Session, tenant: Tenant) -> int:
    """Remove everything personal of a tenant, in the transaction that is open, and answer how many
    people's accounts went with it."""
    people = list(db.scalars(people_of(tenant).order_by(User.id)))
    _events(db, tenant, [user.email for user in people])
    _purchases(db, tenant)
    _history(db, tenant, people)
    _ways_in(db, tenant)
    _accounts(db, people)
    _details(db, tenant)
    return len(people)


def _purchases(db: Session, tenant: Tenant) -> None:
    of_tenant = CheckoutSession.tenant_id == tenant.id
    plans = select(Subscription.id).where(Subscription.tenant_id == tenant.id)
    checkouts = select(CheckoutSession.id).where(of_tenant)
    nobody = CustomerRequest(uuid=str(tenant.uuid), name=NOBODY)
    gone = dict.fromkeys(
        (
            *("user_id", "vat_number", "buyer", "collected", "email", "reference"),
            *("caller_metadata", "payable", "state_digest", "request", "url", "success_url"),
            *("cancel_url", "return_url", "sealed_client_secret", "verdict_reason"),
        )
    )
    for done in (
        update(CheckoutSession).where(of_tenant).values(**gone, next_check_at=None),
        update(Customer)
        .where(Customer.tenant_id == tenant.id)
        .values(request=requests.dump(nobody)),
        update(Subscription)
        .where(Subscription.tenant_id == tenant.id)
        .values(cancel_reason=None, next_check_at=None),
        update(SubscriptionChange)
        .where(SubscriptionChange.subscription_id.in_(plans))
        .values(user_id=None),
        update(Act).where(Act.subscription_id.in_(plans)).values(user_id=None, error=None),
        update(Act).where(Act.checkout_id.in_(checkouts)).values(user_id=None, error=None),
        update(Payment).where(Payment.tenant_id == tenant.id).values(brand=None, last4=None),
        update(PaymentMethod)
        .where(PaymentMethod.tenant_id == tenant.id)
        .values(
            brand=None,
            last4=None,
            exp_month=None,
            exp_year=None,
            removed_at=func.coalesce(PaymentMethod.removed_at, clock.wall()),
        ),
    ):
        _do(db, done)
    _unsay(db, list(db.scalars(plans)))


def _unsay(db: Session, plans: Collection[int]) -> None:
    """Take people's own words out of requests that were sent; one that still waits is another
    request without them, and gets another key."""
    asked = select(Act).where(Act.subscription_id.in_(plans), Act.kind == "cancel_subscription")
    for act in db.scalars(asked):
        request = requests.load(requests.Cancellation, act.request)
        if request.comment is not None:
            act.request = requests.dump(replace(request, comment=None))
            act.idempotency_key = None
    db.flush()


def _history(db: Session, tenant: Tenant, people: Collection[User]) -> None:
    of_tenant = TimelineEntry.tenant_id == tenant.id
    by_person = TimelineEntry.cause.like("user %")
    unsaid = {"details": None, "before": None, "after": None}
    _do(db, update(TimelineEntry).where(of_tenant, _TELLING).values(**unsaid))
    _do(db, update(TimelineEntry).where(of_tenant, by_person).values(cause="user"))
    names = [tenant.name, *(user.email for user in people)]
    named = (AuditEntry.app_id == tenant.app_id, AuditEntry.subject.in_(names))
    _do(db, update(AuditEntry).where(*named).values(subject=str(tenant.uuid)))
    events = select(WebhookEvent).where(WebhookEvent.tenant_id == tenant.id)
    for event in db.scalars(events.execution_options(yield_per=500)):
        event.payload = {
            name: None if name in ("reference", "metadata") else value
            for name, value in event.payload.items()
        }
    db.flush()
    deliveries = (
        select(WebhookDelivery.id)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.webhook_event_id)
        .where(WebhookEvent.tenant_id == tenant.id)
    )
    told = WebhookAttempt.webhook_delivery_id.in_(deliveries)
    _do(db, update(WebhookAttempt).where(told).values(response_body=None))


def _ways_in(db: Session, tenant: Tenant) -> None:
    for model in (IdempotencyKey, PortalLink, Invitation, Mail, Membership):
        rows = table(model)
        db.execute(delete(rows).where(rows.c.tenant_id == tenant.id))


def _accounts(db: Session, people: Collection[User]) -> None:
    """Anonymise people; whoever is signed in is not any more."""
    emails = [user.email for user in people]
    ids = [user.id for user in people]
    for model in (PasswordReset, RecoveryCode, UserSession):
        rows = table(model)
        db.execute(delete(rows).where(rows.c.user_id.in_(ids)))
    # What was sent to the person rather than to the tenant, such as a new password's link.
    db.execute(delete(Mail).where(Mail.tenant_id.is_(None), Mail.recipient.in_(emails)))
    for user in people:
        db.execute(
            delete(FailedSignIn).where(
                FailedSignIn.subject.endswith(f":{user.email}", autoescape=True)
            )
        )
        user.email = f"{user.uuid}@deleted.invalid"
        user.name = user.password_digest = user.locale = user.external_id = None
        user.sealed_totp_secret = user.two_factor_at = user.last_totp_step = None
        user.session_epoch += 1
        user.ended_sessions = []
        user.deleted_at = clock.wall()
    db.flush()


def _details(db: Session, tenant: Tenant) -> None:
    tenant.name = NOBODY
    for column in (
        *("legal_name", "address_line1", "address_line2", "postal_code", "city", "region"),
        *("country", "invoice_email", "vat_number"),
    ):
        setattr(tenant, column, None)
    tenant.deleted_at = clock.wall()
    db.flush()


def _events(db: Session, tenant: Tenant, emails: Collection[str]) -> None:
    """What providers told us is stored as it came, and names people: by the objects it is about,
    by the customer in it, or by an address."""
    accounts = set(
        db.scalars(
            select(CheckoutSession.provider_account_id)
            .where(CheckoutSession.tenant_id == tenant.id)
            .distinct()
        )
    ) | set(db.scalars(select(Customer.provider_account_id).where(Customer.tenant_id == tenant.id)))
    known = sorted(_provider_ids(db, tenant))
    words = [*emails, *([tenant.invoice_email] if tenant.invoice_email else [])]
    words += [word for word in _customers(db, tenant) if len(word) >= _SHORTEST_ID]
    about: list[ColumnElement[bool]] = [
        ProviderEvent.payload.contains(word, autoescape=True) for word in words
    ]
    for start in range(0, len(known), 500):
        about.append(ProviderEvent.object_id.in_(known[start : start + 500]))
    if accounts and about:
        told = (ProviderEvent.provider_account_id.in_(accounts), or_(*about))
        _do(db, update(ProviderEvent).where(*told).values(payload="{}", error=None))


def _customers(db: Session, tenant: Tenant) -> set[str]:
    found = select(Customer.provider_id).where(Customer.tenant_id == tenant.id)
    return {provider_id for provider_id in db.scalars(found) if provider_id}


def _provider_ids(db: Session, tenant: Tenant) -> set[str]:
    """What the providers call the tenant's purchases."""
    known: set[str] = set()
    for model in (Customer, CheckoutSession, Payment, PaymentMethod, Subscription, Invoice):
        rows = table(model)
        found = select(rows.c.provider_id).where(rows.c.tenant_id == tenant.id)
        known.update(each for each in db.scalars(found) if each)
    listed = select(Subscription.provider_ids).where(Subscription.tenant_id == tenant.id)
    known.update(each for ids in db.scalars(listed) for each in ids or ())
    return known


def _do(db: Session, statement: Update) -> Any:
    return db.execute(statement.execution_options(synchronize_session=False))

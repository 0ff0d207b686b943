"""Look-ups: the one question that finds every row a text names, each part answered by an index."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    literal,
    select,
    union_all,
)

from app.models import (
    Act,
    CheckoutSession,
    Customer,
    Invoice,
    Membership,
    Payment,
    PaymentMethod,
    PortalLink,
    ProviderEvent,
    Refund,
    Subscription,
    Tenant,
    User,
    WebhookDelivery,
    WebhookEvent,
)

# Of each way to find a row.
MOST = 20


@cache
def statement(forms: frozenset[str]) -> CompoundSelect[Any]:
    """The question for every row a text of such forms names: by which part, its kind, its id.

    One question, built once: to ask each part by itself would cost more than to answer them.
    """
    parts = [part for form, asked in _PARTS.items() if form in forms for part in asked]
    return union_all(
        *(
            select(literal(place), literal(kind), found.limit(MOST).subquery().c.id)
            for place, (kind, found) in enumerate(parts)
        )
    )


def _rows(model: type[Any], *named: ColumnElement[bool]) -> Select[Any]:
    mine = (model.app_id == bindparam("app_id"), model.deleted_at.is_(None))
    return select(model.id).where(*named, *mine)


def _begins(uuid: Any) -> ColumnElement[bool]:
    """It has a uuid that begins so."""
    named: ColumnElement[bool] = uuid.between(bindparam("lowest"), bindparam("highest"))
    return named


def _by_uuid(model: type[Any]) -> Select[Any]:
    return _rows(model, _begins(model.uuid))


def _named(model: type[Any]) -> tuple[ColumnElement[bool], ...]:
    """It has a provider's id."""
    accounts: ColumnElement[Any] = bindparam("accounts", expanding=True)
    return model.provider_account_id.in_(accounts), model.provider_id == bindparam("words")


def _owned(model: type[Any]) -> Select[Any]:
    return _rows(Tenant, Tenant.id.in_(select(model.tenant_id).where(*_named(model))))


def _with_person(named: ColumnElement[bool]) -> Select[Any]:
    """The tenants of a person."""
    return (
        _rows(Tenant, named)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .join(User, User.id == Membership.user_id)
        .order_by(Tenant.id)
    )


def _called(named: ColumnElement[bool]) -> Select[Any]:
    accounts: ColumnElement[Any] = bindparam("accounts", expanding=True)
    return select(ProviderEvent.id).where(named, ProviderEvent.provider_account_id.in_(accounts))


def _told(named: ColumnElement[bool]) -> Select[Any]:
    mine = WebhookEvent.app_id == bindparam("app_id")
    return select(WebhookDelivery.id).join(WebhookDelivery.event).where(named, mine)


_SPELLED: ColumnElement[Any] = bindparam("spellings", expanding=True)
# A plan that was resumed had another id at its provider before.
_BEGUN = select(Act.subscription_id).where(
    Act.provider_account_id.in_(bindparam("accounts", expanding=True)),
    Act.result_id == bindparam("words"),
    Act.kind.in_(("begin_subscription", "resume_subscription")),
)
_LINKED = select(PortalLink.tenant_id).where(_begins(PortalLink.uuid))
_BEGINNING = _rows(
    Tenant, Tenant.name_key >= bindparam("key"), Tenant.name_key < bindparam("after_key")
).order_by(Tenant.name_key, Tenant.id)
# By what a text may be: the kinds it may name, and how they are found.
_PARTS: dict[str, tuple[tuple[str, Select[Any]], ...]] = {
    "uuid": (
        ("checkouts", _by_uuid(CheckoutSession)),
        ("checkouts", _rows(CheckoutSession, _begins(CheckoutSession.payment_uuid))),
        ("subscriptions", _by_uuid(Subscription)),
        ("payments", _by_uuid(Payment)),
        ("invoices", _by_uuid(Invoice)),
        ("tenants", _by_uuid(Tenant)),
        ("tenants", _with_person(_begins(User.uuid))),
        ("tenants", _rows(Tenant, Tenant.id.in_(_LINKED))),
        ("events", _called(_begins(ProviderEvent.uuid))),
        ("deliveries", _told(_begins(WebhookEvent.uuid))),
        ("deliveries", _told(_begins(WebhookDelivery.uuid))),
    ),
    "email": (
        ("tenants", _with_person(User.email == bindparam("address"))),
        ("tenants", _rows(Tenant, Tenant.invoice_email.in_(_SPELLED))),
        (
            "checkouts",
            _rows(
                CheckoutSession,
                CheckoutSession.email.in_(_SPELLED),
                CheckoutSession.email.is_not(None),
            ),
        ),
    ),
    "provider_id": (
        ("checkouts", _rows(CheckoutSession, *_named(CheckoutSession))),
        ("subscriptions", _rows(Subscription, *_named(Subscription))),
        ("subscriptions", _rows(Subscription, Subscription.id.in_(_BEGUN))),
        ("payments", _rows(Payment, *_named(Payment))),
        (
            "payments",
            _rows(Payment, Payment.id.in_(select(Refund.payment_id).where(*_named(Refund)))),
        ),
        ("invoices", _rows(Invoice, *_named(Invoice))),
        ("tenants", _owned(Customer)),
        ("tenants", _owned(PaymentMethod)),
        ("events", _called(ProviderEvent.provider_event_id == bindparam("words"))),
    ),
    "number": (
        ("invoices", _rows(Invoice, Invoice.document_number.in_(_SPELLED))),
        ("invoices", _rows(Invoice, Invoice.provider_number.in_(_SPELLED))),
    ),
    "name": (("tenants", _BEGINNING),),
    "person": (("tenants", _with_person(User.external_id == bindparam("words"))),),
    "reference": (
        ("checkouts", _rows(CheckoutSession, CheckoutSession.reference == bindparam("words"))),
    ),
}

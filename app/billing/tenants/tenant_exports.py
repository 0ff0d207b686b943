"""Tenant exports: everything stored about a tenant and its people, as one JSON file.

The shape is documented in docs/customers.md: a head, then one list a section. Left out are secrets
(digests, keys, sealed texts), the rows of other tenants, and internal numbers: what points at
another row names its uuid. Moments are ISO 8601 in UTC, amounts are in minor units.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import clock
from app.billing.people import app_members
from app.billing.tenants import deputies
from app.billing.tenants.deputies import Deputy
from app.billing.webhooks import webhooks
from app.models import (
    CheckoutSession,
    Customer,
    Invitation,
    Invoice,
    Mail,
    Membership,
    Payment,
    PaymentMethod,
    PortalLink,
    Price,
    ProviderAccount,
    Refund,
    Subscription,
    SubscriptionChange,
    Tenant,
    TimelineEntry,
    User,
    WebhookEvent,
)

SCHEMA = "portico.tenant-export"
VERSION = 1
# Rows that are in memory at once.
_PIECE = 200
Column = InstrumentedAttribute[Any]


def note(db: Session, deputy: Deputy) -> None:
    """Write into the audit log that a tenant's data is handed out; NotAllowed for support."""
    app_members.require_owner(deputy.member)
    deputies.note(db, deputy, "tenant.exported")


def write(db: Session, tenant_uuid: UUID) -> Iterator[str]:
    """Answer the file of a tenant piece by piece, with a bounded number of rows in memory."""
    tenant = db.scalars(select(Tenant).where(Tenant.uuid == tenant_uuid)).one()
    head = {
        "schema": SCHEMA,
        "version": VERSION,
        "exported_at": clock.wall(),
        "app": {"uuid": tenant.app.uuid, "name": tenant.app.name},
        "tenant": {column: getattr(tenant, column) for column in _TENANT},
    }
    yield _dump(head)[:-1]
    for name, (key, asked) in _sections(tenant.id).items():
        yield f',\n"{name}": ['
        yield from _joined(_rows(db, key, asked))
        yield "]"
    yield "}\n"


def sections() -> list[str]:
    """Answer the names of the lists in a file, in their order."""
    return list(_sections(0))


_TENANT = (
    *("uuid", "name", "legal_name", "address_line1", "address_line2", "postal_code", "city"),
    *("region", "country", "invoice_email", "vat_number", "currency", "created_at"),
)
_FIGURES = ("currency", "net", "tax", "total", "tax_rule", "tax_percentage")
_CHECKOUT = (
    *("uuid", "created_at", "livemode", "origin", "mode", "state", "method", "quantity"),
    *_FIGURES,
    *("trial_days", "renewal_net", "renewal_tax", "renewal_total", "tax_country", "vat_number"),
    *("vat_status", "description", "buyer", "collected", "email", "reference", "caller_metadata"),
    *("provider_id", "paid_at", "ended_at", "decline", "review", "verdict", "verdict_reason"),
)
_SUBSCRIPTION = (
    *("uuid", "livemode", "status", "quantity", *_FIGURES, "provider_id", "customer_provider_id"),
    *("started_at", "period_start", "period_end", "trial_end", "overdue_since", "canceled_at"),
    *("cancel_reason", "ended_at", "end_reason"),
)
_INVOICE = (
    *("uuid", "livemode", "kind", "status", "document_number", "provider_id", "provider_number"),
    *_FIGURES,
    *("lines", "seller", "buyer", "paid_with", "issued_at", "paid_at", "period_start"),
    *("period_end", "hosted_url", "pdf_url"),
)

Asked = tuple[Column, Select[Any]]


def _sections(tenant_id: int) -> dict[str, Asked]:
    """Answer each list: what its rows are paged by, and what is asked for."""
    return {
        "people": _people(tenant_id),
        "invitations": _of(
            Invitation,
            tenant_id,
            *("uuid", "email", "role", "created_at", "expires_at", "accepted_at", "revoked_at"),
        ),
        "portal_links": _with(
            _of(
                PortalLink,
                tenant_id,
                *("uuid", "scope", "return_url", "created_at", "expires_at", "consumed_at"),
                "revoked_at",
            ),
            person=(User, PortalLink.user_id),
        ),
        "provider_customers": _at_provider(
            _of(Customer, tenant_id, "provider_id", "created_at"), Customer.provider_account_id
        ),
        "checkouts": _at_provider(
            _with(
                _of(CheckoutSession, tenant_id, *_CHECKOUT), person=(User, CheckoutSession.user_id)
            ),
            CheckoutSession.provider_account_id,
        ),
        "consents": _consents(tenant_id),
        "payments": _with(
            _of(
                Payment,
                tenant_id,
                *("uuid", "livemode", "status", "amount", "currency", "refunded", "charged_back"),
                *("method", "brand", "last4", "decline", "provider_id", "attempted_at", "paid_at"),
                *("period_start", "period_end"),
            ),
            checkout=(CheckoutSession, Payment.checkout_id),
            subscription=(Subscription, Payment.subscription_id),
        ),
        "refunds": _refunds(tenant_id),
        "payment_methods": _of(
            PaymentMethod,
            tenant_id,
            *("uuid", "livemode", "type", "status", "brand", "last4", "exp_month", "exp_year"),
            *("is_default", "provider_id", "created_at", "removed_at"),
        ),
        "subscriptions": _with(
            _priced(_of(Subscription, tenant_id, *_SUBSCRIPTION), Subscription.price_id),
            checkout=(CheckoutSession, Subscription.checkout_id),
        ),
        "subscription_changes": _changes(tenant_id),
        "invoices": _with(
            _of(Invoice, tenant_id, *_INVOICE), payment=(Payment, Invoice.payment_id)
        ),
        "timeline": _with(
            _of(
                TimelineEntry,
                tenant_id,
                *("uuid", "livemode", "kind", "cause", "before", "after", "details", "at"),
            ),
            checkout=(CheckoutSession, TimelineEntry.checkout_id),
            subscription=(Subscription, TimelineEntry.subscription_id),
        ),
        "mails": _of(
            Mail, tenant_id, *("uuid", "recipient", "kind", "state", "created_at", "sent_at")
        ),
        "webhook_events": _of(
            WebhookEvent, tenant_id, *("uuid", "livemode", "type", "payload", "at")
        ),
    }


def _of(model: Any, tenant_id: int, *columns: str) -> Asked:
    asked = select(model.id.label("_id"), *(getattr(model, column) for column in columns))
    return model.id, asked.where(model.tenant_id == tenant_id)


def _with(asked: Asked, **links: tuple[Any, Column]) -> Asked:
    """Name another row by its uuid; what is of no other row names none."""
    key, found = asked
    for name, (model, link) in links.items():
        uuid = select(model.uuid).where(model.id == link).scalar_subquery()
        found = found.add_columns(uuid.label(name))
    return key, found


def _at_provider(asked: Asked, account: Column) -> Asked:
    key, found = asked
    joined = found.join(ProviderAccount, ProviderAccount.id == account)
    return key, joined.add_columns(ProviderAccount.provider.label("provider"))


def _priced(asked: Asked, price: Column) -> Asked:
    key, found = asked
    return key, found.join(Price, Price.id == price).add_columns(Price.price_id.label("price_id"))


def _people(tenant_id: int) -> Asked:
    columns: tuple[Any, ...] = (
        Membership.id.label("_id"),
        *(User.uuid, User.email, User.name, User.locale, User.external_id),
        Membership.role,
        Membership.created_at.label("joined_at"),
        Membership.deleted_at.label("left_at"),
    )
    asked = select(*columns).select_from(Membership).join(User, User.id == Membership.user_id)
    return Membership.id, asked.where(Membership.tenant_id == tenant_id)


def _consents(tenant_id: int) -> Asked:
    """The terms somebody accepted before they paid."""
    columns: tuple[Any, ...] = (
        CheckoutSession.id.label("_id"),
        CheckoutSession.uuid.label("checkout"),
        literal("terms_of_service").label("to"),
        CheckoutSession.paid_at.label("at"),
    )
    asked = select(*columns).where(
        CheckoutSession.tenant_id == tenant_id,
        CheckoutSession.collected["terms_accepted"].as_boolean(),
    )
    return CheckoutSession.id, asked


def _refunds(tenant_id: int) -> Asked:
    names = ("uuid", "status", "amount", "currency", "reason", "provider_id", "created_at")
    asked = (
        select(
            Refund.id.label("_id"),
            *(getattr(Refund, name) for name in names),
            Payment.uuid.label("payment"),
        )
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.tenant_id == tenant_id)
    )
    return Refund.id, asked


def _changes(tenant_id: int) -> Asked:
    names = ("uuid", "state", "quantity", "currency", "net", "tax", "total", "due_now")
    moments = ("created_at", "confirmed_at", "takes_effect_at", "ended_at")
    asked = (
        select(
            SubscriptionChange.id.label("_id"),
            *(getattr(SubscriptionChange, name) for name in (*names, *moments)),
            Subscription.uuid.label("subscription"),
        )
        .join(Subscription, Subscription.id == SubscriptionChange.subscription_id)
        .where(Subscription.tenant_id == tenant_id)
    )
    person = _with((SubscriptionChange.id, asked), person=(User, SubscriptionChange.user_id))
    return _priced(person, SubscriptionChange.price_id)


def _rows(db: Session, key: Column, asked: Select[Any]) -> Iterator[Mapping[str, Any]]:
    last = 0
    while True:
        rows = db.execute(asked.where(key > last).order_by(key).limit(_PIECE)).mappings().all()
        for row in rows:
            yield {name: value for name, value in row.items() if name != "_id"}
        if len(rows) < _PIECE:
            return
        last = rows[-1]["_id"]


def _joined(rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield (",\n" if place else "\n") + _dump(row)


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str | None:
    if isinstance(value, datetime):
        return webhooks.moment(value)
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")

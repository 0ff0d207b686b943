"""Searches: whatever a person has in hand (an id, an e-mail, a number, a name) leads to its rows.

Every look-up is exact or of a beginning, and answered by an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from app.billing.operations import listings
from app.models import (
    Act,
    App,
    CheckoutSession,
    Customer,
    Invoice,
    Membership,
    Payment,
    PaymentMethod,
    PortalLink,
    Price,
    ProviderEvent,
    Refund,
    Subscription,
    Tenant,
    User,
    WebhookDelivery,
    WebhookEvent,
)
from app.models.tenant import key_of

MOST = 20
_LONGEST = 300
_HEXADECIMAL = re.compile(r"[0-9a-f]{8,32}")


@dataclass(slots=True)
class Hits:
    """What was found, by kind, each once; `tenants_by_id` are those the rows belong to."""

    tenants: list[Tenant] = field(default_factory=list)
    checkouts: list[CheckoutSession] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    events: list[ProviderEvent] = field(default_factory=list)
    deliveries: list[WebhookDelivery] = field(default_factory=list)
    tenants_by_id: dict[int, Tenant] = field(default_factory=dict)

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """Answer the kinds that have hits, each by the name of its page."""
        every: list[tuple[str, list[Any]]] = [
            ("tenants", self.tenants),
            ("checkouts", self.checkouts),
            ("subscriptions", self.subscriptions),
            ("payments", self.payments),
            ("invoices", self.invoices),
            ("events", self.events),
            ("deliveries", self.deliveries),
        ]
        return [(kind, rows) for kind, rows in every if rows]

    @property
    def only(self) -> tuple[str, UUID] | None:
        """Answer kind and uuid of the only hit there is."""
        rows = [(kind, row) for kind, rows in self.groups for row in rows]
        return (rows[0][0], rows[0][1].uuid) if len(rows) == 1 else None


def find(db: Session, app: App, text: str) -> Hits:
    """Answer what of an app a text names: a uuid of ours or its beginning, a provider's id, a
    caller's reference, an e-mail address, an invoice number, the beginning of a tenant's name, or
    a person's id of ours or of the app's own issuer. People and portal links lead to tenants.
    """
    words = " ".join(text.split())[:_LONGEST].replace("\x00", "")
    hits = Hits()
    if not words:
        return hits
    _by_uuid(db, app, words, hits)
    if "@" in words:
        _by_email(db, app, words, hits)
    else:
        _by_provider_id(db, app, words, hits)
        _by_number(db, app, words, hits)
        _add(hits.tenants, tenants(db, app, words))
    _add(hits.tenants, _with_person(db, app, User.external_id == words))
    _add(hits.checkouts, _rows(db, app, CheckoutSession, CheckoutSession.reference == words))
    hits.tenants_by_id = listings.tenants_of(
        db, [*hits.checkouts, *hits.subscriptions, *hits.payments, *hits.invoices]
    )
    return hits


def tenants(db: Session, app: App, beginning: str, *, limit: int = MOST) -> list[Tenant]:
    """Answer the tenants whose name begins with a text, by name, whatever its capitals."""
    key = key_of(beginning)
    if not key:
        return []
    found = (
        select(Tenant)
        .where(
            Tenant.app_id == app.id,
            Tenant.name_key >= key,
            Tenant.name_key < _after(key),
            Tenant.deleted_at.is_(None),
        )
        .order_by(Tenant.name_key, Tenant.id)
        .limit(limit)
    )
    return list(db.scalars(found))


def _after(key: str) -> str:
    """The first text, byte by byte, that does not begin with this one any more."""
    for place in range(len(key) - 1, -1, -1):
        following = ord(key[place]) + 1
        if following < 0xD800 or 0xDFFF < following <= 0x10FFFF:
            return key[:place] + chr(following)
    return "\U0010ffff" * 2


def _by_uuid(db: Session, app: App, words: str, hits: Hits) -> None:
    digits = words.lower().replace("-", "")
    if not _HEXADECIMAL.fullmatch(digits):
        return
    lowest, highest = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))

    def named(column: Any) -> ColumnElement[bool]:
        asked: ColumnElement[bool] = column.between(lowest, highest)
        return asked

    _add(hits.checkouts, _rows(db, app, CheckoutSession, named(CheckoutSession.uuid)))
    _add(hits.checkouts, _rows(db, app, CheckoutSession, named(CheckoutSession.payment_uuid)))
    _add(hits.subscriptions, _rows(db, app, Subscription, named(Subscription.uuid)))
    _add(hits.payments, _rows(db, app, Payment, named(Payment.uuid)))
    _add(hits.invoices, _rows(db, app, Invoice, named(Invoice.uuid)))
    _add(hits.tenants, _rows(db, app, Tenant, named(Tenant.uuid)))
    _add(hits.tenants, _with_person(db, app, named(User.uuid)))
    linked = select(PortalLink.tenant_id).where(named(PortalLink.uuid))
    _add(hits.tenants, _rows(db, app, Tenant, Tenant.id.in_(linked)))
    _add(hits.events, _called(db, app, named(ProviderEvent.uuid)))
    _add(hits.deliveries, _told(db, app, named(WebhookEvent.uuid)))
    _add(hits.deliveries, _told(db, app, named(WebhookDelivery.uuid)))


def _by_email(db: Session, app: App, words: str, hits: Hits) -> None:
    typed = {words, words.lower()}
    _add(hits.tenants, _with_person(db, app, User.email == words.lower()))
    _add(hits.tenants, _rows(db, app, Tenant, Tenant.invoice_email.in_(typed)))
    asked = CheckoutSession.email.in_(typed) & CheckoutSession.email.is_not(None)
    _add(hits.checkouts, _rows(db, app, CheckoutSession, asked))


def _by_provider_id(db: Session, app: App, words: str, hits: Hits) -> None:
    accounts = list(listings.accounts_of(db, app))
    if not accounts or " " in words:
        return

    def named(model: type[Any]) -> tuple[ColumnElement[bool], ...]:
        return model.provider_account_id.in_(accounts), model.provider_id == words

    _add(hits.checkouts, _rows(db, app, CheckoutSession, *named(CheckoutSession)))
    _add(hits.subscriptions, _rows(db, app, Subscription, *named(Subscription)))
    _add(hits.subscriptions, _begun_as(db, app, accounts, words))
    _add(hits.payments, _rows(db, app, Payment, *named(Payment)))
    _add(hits.payments, _refunded_by(db, app, *named(Refund)))
    _add(hits.invoices, _rows(db, app, Invoice, *named(Invoice)))
    for model in (Customer, PaymentMethod):
        owner = select(model.tenant_id).where(*named(model))
        _add(hits.tenants, _rows(db, app, Tenant, Tenant.id.in_(owner)))
    _add(hits.events, _called(db, app, ProviderEvent.provider_event_id == words))


def _by_number(db: Session, app: App, words: str, hits: Hits) -> None:
    typed = {words, words.upper()}
    for column in (Invoice.document_number, Invoice.provider_number):
        _add(hits.invoices, _rows(db, app, Invoice, column.in_(typed)))


def _begun_as(db: Session, app: App, accounts: Sequence[int], words: str) -> list[Any]:
    """A plan that was resumed had another id at its provider before."""
    begun = select(Act.subscription_id).where(
        Act.provider_account_id.in_(accounts),
        Act.result_id == words,
        Act.kind.in_(("begin_subscription", "resume_subscription")),
    )
    return _rows(db, app, Subscription, Subscription.id.in_(begun))


def _refunded_by(db: Session, app: App, *named: ColumnElement[bool]) -> list[Any]:
    return _rows(db, app, Payment, Payment.id.in_(select(Refund.payment_id).where(*named)))


def _with_person(db: Session, app: App, named: ColumnElement[bool]) -> list[Any]:
    found = (
        select(Tenant)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .join(User, User.id == Membership.user_id)
        .where(named, Tenant.app_id == app.id, Tenant.deleted_at.is_(None))
        .order_by(Tenant.id)
        .limit(MOST)
    )
    return list(db.scalars(found))


def _called(db: Session, app: App, named: ColumnElement[bool]) -> list[Any]:
    ours = ProviderEvent.provider_account_id.in_(listings.accounts_of(db, app))
    return list(db.scalars(select(ProviderEvent).where(named, ours).limit(MOST)))


def _told(db: Session, app: App, named: ColumnElement[bool]) -> list[Any]:
    found = (
        select(WebhookDelivery)
        .join(WebhookDelivery.event)
        .options(joinedload(WebhookDelivery.event), joinedload(WebhookDelivery.endpoint))
        .where(named, WebhookEvent.app_id == app.id)
        .limit(MOST)
    )
    return list(db.scalars(found))


_LOADS: dict[type[Any], tuple[Any, ...]] = {
    CheckoutSession: (joinedload(CheckoutSession.price).joinedload(Price.product),),
    Subscription: (joinedload(Subscription.price).joinedload(Price.product),),
    Invoice: (joinedload(Invoice.payment),),
}


def _rows(db: Session, app: App, model: type[Any], *named: ColumnElement[bool]) -> list[Any]:
    found = (
        select(model)
        .where(*named, model.app_id == app.id, model.deleted_at.is_(None))
        .options(*_LOADS.get(model, ()))
        .limit(MOST)
    )
    return list(db.scalars(found))


def _add(known: list[Any], found: Iterable[Any]) -> None:
    known.extend(row for row in found if row not in known)

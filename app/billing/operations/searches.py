"""Searches: whatever a person has in hand (an id, an e-mail, a number, a name) leads to its rows.

Every look-up is exact or of a beginning, and answered by an index.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, load_only
from sqlalchemy.orm.interfaces import LoaderOption

from app.billing.operations import listings, lookups
from app.models import (
    App,
    CheckoutSession,
    Invoice,
    Payment,
    ProviderEvent,
    Subscription,
    Tenant,
    WebhookDelivery,
    WebhookEvent,
)
from app.models.tenant import key_of

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
    for kind, ids in _found(db, app, words).items():
        setattr(hits, kind, _load(db, kind, ids))
    hits.tenants_by_id = listings.tenants_of(
        db, [*hits.checkouts, *hits.subscriptions, *hits.payments, *hits.invoices]
    )
    return hits


def tenants(db: Session, app: App, beginning: str, *, limit: int = lookups.MOST) -> list[Tenant]:
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


def _found(db: Session, app: App, words: str) -> dict[str, list[int]]:
    """Answer the rows a text names, by kind, each once."""
    key = key_of(words)
    digits = words.lower().replace("-", "")
    values: dict[str, Any] = {
        "app_id": app.id,
        "words": words,
        "spellings": [words, words.lower(), words.upper()],
        "address": words.lower(),
        "key": key,
        "after_key": _after(key),
    }
    forms = {"email"} if "@" in words else {"number", "name"}
    forms |= {"person", "reference"}
    if _HEXADECIMAL.fullmatch(digits):
        forms.add("uuid")
        values |= {"lowest": UUID(digits.ljust(32, "0")), "highest": UUID(digits.ljust(32, "f"))}
    if "@" not in words and " " not in words:
        forms.add("provider_id")
    if forms & {"uuid", "provider_id"}:
        values["accounts"] = list(listings.accounts_of(db, app))
    found: dict[str, list[int]] = {}
    for _, kind, row_id in sorted(
        db.execute(lookups.statement(frozenset(forms)), values), key=_by_form
    ):
        ids = found.setdefault(kind, [])
        if row_id not in ids:
            ids.append(row_id)
    return found


def _by_form(row: Any) -> int:
    place: int = row[0]
    return place


# A hit shows few of a row's columns, and each that is read costs.
_LOADS: dict[str, tuple[type[Any], tuple[LoaderOption, ...]]] = {
    "tenants": (Tenant, (load_only(Tenant.uuid, Tenant.name, Tenant.invoice_email),)),
    "checkouts": (CheckoutSession, listings.loads("checkouts")),
    "subscriptions": (Subscription, listings.loads("subscriptions")),
    "payments": (Payment, listings.loads("payments")),
    "invoices": (Invoice, listings.loads("invoices")),
    "events": (
        ProviderEvent,
        (
            load_only(
                ProviderEvent.uuid,
                ProviderEvent.type,
                ProviderEvent.object_id,
                ProviderEvent.state,
            ),
        ),
    ),
    "deliveries": (
        WebhookDelivery,
        (
            load_only(WebhookDelivery.uuid, WebhookDelivery.state),
            joinedload(WebhookDelivery.event).load_only(WebhookEvent.type),
        ),
    ),
}


def _load(db: Session, kind: str, ids: Sequence[int]) -> list[Any]:
    model, loads = _LOADS[kind]
    asked = select(model).where(model.id.in_(ids)).options(*loads)
    known = {row.id: row for row in db.scalars(asked)}
    return [known[row_id] for row_id in ids if row_id in known]

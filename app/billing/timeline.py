"""The timeline: what changed, from what to what, and who or what caused it.

A cause is one word, with a name after it where there is one:

    user <uuid>    a person, signed in or named by their token
    key <uuid>     an API key of the app
    start          an order, while it was being opened for its payer
    return, page   somebody came back or opened a page, and we looked
    event <id>     the provider told us to look
    sweep          a regular check looked
    verify         the owner had all rows compared with the provider
    clock          a moment came that was known before
    replaced       another order took the place of this one
    act            the provider did what we had asked of it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.base import table
from app.models import CheckoutSession, Membership, Subscription, Tenant, TimelineEntry, User
from app.models.checkout_session import STATES
from app.models.subscription import STATUSES

CAUSES = (
    "user",
    "key",
    "start",
    "return",
    "page",
    "event",
    "sweep",
    "verify",
    "clock",
    "replaced",
    "act",
)
# Every kind of entry there is, so that each can be put into words.
KINDS = (
    *(f"checkout.{state}" for state in STATES if state != "starting"),
    "checkout.superseded",
    *(f"subscription.{status}" for status in (*STATUSES, "processing")),
    "subscription.changed",
    "subscription.change_scheduled",
    "subscription.change_dropped",
    "subscription.cancel_asked",
    "subscription.resumed",
    "invoice.paid",
    "payment.failed",
    "payment.refund_asked",
    "payment.refunded",
    "payment.charged_back",
    "payment_method.added",
    "payment_method.removed",
    "payment_method.default_changed",
    "person.invited",
    "person.invitation_withdrawn",
    "person.joined",
    "person.role_changed",
    "person.removed",
    "portal.viewed",
)
_OF_INVITATIONS = ("person.invited", "person.invitation_withdrawn")
PAGE = 25

_INSERT = insert(table(TimelineEntry))


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry with what it takes to put it into words: the checkout it is about, and the e-mail
    address of the person who caused it, if it was one of the tenant's."""

    entry: TimelineEntry
    mode: str | None = None
    checkout_uuid: UUID | None = None
    person: str | None = None

    @property
    def is_purchase(self) -> bool:
        """It is about a checkout, which has a page."""
        return self.checkout_uuid is not None and self.entry.kind.startswith("checkout.")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a tenant's timeline, newest first; `older` is where the next part begins."""

    happenings: list[Happening]
    older: UUID | None


def by_user(uuid: UUID) -> str:
    """Answer the cause that names a person."""
    return f"user {uuid}"


def by_key(uuid: UUID) -> str:
    """Answer the cause that names an API key."""
    return f"key {uuid}"


def note(
    db: Session,
    subject: CheckoutSession | Subscription,
    kind: str,
    *,
    cause: str,
    now: datetime,
    before: str | None = None,
    after: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one entry about a checkout or a subscription."""
    entry = {
        "app_id": subject.app_id,
        "tenant_id": subject.tenant_id,
        "livemode": subject.livemode,
        "checkout_id": subject.id if isinstance(subject, CheckoutSession) else subject.checkout_id,
        "subscription_id": subject.id if isinstance(subject, Subscription) else None,
        "kind": kind,
        "cause": cause,
        "before": before,
        "after": after,
        "details": details,
        "at": now,
    }
    db.connection().execute(_INSERT, entry)


def note_of_tenant(
    db: Session,
    tenant: Tenant,
    kind: str,
    *,
    cause: str,
    now: datetime,
    before: str | None = None,
    after: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one entry about a tenant as such, in its app's mode."""
    entry = {
        "app_id": tenant.app_id,
        "tenant_id": tenant.id,
        "livemode": tenant.app.livemode,
        "kind": kind,
        "cause": cause,
        "before": before,
        "after": after,
        "details": details,
        "at": now,
    }
    db.connection().execute(_INSERT, entry)


def of_tenant(
    db: Session,
    tenant: Tenant,
    *,
    before: UUID | None = None,
    limit: int = PAGE,
    for_admin: bool = True,
) -> Page:
    """Answer a tenant's latest entries in its app's mode, or those before one of them; an entry
    that is not the tenant's begins at the latest. Who is invited only admins see. The app must be
    loaded."""
    theirs = [
        TimelineEntry.tenant_id == tenant.id,
        TimelineEntry.livemode == tenant.app.livemode,
    ]
    if not for_admin:
        theirs.append(TimelineEntry.kind.not_in(_OF_INVITATIONS))
    asked = (
        select(TimelineEntry, CheckoutSession.mode, CheckoutSession.uuid)
        .outerjoin(CheckoutSession, CheckoutSession.id == TimelineEntry.checkout_id)
        .where(*theirs)
        .order_by(TimelineEntry.id.desc())
        .limit(limit + 1)
    )
    first = None
    if before is not None:
        first = db.scalar(select(TimelineEntry.id).where(TimelineEntry.uuid == before, *theirs))
    if first is not None:
        asked = asked.where(TimelineEntry.id < first)
    rows = db.execute(asked).all()
    shown = rows[:limit]
    people = _people(db, tenant.id, [entry.cause for entry, _, _ in shown])
    return Page(
        [Happening(entry, mode, uuid, people.get(entry.cause)) for entry, mode, uuid in shown],
        older=shown[-1][0].uuid if len(rows) > limit else None,
    )


def of_checkout(db: Session, checkout_id: int) -> list[TimelineEntry]:
    """Answer what happened to one checkout, oldest first."""
    return list(
        db.scalars(
            select(TimelineEntry)
            .where(TimelineEntry.checkout_id == checkout_id)
            .order_by(TimelineEntry.id)
        )
    )


def _people(db: Session, tenant_id: int, causes: Iterable[str]) -> dict[str, str]:
    """Answer the addresses of the tenant's people, past ones too, by the cause that names them."""
    named = {UUID(cause.partition(" ")[2]) for cause in causes if cause.startswith("user ")}
    if not named:
        return {}
    rows = db.execute(
        select(User.uuid, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(User.uuid.in_(named), Membership.tenant_id == tenant_id)
    )
    return {by_user(uuid): email for uuid, email in rows}

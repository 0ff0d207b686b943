"""Checkouts that were just written: what the provider answered is stored without reading back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, bindparam, insert, literal, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.purchase.intents import Intent
from app.billing.site import Site
from app.billing.truth import deadlines
from app.db import alone
from app.db.base import table
from app.models import CheckoutSession, TimelineEntry
from app.providers.base import OpenedCheckout

_CHECKOUTS, _ENTRIES = table(CheckoutSession), table(TimelineEntry)


def _places(of: Table, *names: str) -> dict[str, ColumnElement[Any]]:
    return {name: bindparam(f"{of.name}_{name}", type_=of.c[name].type) for name in names}


# Only where nobody has changed the row since.
_OPEN = (
    update(_CHECKOUTS)
    .where(
        _CHECKOUTS.c.id == bindparam("row_id"),
        _CHECKOUTS.c.state == "starting",
        _CHECKOUTS.c.provider_id.is_(None),
    )
    .values(
        state="open",
        version=_CHECKOUTS.c.version + 1,
        claimed_until=None,
        **_places(
            _CHECKOUTS,
            *("provider_id", "url", "expires_at", "sealed_client_secret"),
            *("next_check_at", "updated_at"),
        ),
    )
)
_ENTRY = {
    "kind": literal("checkout.open"),
    "before": literal("starting"),
    "after": literal("open"),
    **_places(_ENTRIES, "app_id", "tenant_id", "livemode", "cause", "at"),
    **_places(_ENTRIES, "uuid", "created_at", "updated_at"),
}
_NOTE = insert(_ENTRIES).values(checkout_id=bindparam("row_id"), **_ENTRY)
# Both in one statement, which SQLite does not know.
_OPENED = _OPEN.returning(_CHECKOUTS.c.id).cte("opened")
_OPEN_AND_NOTE = (
    insert(_ENTRIES)
    .from_select(["checkout_id", *_ENTRY], select(_OPENED.c.id, *_ENTRY.values()))
    .execution_options(preserve_rowcount=True)
)


def keep(
    db: Session,
    site: Site,
    intent: Intent,
    opened: OpenedCheckout,
    *,
    cause: str,
    now: datetime,
) -> bool:
    """Store that a checkout is open at its provider, with its entry in the timeline, and commit;
    False, and nothing stored, where somebody has changed the row meanwhile. Apps are not told of
    it (`webhook_types.NOT_TOLD`)."""
    connection = db.connection()
    values = _values(site, intent, opened, cause=cause, now=now)
    if connection.dialect.name == "postgresql":
        is_kept = alone.execute(connection, _OPEN_AND_NOTE, values).rowcount == 1
    else:
        is_kept = connection.execute(_OPEN, values).rowcount == 1
        if is_kept:
            connection.execute(_NOTE, values)
    db.commit()
    return is_kept


def _values(
    site: Site, intent: Intent, opened: OpenedCheckout, *, cause: str, now: datetime
) -> dict[str, Any]:
    wall, secret = clock.wall(), opened.client_secret
    expires_at = intent.deadline or opened.expires_at
    next_look = deadlines.next_look_at_open(
        now - intent.created_at, intent.deadline, expires_at, now=now
    )
    of_checkout = {
        "provider_id": opened.provider_id,
        "url": opened.url,
        "expires_at": expires_at,
        "sealed_client_secret": site.vault.seal(secret) if secret else None,
        "next_check_at": next_look,
        "updated_at": wall,
    }
    of_entry = {
        "app_id": intent.app_id,
        "tenant_id": intent.tenant_id,
        "livemode": intent.livemode,
        "cause": cause,
        "at": now,
        "uuid": uuid4(),
        "created_at": wall,
        "updated_at": wall,
    }
    return {
        "row_id": intent.id,
        **{f"{_CHECKOUTS.name}_{name}": value for name, value in of_checkout.items()},
        **{f"{_ENTRIES.name}_{name}": value for name, value in of_entry.items()},
    }

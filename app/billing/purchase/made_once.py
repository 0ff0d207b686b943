"""Things made once at a provider and kept: a tenant's customer, a tax rate, a price."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing import claims
from app.billing.errors import ProviderUnavailable
from app.billing.purchase import keys
from app.billing.site import Site
from app.db.base import table
from app.models import Customer, ProviderPrice, ProviderTaxRate
from app.providers import errors

Kept = type[Customer] | type[ProviderPrice] | type[ProviderTaxRate]


class Maker(Protocol):
    """How a thing is made, and found again, at one provider."""

    window: int

    def make(self, request: str, key: str) -> str:
        """Make it and answer its provider id."""
        ...

    def find(self, request: str) -> str | None:
        """Look for it by our uuid."""
        ...


class _Row(NamedTuple):
    provider_id: str | None
    request: str
    idempotency_key: str | None
    first_tried_at: datetime | None


def ensure(db: Session, site: Site, model: Kept, row_id: int, maker: Maker) -> str:
    """Answer the provider id of a row, asking the provider if it has none.

    Whoever holds the claim asks; the others wait for what it finds. Commits. Raises
    ProviderUnavailable when nobody was told in time, `providers.errors.ProviderError` where the
    provider refuses.
    """

    def attempt() -> str | None:
        row = _read(db, model, row_id)
        if row.provider_id is None and claims.take(db, model, row_id):
            return _make(db, site, model, row_id, maker)
        return row.provider_id

    provider_id = claims.wait(db, attempt)
    if provider_id is None:
        raise ProviderUnavailable("The payment provider does not answer. Nothing was charged.")
    return provider_id


def _make(db: Session, site: Site, model: Kept, row_id: int, maker: Maker) -> str:
    row = _read(db, model, row_id)
    try:
        provider_id = row.provider_id or _ask(db, site, model, row_id, row, maker)
    except errors.ProviderError as error:
        if error.spends_key:
            keys.spend(db, model, row_id)
        elif error.permanent:
            _write(db, model, row_id, idempotency_key=str(uuid4()), first_tried_at=None)
        claims.release(db, model, row_id)
        raise
    _write(db, model, row_id, provider_id=provider_id, claimed_until=None)
    return provider_id


def _ask(db: Session, site: Site, model: Kept, row_id: int, row: _Row, maker: Maker) -> str:
    now = site.clock.now()
    key = keys.usable(row.idempotency_key, row.first_tried_at, window=maker.window, now=now)
    if key is None:
        found = maker.find(row.request)
        if found is not None:
            return found
        key = keys.renew(db, model, row_id, now=now)
    elif row.first_tried_at is None:
        keys.mark(db, model, row_id, now=now)
    return maker.make(row.request, key)


def _read(db: Session, model: Kept, row_id: int) -> _Row:
    rows = table(model)
    columns = [rows.c[name] for name in _Row._fields]
    row = db.execute(select(*columns).where(rows.c.id == row_id)).one()
    db.commit()
    return _Row(*row)


def _write(db: Session, model: Kept, row_id: int, **values: object) -> None:
    rows = table(model)
    db.execute(update(rows).where(rows.c.id == row_id).values(**values))
    db.commit()

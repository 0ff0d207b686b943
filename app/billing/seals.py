"""Seals: finds every secret the vault has sealed, and seals it anew with the newest key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.billing.vault import Unreadable, Vault
from app.db.base import Base, table
from app.db.engine import Database
from app.models import CheckoutSession, Mail

_BATCH = 200
_PREFIX = "sealed_"


@dataclass(frozen=True, slots=True)
class Place:
    """A column that holds sealed texts, or objects with one under `key`."""

    table: Table
    column: str
    key: str | None = None

    @property
    def name(self) -> str:
        """How people are told of it."""
        return ".".join(filter(None, (self.table.name, self.column, self.key)))

    def read(self, value: Any) -> str:
        """Answer the sealed text in a value of the column; empty where there is none."""
        return str((value or {}).get(self.key) or "") if self.key else value or ""

    def changed(self, value: Any, sealed: str) -> Any:
        """Answer the value with another sealed text in it."""
        return {**value, self.key: sealed} if self.key else sealed


@dataclass(frozen=True, slots=True)
class Tally:
    """How many secrets of a place the newest key opens, only an earlier one, or none at all."""

    newest: int = 0
    earlier: int = 0
    unreadable: int = 0
    resealed: int = 0

    @property
    def is_fresh(self) -> bool:
        """No earlier key is needed any more; what no key opens needs none."""
        return self.earlier == 0

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        named = {
            "sealed with the newest key": self.newest,
            "with an earlier one": self.earlier,
            "that no key opens": self.unreadable,
            "sealed anew": self.resealed,
        }
        said = [f"{count} {words}" for words, count in named.items() if count]
        return ", ".join(said) or "nothing sealed"


def places() -> list[Place]:
    """Answer every column that holds sealed texts; most say so by their name."""
    named = [
        Place(part, column.name)
        for part in Base.metadata.sorted_tables
        for column in part.columns
        if column.name.startswith(_PREFIX)
    ]
    return [
        *named,
        Place(table(CheckoutSession), "request"),
        Place(table(Mail), "values", "sealed_url"),
    ]


def check(database: Database, site: Site) -> dict[str, Tally]:
    """Answer for each place which keys its secrets need. Changes nothing."""
    with database.reader() as db:
        return {
            place.name: _sum(_tally(site.vault, place, rows) for rows in _batches(db, place))
            for place in places()
        }


def reseal(database: Database, site: Site) -> dict[str, Tally]:
    """Seal anew what the newest key does not open, and answer what was found and done.

    Commits every few hundred rows, so it can be stopped and called again at any time, beside
    programs that run with the same keys. What no key opens is left as it is and counted.
    """
    found = {}
    for place in places():
        with database.reader() as db:
            tallies = [_renew(database, site.vault, place, rows) for rows in _batches(db, place)]
        found[place.name] = _sum(tallies)
    return found


def _batches(db: Session, place: Place) -> Iterator[Mapping[int, Any]]:
    """Every row that may hold a secret, its value by its id, in order."""
    columns = place.table.c
    asked = (
        select(columns.id, columns[place.column])
        .where(columns.id > bindparam("last"), columns[place.column].is_not(None))
        .order_by(columns.id)
        .limit(_BATCH)
    )
    last = 0
    while rows := dict(db.execute(asked, {"last": last}).fetchall()):
        db.commit()
        yield rows
        last = max(rows)


def _tally(vault: Vault, place: Place, rows: Mapping[int, Any]) -> Tally:
    kinds = [_kind(vault, place.read(value)) for value in rows.values()]
    return Tally(kinds.count("newest"), kinds.count("earlier"), kinds.count("unreadable"))


def _kind(vault: Vault, sealed: str) -> str:
    if not sealed:
        return "none"
    if vault.is_fresh(sealed):
        return "newest"
    try:
        vault.open(sealed)
    except Unreadable:
        return "unreadable"
    return "earlier"


def _renew(database: Database, vault: Vault, place: Place, rows: Mapping[int, Any]) -> Tally:
    stale = [id for id, value in rows.items() if _kind(vault, place.read(value)) == "earlier"]
    tally = _tally(vault, place, rows)
    if not stale:
        return tally
    with database.transaction() as db:
        done = sum(_renew_row(db, vault, place, id) for id in stale)
    return replace(tally, newest=tally.newest + done, earlier=tally.earlier - done, resealed=done)


def _renew_row(db: Session, vault: Vault, place: Place, id: int) -> int:
    columns = place.table.c
    # Read again under its lock: whoever changed it meanwhile sealed it anew himself.
    value = db.scalar(
        select(columns[place.column]).where(columns.id == id).with_for_update(key_share=True)
    )
    sealed = place.read(value)
    if _kind(vault, sealed) == "earlier":
        changed = place.changed(value, vault.reseal(sealed))
        db.execute(
            update(place.table)
            .where(columns.id == id)
            .values({place.column: changed, "updated_at": columns.updated_at})
        )
    return 1


def _sum(tallies: Any) -> Tally:
    total = Tally()
    for tally in tallies:
        total = Tally(
            total.newest + tally.newest,
            total.earlier + tally.earlier,
            total.unreadable + tally.unreadable,
            total.resealed + tally.resealed,
        )
    return total

"""Replays: stored provider events taken as reasons to look once more."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.db.base import table
from app.models import ProviderAccount, ProviderEvent

_EVENT = table(ProviderEvent)
LISTED = 100


class Listed(NamedTuple):
    """A stored event, as a person reads it."""

    uuid: UUID
    provider: str
    provider_event_id: str | None
    type: str | None
    object_id: str
    state: str
    tries: int
    received_at: datetime
    error: str | None

    @property
    def line(self) -> str:
        """It in one line."""
        at = self.received_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        name = self.provider_event_id or "-"
        said = f"{self.uuid} {at} {self.state:<10} {self.provider} {name} {self.type or '-'}"
        return f"{said} {self.object_id}" + (f": {self.error}" if self.error else "")


def listed(db: Session, *, state: str | None = None, limit: int = LISTED) -> list[Listed]:
    """Answer the newest stored events, of one state if one is named."""
    found = (
        select(
            ProviderEvent.uuid,
            ProviderAccount.provider,
            ProviderEvent.provider_event_id,
            ProviderEvent.type,
            ProviderEvent.object_id,
            ProviderEvent.state,
            ProviderEvent.tries,
            ProviderEvent.received_at,
            ProviderEvent.error,
        )
        .join(ProviderAccount, ProviderAccount.id == ProviderEvent.provider_account_id)
        .order_by(ProviderEvent.id.desc())
        .limit(limit)
    )
    if state is not None:
        found = found.where(ProviderEvent.state == state)
    return [Listed(*row) for row in db.execute(found)]


def again(
    db: Session,
    *,
    now: datetime,
    name: str | None = None,
    since: datetime | None = None,
    failed: bool = False,
) -> int:
    """Make stored events wait again, and answer how many: the one called `name` (our uuid, or the
    provider's id of the event or of what it is about), those received since, or those that failed.

    Looking again is safe: a look applies what is true now, whatever an event once told. One that
    waits already, or whose object has a call waiting, is left alone. The caller commits.
    """
    wanted: list[ColumnElement[bool]] = [_EVENT.c.state.in_(("done", "failed"))]
    if name is not None:
        wanted.append(_called(name))
    if since is not None:
        wanted.append(_EVENT.c.received_at >= since)
    if failed:
        wanted.append(_EVENT.c.state == "failed")
    # Without a number of the provider's an event that is `received` holds its object's only place;
    # `processing` with no claim is taken up just the same.
    made = db.connection().execute(
        update(_EVENT)
        .where(*wanted)
        .values(
            state="processing",
            tries=0,
            next_try_at=now,
            claimed_until=None,
            done_at=None,
            error=None,
        )
    )
    return made.rowcount


def _called(name: str) -> ColumnElement[bool]:
    try:
        return _EVENT.c.uuid == UUID(name)
    except ValueError:
        return or_(_EVENT.c.provider_event_id == name, _EVENT.c.object_id == name)

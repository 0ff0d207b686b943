"""Tell the sandbox's time: wall time plus an offset that only moves forward."""

import calendar
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.sandbox.store import Store

UNITS = ("minute", "hour", "day", "week", "month", "year")
SPAN = re.compile(rf"\s*(\d{{1,6}})\s+({'|'.join(UNITS)})s?\s*", re.ASCII)


class Clock:
    """Times are aware and in UTC; the offset is stored, in microseconds."""

    def __init__(self, store: Store, wall: Callable[[], float] = time.time) -> None:
        self._store = store
        self._wall = wall
        stored = store.get("", "clock", "offset")
        self._offset = timedelta(microseconds=stored["microseconds"] if stored else 0)

    def now(self) -> datetime:
        """Answer the sandbox's present."""
        return self._wall_now() + self._offset

    def move_to(self, moment: datetime) -> None:
        """Set the clock to `moment`; a moment already past changes nothing."""
        ahead = moment - self.now()
        if ahead > timedelta(0):
            self._set(self._offset + ahead)

    def reset(self) -> None:
        """Go back to wall time."""
        self._set(timedelta(0))

    def _set(self, offset: timedelta) -> None:
        micro = offset // timedelta(microseconds=1)
        self._store.put("", "clock", "offset", {"microseconds": micro})
        self._offset = offset

    def _wall_now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)


def add(moment: datetime, span: str) -> datetime:
    """Add "N minutes|hours|days|weeks|months|years"; the 31st becomes a month's last day.

    Raises ValueError when the span cannot be read or leaves the calendar.
    """
    match = SPAN.fullmatch(span)
    if not match:
        raise ValueError(f"{span!r} is not a span of time such as '3 days' or '1 month'")
    count, unit = int(match[1]), match[2]
    try:
        if unit == "month":
            return add_months(moment, count)
        if unit == "year":
            return add_months(moment, 12 * count)
        return moment + timedelta(**{f"{unit}s": count})
    except (OverflowError, ValueError) as e:
        raise ValueError(f"{span!r} leads beyond the year 9999") from e


def add_months(moment: datetime, count: int, day: int | None = None) -> datetime:
    """Go `count` months on, to `day` (default: the same) or the month's last day before it."""
    months = moment.year * 12 + moment.month - 1 + count
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(day or moment.day, last))


def iso(moment: datetime) -> str:
    """Write a time as ISO 8601, in UTC and milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_iso(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

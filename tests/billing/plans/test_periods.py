"""Billing periods follow the calendar from the day they began."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing.plans import periods


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-11-20T12:03:04", "month", 1, "2026-12-20T12:03:04"),
        ("2026-12-20T00:00:00", "month", 1, "2027-01-20T00:00:00"),
        ("2026-01-31T10:00:00", "month", 1, "2026-02-28T10:00:00"),
        ("2026-01-31T10:00:00", "month", 2, "2026-03-31T10:00:00"),
        ("2027-12-31T10:00:00", "month", 2, "2028-02-29T10:00:00"),
        ("2028-02-29T10:00:00", "year", 1, "2029-02-28T10:00:00"),
        ("2028-02-29T10:00:00", "year", 4, "2032-02-29T10:00:00"),
        ("2026-11-20T12:00:00", "year", 1, "2027-11-20T12:00:00"),
        ("2026-11-20T12:00:00", "month", 0, "2026-11-20T12:00:00"),
    ],
)
def test_a_period_ends_on_the_same_day_or_the_months_last(
    start: str, interval: str, count: int, end: str
) -> None:
    assert periods.after(at(start), interval, count) == at(end)


@given(
    start=st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    count=st.integers(1, 240),
)
def test_periods_follow_each_other_and_never_drift(start: datetime, count: int) -> None:
    before, after = periods.after(start, "month", count - 1), periods.after(start, "month", count)

    assert 28 <= (after - before).days <= 31
    assert after.day == start.day or (after.day < start.day and after.day >= 28)
    assert after.timetz() == start.timetz()
    assert periods.after(start, "year") == periods.after(start, "month", 12)

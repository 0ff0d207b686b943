"""Billing periods: calendar months and years, counted from the day they began."""

from __future__ import annotations

import calendar
from datetime import datetime


def after(start: datetime, interval: str, count: int = 1) -> datetime:
    """Answer the end of `count` periods from a moment; the 31st becomes a shorter month's last day,
    and counting from the same start brings the 31st back (Stripe: "Set the subscription billing
    cycle date")."""
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    return start.replace(
        year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1])
    )


def passed(start: datetime, interval: str, at: datetime) -> int:
    """Answer how many whole periods, counted from `start`, are over at a moment; 0 before it."""
    months = (at.year - start.year) * 12 + at.month - start.month
    count = max(0, months // 12 if interval == "year" else months)
    return count if count == 0 or after(start, interval, count) <= at else count - 1

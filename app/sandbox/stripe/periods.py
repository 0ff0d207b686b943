"""Find billing periods: counted from the anchor, so that the 31st stays the 31st."""

from datetime import UTC, datetime, timedelta

from app.sandbox.clock import add_months
from app.sandbox.store import Json


def end(anchor: int, start: int, recurring: Json) -> int:
    """Give the end of the period that begins at `start`, as unix seconds.

    Each boundary is the anchor plus whole intervals: a plan begun on 31 January renews on the last
    day of February and on 31 March (Stripe: "Billing cycle", anchors at the end of a month).
    """
    count = 1
    while (moment := _boundary(anchor, recurring, count)) <= start:
        count += 1
    return moment


def months_in(recurring: Json) -> int:
    """Give an interval's length in months, 0 for days and weeks."""
    per = {"month": 1, "year": 12}.get(recurring["interval"], 0)
    return int(per * recurring["interval_count"])


def _boundary(anchor: int, recurring: Json, count: int) -> int:
    moment = datetime.fromtimestamp(anchor, UTC)
    months = months_in(recurring)
    if months:
        return int(add_months(moment, months * count).timestamp())
    days = {"day": 1, "week": 7}[recurring["interval"]] * recurring["interval_count"]
    return int((moment + timedelta(days=days * count)).timestamp())

"""Times as Mollie writes them."""

from datetime import UTC, date, datetime, time

from app.sandbox.world import Account


def moment(account: Account) -> str:
    """Write the sandbox's present."""
    return write(account.now())


def write(value: datetime) -> str:
    """Write a time."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def read(text: str) -> datetime:
    """Read a time that `write` wrote."""
    return datetime.fromisoformat(text)


def midnight(day: str) -> datetime:
    """Answer when a day begins, which is when subscriptions charge."""
    return datetime.combine(date.fromisoformat(day), time.min, UTC)

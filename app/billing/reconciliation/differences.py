"""A difference: what we have on record and what the provider says, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "act",
    "checkout",
    "customer",
    "invoice",
    "payment",
    "payment method",
    "refund",
    "subscription",
]

# What a person is told follows, by kind.
FOLLOWS: Mapping[Kind, str] = {
    "act": "what was to be done at the provider was not; repair does it",
    "checkout": "repair looks at the purchase and gives what was paid for, or ends it",
    "customer": "purchases of this tenant fail; repair makes the customer anew",
    "invoice": "repair takes over or issues the invoice",
    "payment": "repair takes over what the provider has of it",
    "payment method": "repair takes over what the provider has of it",
    "refund": "repair takes over what the provider gave back",
    "subscription": "repair takes over what the provider has of the plan",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `uuid` is ours, None where we have no row; `ours` and `theirs` say
    only what differs."""

    kind: Kind
    uuid: str | None
    provider_id: str | None
    ours: str
    theirs: str
    follows: str

    @property
    def line(self) -> str:
        """It in one line."""
        return (
            f"{self.kind} {self.uuid or '(no row)'} {self.provider_id or '(not at the provider)'}:"
            f" ours {self.ours}; theirs {self.theirs}; {self.follows}"
        )

    @property
    def subject(self) -> tuple[str, str | None]:
        """What it is about, whatever differs: our uuid may be given only with the repair."""
        return self.kind, self.provider_id or self.uuid

    def as_dict(self) -> dict[str, str | None]:
        """It as JSON takes it."""
        return asdict(self)


def of(
    kind: Kind,
    uuid: object,
    provider_id: str | None,
    *,
    ours: str,
    theirs: str,
    follows: str | None = None,
) -> Difference:
    """Answer a difference, by default with what follows from its kind."""
    shown = None if uuid is None else str(uuid)
    return Difference(kind, shown, provider_id, ours, theirs, follows or FOLLOWS[kind])


def words(values: Mapping[str, object]) -> str:
    """Answer fields and their values in one line: `status=active, period_end=none`."""
    return ", ".join(f"{name}={_word(value)}" for name, value in values.items())


def _word(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return "none" if value is None else str(value)

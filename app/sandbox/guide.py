"""Say which inputs do what: one value type, filled by each provider, shown at `/`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guide:
    """A headed list of inputs and what each of them does."""

    heading: str
    inputs: tuple[tuple[str, str], ...]

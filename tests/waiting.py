"""Waiting for a state, as long as a busy machine may need for it and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable

# Only a failure takes that long.
PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.02


def until(holds: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds. Where it does not come to that, AssertionError says `what`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it never came to that: {what}"
        time.sleep(_PAUSE_SECONDS)

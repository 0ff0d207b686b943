"""Patience: an account that does not answer is left alone, so that it holds up no other."""

from __future__ import annotations

from collections import Counter

from app.providers import errors, pace

_TRIES = 3


class Patience:
    """Which accounts still answer, in one run of the sweep."""

    def __init__(self) -> None:
        self.down: set[int] = set()
        self._failed: Counter[int] = Counter()

    def answered(self, account_id: int) -> None:
        """Note that an account answers."""
        self._failed.pop(account_id, None)

    def failed(self, account_id: int, error: errors.ProviderError) -> None:
        """Note a failure: after three in a row without an answer, or at once where the key is
        refused or the provider asks to stay away for long, the account is down."""
        if isinstance(error, errors.BadCredentials):
            self.down.add(account_id)
        elif isinstance(error, errors.Unavailable):
            self._failed[account_id] += 1
            asked_for = error.retry_after or 0
            if self._failed[account_id] >= _TRIES or asked_for > pace.LONGEST_REST:
                self.down.add(account_id)

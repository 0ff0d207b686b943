"""Everything a caller may be told went wrong: a closed list, mapped whole by every interface."""

from __future__ import annotations

from typing import Any

from app.billing.text import Text


class BillingError(Exception):
    """Something anticipated; `text` is for the caller, `field` names the input it is about."""

    def __init__(self, sentence: str, *, field: str | None = None, **values: Any) -> None:
        self.text = Text(sentence, values)
        self.field = field
        super().__init__(str(self.text))


class NotAuthenticated(BillingError):
    """We do not know who is asking."""


class NotAllowed(BillingError):
    """We know who is asking, and they may not."""


class TooOften(NotAllowed):
    """It was tried too often, and may be tried again after `retry_after` seconds."""

    def __init__(
        self, sentence: str, *, field: str | None = None, retry_after: int = 60, **values: Any
    ) -> None:
        super().__init__(sentence, field=field, **values)
        self.retry_after = retry_after


class NotFound(BillingError):
    """There is no such thing, or it is not the caller's."""


class Invalid(BillingError):
    """The input is wrong; nothing was done."""


class Conflict(BillingError):
    """The input is fine, but what it meets is not as the caller thinks."""


class Declined(BillingError):
    """The payer's bank or card said no."""


class ProviderUnavailable(BillingError):
    """The provider does not answer; what was asked is stored and will be finished or undone.

    `retry_after` is in seconds.
    """

    def __init__(
        self, sentence: str, *, field: str | None = None, retry_after: int = 30, **values: Any
    ) -> None:
        super().__init__(sentence, field=field, **values)
        self.retry_after = retry_after


class Unsupported(BillingError):
    """The provider has no such thing."""

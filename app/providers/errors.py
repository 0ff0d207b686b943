"""What can go wrong at a payment provider, in one closed family."""

from __future__ import annotations


class ProviderError(Exception):
    """A provider did not do what was asked.

    `permanent` says that asking again cannot help; `code` is the provider's own word for the log,
    never for the payer.
    """

    permanent = True

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code

    @property
    def spends_key(self) -> bool:
        """The idempotency key it was sent with can never succeed, so it must not be sent again."""
        return False


class Unavailable(ProviderError):
    """No answer, too many calls, or a fault on the provider's side: it may or may not be done.

    `retry_after` is in seconds where the provider names a time. `replayed` says that the answer is
    an earlier fault repeated for the same idempotency key, so that the key is spent.
    """

    permanent = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after: int | None = None,
        replayed: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.replayed = replayed

    @property
    def spends_key(self) -> bool:
        """A fault that is replayed is replayed for as long as the key lives."""
        return self.replayed


class Declined(ProviderError):
    """The payer's bank or card said no; `reason` is one of `base.DeclineReason`."""

    def __init__(self, message: str, *, code: str | None = None, reason: str = "declined") -> None:
        super().__init__(message, code=code)
        self.reason = reason


class Refused(ProviderError):
    """The provider understood and said no: the request is wrong or not allowed there now."""


class Missing(ProviderError):
    """The provider does not know the object, or has deleted it."""


class BadCredentials(ProviderError):
    """The provider does not accept our key, or the key may not do this."""


class NotPermitted(BadCredentials):
    """The key is good, but its owner has not allowed it to do this (a restricted key)."""


class KeyReused(ProviderError):
    """An idempotency key was sent with another request: a fault of ours."""

    @property
    def spends_key(self) -> bool:
        """The key belongs to the other request."""
        return True


class BadSignature(ProviderError):
    """An event is not signed by the provider, or is too old or malformed to be trusted."""


class Unsupported(ProviderError):
    """The provider has no such thing; its `Capabilities` say so beforehand."""

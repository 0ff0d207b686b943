"""What went wrong at a provider, in words for the owner who asked for it."""

from __future__ import annotations

from app.billing.errors import BillingError, Conflict, ProviderUnavailable
from app.billing.text import Text
from app.providers import errors

_UNAVAILABLE = "%(provider)s does not answer just now. Try again in a minute."
_BAD_CREDENTIALS = (
    "%(provider)s does not accept the key of this account for that. Replace it under Providers."
)
_MISSING = "%(provider)s does not know what this belongs to: it was removed there."
_KEY_REUSED = "%(provider)s mixes this up with an earlier request. Try again."
_REFUSED = "%(provider)s refuses this: %(reason)s"


def said(error: errors.ProviderError | BillingError, provider: str) -> Text:
    """Answer a sentence; `provider` is what people call it."""
    if isinstance(error, BillingError):
        return error.text
    values = {"provider": provider}
    if isinstance(error, errors.Unavailable):
        return Text(_UNAVAILABLE, values)
    if isinstance(error, errors.BadCredentials):
        return Text(_BAD_CREDENTIALS, values)
    if isinstance(error, errors.Missing):
        return Text(_MISSING, values)
    if isinstance(error, errors.KeyReused):
        return Text(_KEY_REUSED, values)
    # The adapter begins each message with the provider's name.
    reason = str(error).partition(": ")[2] or str(error)
    return Text(_REFUSED, {**values, "reason": reason})


def translated(error: errors.ProviderError, provider: str) -> BillingError:
    """Answer the error to raise in place of a provider's."""
    sentence = said(error, provider)
    if isinstance(error, errors.Unavailable):
        return ProviderUnavailable(
            sentence.sentence, retry_after=error.retry_after or 30, **sentence.values
        )
    return Conflict(sentence.sentence, **sentence.values)

"""What an owner is told where a provider refuses what they do, or does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.billing.errors import Conflict, Invalid, ProviderUnavailable
from app.billing.site import Site
from app.providers import errors


@contextmanager
def told(site: Site, provider: str) -> Iterator[None]:
    """Say a provider's refusals in our words, while nothing has been stored yet.

    Raises Invalid for a key it does not accept, Conflict for what it refuses, and
    ProviderUnavailable.
    """
    name = site.capabilities(provider).name
    try:
        yield
    except errors.Unavailable as error:
        raise ProviderUnavailable(
            "%(provider)s does not answer just now. Nothing was changed; try again in a minute.",
            provider=name,
            retry_after=error.retry_after or 30,
        ) from error
    except errors.BadCredentials as error:
        raise Invalid(
            "%(provider)s does not accept this key. Nothing was changed. Copy the key again, whole,"
            " and see that it was not revoked.",
            field="secret_key",
            provider=name,
        ) from error
    except errors.ProviderError as error:
        raise Conflict("%(provider)s refuses this. Nothing was changed.", provider=name) from error

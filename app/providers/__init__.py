"""Payment providers: values in, values out, no database."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from app.providers import base

if TYPE_CHECKING:
    from app.providers.mollie.adapter import MollieProvider
    from app.providers.stripe.adapter import StripeProvider

NAMES = ("stripe", "mollie")


@lru_cache(maxsize=256)
def connect(name: str, connection: base.Connection) -> base.Provider:
    """Answer the adapter of one account; one per process and connection, so that its pooled HTTP
    session is shared. Raises ValueError for a name that is not in `NAMES`."""
    return _adapter(name)(connection)


def capabilities(name: str) -> base.Capabilities:
    """Answer what a provider can do, without an account; raises as `connect` does."""
    return _adapter(name).capabilities


@cache
def _adapter(name: str) -> type[StripeProvider] | type[MollieProvider]:
    # Imported here because each brings its SDK, and not every process asks both providers.
    if name == "stripe":
        from app.providers.stripe.adapter import StripeProvider

        return StripeProvider
    if name == "mollie":
        from app.providers.mollie.adapter import MollieProvider

        return MollieProvider
    raise ValueError(f"{name!r} is not a payment provider we know: {', '.join(NAMES)}")

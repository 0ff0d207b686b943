"""Payment providers: values in, values out, no database."""

from __future__ import annotations

from functools import cache, lru_cache

from app.providers import base

NAMES = ("stripe", "mollie")


@lru_cache(maxsize=256)
def connect(name: str, connection: base.Connection) -> base.Provider:
    """Answer the adapter of one account; one per process and connection, so that its pooled HTTP
    session is shared."""
    if name == "stripe":
        from app.providers.stripe.adapter import StripeProvider

        return StripeProvider(connection)
    if name == "mollie":
        from app.providers.mollie.adapter import MollieProvider

        return MollieProvider(connection)
    raise ValueError(f"{name!r} is not a payment provider we know: {', '.join(NAMES)}")


@cache
def capabilities(name: str) -> base.Capabilities:
    """Answer what a provider can do, without an account."""
    if name == "stripe":
        from app.providers.stripe.adapter import StripeProvider

        return StripeProvider.capabilities
    if name == "mollie":
        from app.providers.mollie.adapter import MollieProvider

        return MollieProvider.capabilities
    raise ValueError(f"{name!r} is not a payment provider we know: {', '.join(NAMES)}")

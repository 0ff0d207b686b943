"""What the providers have on their books: the judge of "once" and of "nothing"."""

from __future__ import annotations

from app.billing.demo import demo_world
from tests.sandbox_server import Json, SandboxServer

_KEYS = {"stripe": demo_world.STRIPE_KEY, "mollie": demo_world.MOLLIE_KEY}
_CHECKOUTS = {"stripe": "checkout_sessions", "mollie": "payments"}
_CHARGES = {"stripe": ("payment_intents", "succeeded"), "mollie": ("payments", "paid")}


def checkouts(sandbox: SandboxServer, provider: str) -> list[Json]:
    """Answer the checkouts a provider has made, oldest first."""
    return _objects(sandbox, provider, _CHECKOUTS[provider])


def charges(sandbox: SandboxServer, provider: str) -> list[Json]:
    """Answer the payments that took money, oldest first."""
    kind, paid = _CHARGES[provider]
    return [one for one in _objects(sandbox, provider, kind) if one["status"] == paid]


def subscriptions(sandbox: SandboxServer, provider: str) -> list[Json]:
    """Answer a provider's subscriptions, oldest first."""
    return _objects(sandbox, provider, "subscriptions")


def given_back(sandbox: SandboxServer, provider: str) -> list[str]:
    """Answer the ids of the payments a provider was told to give back, oldest first."""
    name = {"stripe": "payment_intent", "mollie": "paymentId"}[provider]
    return [one[name] for one in _objects(sandbox, provider, "refunds")]


def _objects(sandbox: SandboxServer, provider: str, kind: str) -> list[Json]:
    return sandbox.app.world.account(provider, _KEYS[provider]).find(kind)

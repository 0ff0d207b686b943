"""Whose Stripe account a key opens, and whether it can do what we sell by it."""

from __future__ import annotations

from typing import Any

from app.providers import base, errors
from app.providers.stripe import endpoint
from app.providers.stripe.client import Client, Json

# Stripe's "Account capabilities", by our names of the ways to pay.
_CAPABILITIES = {
    "card": "card_payments",
    "sepa": "sepa_debit_payments",
    "klarna": "klarna_payments",
}


def identify(client: Client) -> base.Identity:
    """Answer id and name; neither where a restricted key may not read the account."""
    try:
        found = client.get("account")
    except errors.NotPermitted:
        return base.Identity(None, None)
    return base.Identity(str(found["id"]), _name(found))


def check(
    client: Client, connection: base.Connection, *, webhook_url: str | None
) -> tuple[base.Check, ...]:
    """Try key, mode, account, methods and webhook."""
    try:
        account: Json | None = client.get("account")
    except errors.NotPermitted:
        account = None
    except errors.BadCredentials:
        return (base.Check("key", "key_refused", "bad"),)
    except errors.ProviderError:
        return (base.Check("key", "key_silent", "bad"),)
    is_live = connection.secret_key.startswith(("sk_live_", "rk_live_"))
    return (
        base.Check("key", "key_good"),
        base.Check("mode", "mode_live" if is_live else "mode_test"),
        *_account(account, is_live=is_live),
        endpoint.check(client, connection, webhook_url),
        # Stripe keeps the address of the terms in its Dashboard and tells it to no program.
        base.Check("terms", "terms_unread", "note"),
    )


def _account(account: Json | None, *, is_live: bool) -> list[base.Check]:
    if account is None:
        return [base.Check("account", "account_unread", "note")]
    if not account["charges_enabled"]:
        # Test payments work before Stripe has activated the account.
        return [
            base.Check("account", "account_idle", "bad" if is_live else "note"),
            *_methods(account),
        ]
    return [base.Check("account", "account_charges"), *_methods(account)]


def _methods(account: Json) -> list[base.Check]:
    capabilities: dict[str, Any] | None = account.get("capabilities")
    if not capabilities:
        return []
    on = [ours for ours, theirs in _CAPABILITIES.items() if capabilities.get(theirs) == "active"]
    if not on:
        return [base.Check("methods", "methods_off", "bad")]
    return [base.Check("methods", "methods_on", values={"methods": ",".join(on)})]


def _name(account: Json) -> str | None:
    shown = (account.get("settings") or {}).get("dashboard") or {}
    profile = account.get("business_profile") or {}
    name = shown.get("display_name") or profile.get("name") or account.get("email")
    return str(name) if name else None

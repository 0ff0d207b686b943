"""Keys of provider accounts: which fit where they are typed, told before a provider is asked."""

from __future__ import annotations

import re

from app.billing.errors import Invalid
from app.billing.site import Site
from app.providers import NAMES

_LIVE = {"stripe": ("sk_live_", "rk_live_"), "mollie": ("live_",)}
_TEST = {"stripe": ("sk_test_", "rk_test_"), "mollie": ("test_",)}
# What people paste by mistake, and what it is.
_OTHERS = {
    "pk_": "This is a publishable key, which pages use. Copy the secret key beside it.",
    "whsec_": "This is the signing secret of a webhook. Copy the secret key of the account.",
    "access_": "This is an organization’s token. Copy the API key of one profile.",
}
_SOUND = re.compile(r"[A-Za-z0-9_]{8,300}")
_SANDBOX = re.compile(r"(sk_test_sandbox_|rk_test_sandbox_|test_sandbox)\w+")
_HINT = 4


def plays(site: Site) -> bool:
    """Answer whether no real money can move here, whatever key is given."""
    return site.config.DEMO or bool(site.config.CLOCK_URL) or site.config.uses_sandbox


def require_fit(site: Site, provider: str, secret_key: str, *, livemode: bool) -> None:
    """Raise Invalid for a key of another mode or provider, or that does not belong here."""
    if provider not in NAMES:
        raise Invalid("There is no such payment provider.", field="provider")
    if livemode and plays(site):
        raise Invalid(
            "This installation runs the demo, so no live account can be connected to it.",
            field="secret_key",
        )
    _require_mode(provider, secret_key, livemode=livemode)
    _require_place(site, secret_key)


def hint(secret_key: str) -> str:
    """Answer what tells a key from others without telling it: its last four characters."""
    return secret_key[-_HINT:]


def _require_mode(provider: str, secret_key: str, *, livemode: bool) -> None:
    for prefix, sentence in _OTHERS.items():
        if secret_key.startswith(prefix):
            raise Invalid(sentence, field="secret_key")
    wanted, others = (_LIVE, _TEST) if livemode else (_TEST, _LIVE)
    if secret_key.startswith(others[provider]):
        raise Invalid(
            "This is a test key. Connect it as the test account, or copy the live key."
            if livemode
            else "This is a live key: it moves real money. Connect it as the live account, or copy"
            " the test key.",
            field="secret_key",
        )
    if not secret_key.startswith(wanted[provider]) or not _SOUND.fullmatch(secret_key):
        raise Invalid(
            "This is not a key of the mode you connect: it should begin with %(prefix)s.",
            field="secret_key",
            prefix=wanted[provider][0],
        )


def _require_place(site: Site, secret_key: str) -> None:
    # A real key is not even shown to the sandbox, nor a sandbox key to a real provider.
    is_played = _SANDBOX.fullmatch(secret_key) is not None
    if is_played and not site.config.uses_sandbox:
        raise Invalid(
            "This is a key of the sandbox, and this installation asks the real provider.",
            field="secret_key",
        )
    if not is_played and site.config.uses_sandbox:
        raise Invalid(
            "This installation asks the sandbox in the provider’s place, so a real key has no use"
            " here. The sandbox takes keys such as sk_test_sandbox_acme and test_sandboxacme.",
            field="secret_key",
        )

"""What verbs need from the installation: its settings, clock and keys."""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from app import providers
from app.billing.errors import Conflict
from app.billing.vault import Vault
from app.clock import Clock, SandboxClock, clock_at
from app.providers.base import Capabilities, Connection, Provider
from app.providers.pace import Pace
from config import Config, is_private


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a provider account is reached with. `webhook_secret` verifies signed events;
    `hook_secret` is the unguessable end of an unsigned provider's hook address."""

    secret_key: str
    webhook_secret: str | None = None
    hook_secret: str | None = None


class Account(Protocol):
    """A provider account, a row or what was read of one."""

    @property
    def id(self) -> int: ...
    @property
    def uuid(self) -> UUID: ...
    @property
    def provider(self) -> str: ...
    @property
    def livemode(self) -> bool: ...
    @property
    def sealed_credentials(self) -> str: ...


@dataclass(frozen=True)
class Site:
    """One installation of Portico."""

    config: Config
    clock: Clock
    _opened: dict[str, Credentials] = field(default_factory=dict, repr=False)

    @cached_property
    def vault(self) -> Vault:
        """What seals secrets before they are stored."""
        return Vault(self.config.encryption_keys)

    @cached_property
    def pace(self) -> Pace:
        """How fast this process asks each provider account while it works in the background."""
        return Pace(self.config.PROVIDER_CALLS_PER_SECOND)

    def provider(self, account: Account) -> Provider:
        """Answer the adapter of an account."""
        return self.connect(account.provider, account.sealed_credentials)

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        """Answer the adapter for sealed credentials; raises Conflict where the account was
        disconnected, and `vault.Unreadable`."""
        if not sealed_credentials:
            raise Conflict(
                "The account at the payment provider was disconnected, so nothing can be done there"
                " from here. Use the provider’s own dashboard."
            )
        secrets = self.credentials(sealed_credentials)
        return providers.connect(
            provider,
            Connection(
                secret_key=secrets.secret_key,
                api_url=self.api_url(provider),
                webhook_secret=secrets.webhook_secret,
                hears_time=self.clock.hear if isinstance(self.clock, SandboxClock) else None,
            ),
        )

    def credentials(self, sealed: str) -> Credentials:
        """Answer the credentials behind a sealed text; opened once per process."""
        if sealed not in self._opened:
            self._opened[sealed] = Credentials(**json.loads(self.vault.open(sealed)))
        return self._opened[sealed]

    def seal(self, credentials: Credentials) -> str:
        """Answer credentials as they are stored."""
        return self.vault.seal(json.dumps(asdict(credentials)))

    def api_url(self, provider: str) -> str:
        """Answer where a provider is reached."""
        return self.config.STRIPE_API_URL if provider == "stripe" else self.config.MOLLIE_API_URL

    def capabilities(self, provider: str) -> Capabilities:
        """Answer what a provider can do."""
        return providers.capabilities(provider)

    def sign(self, purpose: str, subject: str, *, key: str | None = None) -> tuple[str, str]:
        """Answer (key id, signature in hex) over a subject; with `key` the id of an earlier
        signature, signed with that key again if it is still known."""
        for secret in self.config.secret_keys:
            key_id = sha256(b"portico key id" + secret.encode()).hexdigest()[:8]
            if key in (None, key_id):
                text = f"{purpose}\n{subject}".encode()
                return key_id, hmac.new(secret.encode(), text, sha256).hexdigest()
        raise KeyError(f"the signing key {key} is no longer known")

    def url(self, path: str) -> str:
        """Answer the public address of one of our paths."""
        return self.config.PUBLIC_URL + path

    def hook_url(self, account: Account) -> str | None:
        """Answer where a provider calls us; None where it could not reach us: only the sandbox
        calls a private address."""
        sandboxed = is_private(self.api_url(account.provider))
        if is_private(self.config.PUBLIC_URL) and not sandboxed:
            return None
        path = f"/hooks/{account.provider}/{account.uuid}"
        if account.provider == "mollie":
            path += f"/{self.credentials(account.sealed_credentials).hook_secret}"
        return self.url(path)


def site_for(config: Config) -> Site:
    """Answer the installation these settings describe."""
    return Site(config=config, clock=clock_at(config.CLOCK_URL or None))

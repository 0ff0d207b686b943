"""Trouble: what can meet us while we wait for a provider's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from app.billing.site import Site
from app.providers import errors
from app.providers.base import Provider

Kind = Literal["crash before", "crash after", "down before", "down after"]
KINDS: tuple[Kind, ...] = ("crash before", "crash after", "down before", "down after")


class Crash(BaseException):
    """The process dies: nothing of ours may catch it."""


@dataclass(frozen=True)
class Trouble:
    """What meets the `call`th call to a provider, counted from 0: the process dies, or we are told
    nothing, before the provider has done what was asked or after it."""

    kind: Kind
    call: int

    def among(self, calls: int) -> Trouble:
        """Answer the same trouble for a step of so many calls."""
        return replace(self, call=self.call % max(calls, 1))


@dataclass
class Watch:
    """Counts the calls to providers, and lets one of them meet its trouble."""

    trouble: Trouble | None = None
    calls: int = 0

    def meet(self, ask: Callable[[], Any]) -> Any:
        """Ask the provider, or not."""
        trouble, number = self.trouble, self.calls
        self.calls += 1
        if trouble is None or number != trouble.call:
            return ask()
        self.trouble = None
        if trouble.kind.endswith("after"):
            ask()
        if trouble.kind.startswith("crash"):
            raise Crash
        raise errors.Unavailable("no answer came")


class _Watched:
    """An adapter whose every call is watched."""

    def __init__(self, provider: Provider, watch: Watch) -> None:
        self._provider, self._watch = provider, watch

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._provider, name)
        if not callable(verb):
            return verb
        return lambda *given, **named: self._watch.meet(lambda: verb(*given, **named))


@dataclass(frozen=True)
class WatchedSite(Site):
    """An installation whose calls to providers are watched."""

    watch: Watch = field(default_factory=Watch)

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        """Answer the adapter, watched."""
        return cast(Provider, _Watched(super().connect(provider, sealed_credentials), self.watch))

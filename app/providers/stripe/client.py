"""Call Stripe through its SDK: one account, kept connections, few and safe repeats."""

from __future__ import annotations

import json
import platform
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import stripe

from app.providers import base, errors, pace
from app.providers.stripe import faults
from app.providers.stripe.transport import Transport

Json = dict[str, Any]

# Objects and events come in this version, whatever the account's own is.
API_VERSION = stripe.api_version

# Telemetry would send earlier requests' timings and keep an id file in the user's folder.
stripe.enable_telemetry = False
# Named here so that nothing of the machine or of its environment is sent along.
_HEADERS = {
    "User-Agent": f"Portico Stripe/v1 PythonBindings/{stripe.VERSION}",
    "X-Stripe-Client-User-Agent": json.dumps(
        {
            "bindings_version": stripe.VERSION,
            "lang": "python",
            "lang_version": platform.python_version(),
            "application": {"name": "Portico"},
        }
    ),
}
# Seconds to connect, seconds to read.
TIMEOUTS = (3.0, 15.0)
_PAUSES = (0.2, 0.6)
# Seconds in which a call ends with its repeats: one begins only if it can still end in time, so a
# silent Stripe is asked once.
_BUDGET = 25.0
_ID = re.compile(r"[A-Za-z0-9_-]+")
_PAGE = 100


class Client:
    """One Stripe account; use it from any thread.

    Answers are Stripe's JSON as it came. Raises `errors.ProviderError`; reads, and writes with a
    key, are repeated up to two times where Stripe may only be busy, never after a fault it repeats
    for the same key.
    """

    def __init__(self, connection: base.Connection, timeouts: tuple[float, float]) -> None:
        self._longest_try = sum(timeouts)
        self._account = connection
        self._transport = Transport(connection.api_url, timeouts)
        self._sdk = stripe.StripeClient(
            connection.secret_key,
            base_addresses={"api": connection.api_url.rstrip("/")},
            stripe_version=API_VERSION,
            max_network_retries=0,
            http_client=self._transport,
        )

    def get(self, *path: str, params: Mapping[str, Any] | None = None) -> Json:
        """Read an object or a list: `get("checkout/sessions", id)`."""
        return self._repeated(lambda: self._call("get", path, params or {}, {}))

    def post(self, *path: str, params: Mapping[str, Any] | None = None, key: str | None) -> Json:
        """Make or change an object; without a key it is tried once."""
        if key is None:
            return self._call("post", path, params or {}, {})
        options = {"idempotency_key": key}
        return self._repeated(lambda: self._call("post", path, params or {}, options))

    def delete(self, *path: str, params: Mapping[str, Any] | None = None) -> Json:
        """Remove an object; Stripe needs no key for that."""
        return self._repeated(lambda: self._call("delete", path, params or {}, {}))

    def each(
        self, *path: str, params: Mapping[str, Any] | None = None, most: int = 1000
    ) -> Iterator[Json]:
        """Read a list page by page, newest first, up to `most` objects."""
        query: Json = {**(params or {}), "limit": min(most, _PAGE)}
        for _ in range(0, most, _PAGE):
            page = self.get(*path, params=query)
            yield from page["data"]
            if not page["has_more"]:
                return
            query["starting_after"] = page["data"][-1]["id"]

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    def _repeated(self, call: Callable[[], Json]) -> Json:
        begun = time.monotonic()
        for pause in _PAUSES:
            try:
                return call()
            except errors.Unavailable as error:
                spent = time.monotonic() - begun
                if not _may_pass(error) or spent + pause + self._longest_try > _BUDGET:
                    raise
            time.sleep(pause * random.uniform(0.75, 1.25))
        return call()

    def _call(
        self,
        method: str,
        path: tuple[str, ...],
        params: Mapping[str, Any],
        options: Mapping[str, str],
    ) -> Json:
        url = _url(path)
        pace.wait(self._account)
        try:
            # The SDK's typed calls cost twice as much, for objects that carry the key.
            response = self._sdk.raw_request(method, url, headers=_HEADERS, **options, **params)
        except stripe.StripeError as error:
            ours = faults.translate(error)
            if isinstance(ours, errors.Unavailable) and (
                ours.retry_after or error.http_status == 429
            ):
                pace.rest(self._account, ours.retry_after)
            raise ours from error
        self._account.heard(response.headers)
        if not isinstance(response.data, dict):
            raise errors.Unavailable("Stripe: the answer is not an object")
        return response.data


def _url(path: tuple[str, ...]) -> str:
    """Write an address under /v1; only the first part may hold a slash, so that no id climbs out of
    its place."""
    for part in path[1:]:
        if not _ID.fullmatch(part):
            raise errors.Missing(f"Stripe: {part[:80]!r} cannot be an id of its objects")
    return "/".join(("/v1", *path))


def _may_pass(error: errors.Unavailable) -> bool:
    """Answer whether a short pause can help: not with a fault Stripe keeps for the key, nor a bad
    certificate, nor when Stripe asks us not to, or to stay away longer."""
    cause = error.__cause__
    if isinstance(cause, stripe.APIConnectionError):
        return cause.should_retry
    if isinstance(cause, stripe.StripeError):
        asked = faults.header(cause, "Stripe-Should-Retry")
        if error.replayed or asked == "false":
            return False
    return error.retry_after is None or error.retry_after <= 1

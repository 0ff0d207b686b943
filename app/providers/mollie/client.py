"""Talking to Mollie: the official SDK behind plain dicts, our time-outs, repeats and errors."""

from __future__ import annotations

import http.cookiejar
import ipaddress
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import mollie.api.error as sdk_errors
import requests
from mollie.api.client import Client
from mollie.api.objects.customer import Customer
from mollie.api.objects.payment import Payment
from mollie.api.objects.subscription import Subscription
from mollie.api.resources import SubscriptionPayments

from app.providers import base, errors, pace

Json = dict[str, Any]
T = TypeVar("T")

# Seconds to connect, and to wait for an answer.
TIMEOUTS = (3.0, 15.0)
# Seconds in which a call with its repeats ends: a repeat is only begun if it can still end in time.
_BUDGET = 25
_REPEATS = 2
_LONGEST_WAIT = 2
_POOL = 32
_KEY = re.compile(r"(live|test)_\w+")
_PAGE_SIZE = 250
_PAGES = 4


class Account:
    """One Mollie account: its key, and one pooled HTTP session for the whole process.

    Calls answer plain dicts and raise `errors.ProviderError`. Reads, and writes with a key, are
    repeated at most twice while Mollie is merely unavailable, all within 25 seconds.
    """

    def __init__(
        self,
        connection: base.Connection,
        *,
        timeouts: tuple[float, float] = TIMEOUTS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sdk = _Sdk(connection, timeouts)
        self._longest_try = sum(timeouts)
        self._sleep = sleep
        self._clock = clock

    def close(self) -> None:
        """Close the kept connections; the next call opens new ones."""
        self._sdk.close()

    @property
    def is_live(self) -> bool:
        """Whether the key moves real money."""
        return self._sdk.api_key.startswith("live_")

    def create_customer(self, body: Json, *, key: str) -> Json:
        """Make a customer."""
        return self._ask(lambda: self._sdk.customers.create(body, idempotency_key=key))

    def delete_customer(self, customer_id: str, *, key: str) -> None:
        """Delete a customer."""
        check_id("cst", customer_id)
        self._call(lambda: self._sdk.customers.delete(customer_id, idempotency_key=key))

    def customers(self) -> Iterator[Json]:
        """Answer the account's customers, newest first, at most a thousand."""
        return self._pages(lambda: self._sdk.customers.list(limit=_PAGE_SIZE))

    def create_payment(self, body: Json, *, key: str) -> Json:
        """Make a payment without a customer, or of the one its body names."""
        return self._ask(lambda: self._sdk.payments.create(body, idempotency_key=key))

    def charge_customer(self, customer_id: str, body: Json, *, key: str) -> Json:
        """Make a payment of a customer."""
        payments = self._customer(customer_id).payments
        return self._ask(lambda: payments.create(body, idempotency_key=key))

    def payment(self, payment_id: str) -> Json:
        """Answer a payment."""
        check_id("tr", payment_id)
        return self._ask(lambda: self._sdk.payments.get(payment_id))

    def cancel_payment(self, payment_id: str) -> Json:
        """End an open payment. It has no key, so it is tried once."""
        check_id("tr", payment_id)
        return self._ask(lambda: self._sdk.payments.delete(payment_id), repeats=0)

    def payments(self, customer_id: str | None, *, pages: int = _PAGES) -> Iterator[Json]:
        """Answer the payments of a customer, or of the account, newest first, by default at most a
        thousand."""
        owner = self._customer(customer_id) if customer_id else self._sdk
        return self._pages(lambda: owner.payments.list(limit=_PAGE_SIZE), pages=pages)

    def create_subscription(self, customer_id: str, body: Json, *, key: str) -> Json:
        """Make a customer's subscription."""
        subscriptions = self._customer(customer_id).subscriptions
        return self._ask(lambda: subscriptions.create(body, idempotency_key=key))

    def subscription(self, customer_id: str, subscription_id: str) -> Json:
        """Answer a customer's subscription."""
        check_id("sub", subscription_id)
        subscriptions = self._customer(customer_id).subscriptions
        return self._ask(lambda: subscriptions.get(subscription_id))

    def subscriptions(self, customer_id: str | None, *, pages: int = _PAGES) -> Iterator[Json]:
        """Answer the subscriptions of a customer, or of the account, newest first, by default at
        most a thousand."""
        owner = self._customer(customer_id) if customer_id else self._sdk
        return self._pages(lambda: owner.subscriptions.list(limit=_PAGE_SIZE), pages=pages)

    def update_subscription(
        self, customer_id: str, subscription_id: str, body: Json, *, key: str
    ) -> Json:
        """Change a customer's subscription."""
        check_id("sub", subscription_id)
        subscriptions = self._customer(customer_id).subscriptions
        return self._ask(lambda: subscriptions.update(subscription_id, body, idempotency_key=key))

    def cancel_subscription(self, customer_id: str, subscription_id: str, *, key: str) -> Json:
        """End a customer's subscription."""
        check_id("sub", subscription_id)
        subscriptions = self._customer(customer_id).subscriptions
        return self._ask(lambda: subscriptions.delete(subscription_id, idempotency_key=key))

    def subscription_payments(
        self, customer_id: str, subscription_id: str, *, limit: int
    ) -> list[Json]:
        """Answer the latest payments of a subscription, newest first."""
        check_id("sub", subscription_id)
        customer = self._customer(customer_id)
        subscription = _resource(Subscription, subscription_id, self._sdk)
        payments = SubscriptionPayments(self._sdk, customer, subscription)
        return self._call(lambda: _page(payments.list(limit=limit)))[1]

    def mandate(self, customer_id: str, mandate_id: str) -> Json:
        """Answer a customer's mandate."""
        check_id("mdt", mandate_id)
        mandates = self._customer(customer_id).mandates
        return self._ask(lambda: mandates.get(mandate_id))

    def mandates(self, customer_id: str) -> Iterator[Json]:
        """Answer a customer's mandates, newest first."""
        mandates = self._customer(customer_id).mandates
        return self._pages(lambda: mandates.list(limit=_PAGE_SIZE))

    def revoke_mandate(self, customer_id: str, mandate_id: str) -> None:
        """Revoke a mandate. It has no key, so it is tried once."""
        check_id("mdt", mandate_id)
        mandates = self._customer(customer_id).mandates
        self._call(lambda: mandates.delete(mandate_id), repeats=0)

    def create_refund(self, payment_id: str, body: Json, *, key: str) -> Json:
        """Give a payment back, or a part of it."""
        refunds = self._payment(payment_id).refunds
        return self._ask(lambda: refunds.create(body, idempotency_key=key))

    def refunds(self, payment_id: str) -> Iterator[Json]:
        """Answer a payment's refunds, newest first."""
        refunds = self._payment(payment_id).refunds
        return self._pages(lambda: refunds.list(limit=_PAGE_SIZE))

    def profile(self) -> Json:
        """Answer the profile the key belongs to."""
        return self._ask(lambda: self._sdk.profiles.get("me"))

    def methods(self, *, sequence_type: str) -> list[Json]:
        """Answer the ways to pay the account has switched on."""
        return self._call(lambda: _page(self._sdk.methods.list(sequenceType=sequence_type)))[1]

    def _customer(self, customer_id: str) -> Any:
        check_id("cst", customer_id)
        return _resource(Customer, customer_id, self._sdk)

    def _payment(self, payment_id: str) -> Any:
        check_id("tr", payment_id)
        return _resource(Payment, payment_id, self._sdk)

    def _pages(self, first: Callable[[], Any], *, pages: int = _PAGES) -> Iterator[Json]:
        turn = first
        for _ in range(pages):
            page, items = self._call(lambda: _page(turn()))  # noqa: B023
            yield from items
            if not page.has_next():
                return
            turn = page.get_next

    def _ask(self, call: Callable[[], Any], *, repeats: int = _REPEATS) -> Json:
        return dict(self._call(call, repeats=repeats))

    def _call(self, call: Callable[[], T], *, repeats: int = _REPEATS) -> T:
        if not self._sdk.api_key:
            raise errors.BadCredentials("a Mollie key begins with test_ or live_", code="key")
        ends_at = self._clock() + _BUDGET
        for attempt in range(repeats + 1):
            try:
                return self._try(call)
            except errors.Unavailable as error:
                wait = _wait(error, attempt)
                has_time = self._clock() + wait + self._longest_try <= ends_at
                if attempt == repeats or error.replayed or wait > _LONGEST_WAIT or not has_time:
                    raise
                self._sleep(wait)
        raise AssertionError("the last attempt answers or raises")

    def _try(self, call: Callable[[], T]) -> T:
        self._sdk.forget_answer()
        try:
            return call()
        except (sdk_errors.Error, KeyError, TypeError, ValueError) as error:
            # KeyError and TypeError: the SDK stumbles over an error answer without the usual body.
            raise _error(error, self._sdk) from error


class _Sdk(Client):
    """The SDK with one session of ours, which also tells what the SDK keeps to itself: status and
    headers of the last answer in this thread."""

    UNAME = ""

    def __init__(self, connection: base.Connection, timeouts: tuple[float, float]) -> None:
        super().__init__(api_endpoint=connection.api_url, timeout=timeouts, retry=0)  # type: ignore[arg-type]
        # A malformed key is left out, since the SDK's complaint would repeat it.
        if _KEY.fullmatch(connection.secret_key):
            self.set_api_key(connection.secret_key)
        # The SDK makes its session on first use, without a lock; so it is made here.
        self._client = _session(self.api_endpoint)
        self._connection = connection
        self._answer = threading.local()

    def perform_http_call(self, *args: Any, **kwargs: Any) -> requests.Response:
        pace.wait(self._connection)
        response = super().perform_http_call(*args, **kwargs)
        # Taken out, since the SDK writes a line with the key to the root logger for it.
        self._answer.replayed = bool(response.headers.pop("Idempotent-Replayed", None))
        self._answer.status = response.status_code
        self._connection.heard(response.headers)
        self._answer.retry_after = response.headers.get("Retry-After")
        if self.retry_after or response.status_code == 429:
            pace.rest(self._connection, self.retry_after)
        return response

    def close(self) -> None:
        self._client.close()

    def forget_answer(self) -> None:
        self._answer.status, self._answer.retry_after, self._answer.replayed = 0, None, False

    @property
    def status(self) -> int:
        """The HTTP status of this thread's last call, 0 if there was no answer."""
        return int(self._answer.status)

    @property
    def retry_after(self) -> int | None:
        text = self._answer.retry_after
        return int(text) if text and text.isdecimal() else None

    @property
    def is_replayed(self) -> bool:
        return bool(self._answer.replayed)


class _NoNetrc(requests.auth.AuthBase):
    """Leaves the request alone: without any, requests puts a .netrc password over our key."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _session(api_url: str) -> requests.Session:
    session = requests.Session()
    session.auth = _NoNetrc()
    # Mollie answers no call with a redirect; following one would send the order elsewhere.
    session.max_redirects = 0
    session.trust_env = not _is_loopback(api_url)
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    adapter = requests.adapters.HTTPAdapter(pool_connections=2, pool_maxsize=_POOL)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_id(prefix: str, resource_id: str) -> None:
    """Raise Missing for what is no id of Mollie's: the SDK puts ids into paths as they are, so
    `tr_x/../../customers` would reach another object with our key."""
    if not re.fullmatch(rf"{prefix}_[A-Za-z0-9]+", resource_id):
        raise errors.Missing(f"that is no id of Mollie's ({prefix}_…)", code="id")


def _resource(kind: type, resource_id: str, sdk: Client) -> Any:
    return kind({"id": resource_id}, sdk)


def _page(page: Any) -> tuple[Any, list[Json]]:
    return page, [dict(item) for item in page]


def _wait(error: errors.Unavailable, attempt: int) -> float:
    if error.retry_after is not None:
        return error.retry_after
    return random.uniform(0.125, 0.25) * (attempt + 1)


def _error(error: Exception, sdk: _Sdk) -> errors.ProviderError:
    detail = str(error.args[0]) if isinstance(error, sdk_errors.ResponseError) else ""
    detail = detail.replace(sdk.api_key, "[key]")
    code = getattr(error, "field", None) or (str(sdk.status) if sdk.status else None)
    match sdk.status:
        case 401 | 403:
            return errors.BadCredentials("Mollie does not accept our key for this", code=code)
        case 404 | 410:
            return errors.Missing("Mollie does not know the object, or deleted it", code=code)
        case 400 if "idempotency" in detail.lower():
            return errors.KeyReused("Mollie has seen this key with another request", code=code)
        # A conflict is a call with this key still running, or a duplicate Mollie refuses for an
        # hour (Mollie, "Handling errors"): asking later helps both.
        case 0 | 408 | 409 | 425 | 429:
            return _unavailable("Mollie did not answer, or asks to wait", code, sdk)
        case status if 400 <= status < 500:
            return errors.Refused(f"Mollie refused: {detail or status}", code=code)
    return _unavailable("Mollie has a fault, or its answer could not be read", code, sdk)


def _unavailable(message: str, code: str | None, sdk: _Sdk) -> errors.Unavailable:
    return errors.Unavailable(
        message, code=code, retry_after=sdk.retry_after, replayed=sdk.is_replayed
    )

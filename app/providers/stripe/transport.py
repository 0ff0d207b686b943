"""Send the Stripe SDK's requests over kept connections that all threads share."""

from __future__ import annotations

import ssl
import weakref
from collections import deque
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import stripe

# Stripe closes idle connections after about a minute: drop ours before.
_IDLE_SECONDS = 45.0
_MAX_IDLE = 64
_CLOSED_BY_STRIPE = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


_Idle = deque[tuple[HTTPConnection, float]]


class Transport(stripe.HTTPClient):
    """The HTTP client of one account.

    Built on `http.client`, since a create-session call over it costs a quarter less than over
    `urllib3`, and that less than over the SDK's own client. `timeouts` are seconds, to connect and
    to read. Certificates are checked against the bundle the SDK brings, as its own client does.
    Proxies named in the environment are not used.
    """

    name = "http.client"

    def __init__(self, api_url: str, timeouts: tuple[float, float]) -> None:
        super().__init__()
        parts = urlsplit(api_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._netloc = parts.netloc
        self._connect_timeout, self._read_timeout = timeouts
        self._tls = (
            ssl.create_default_context(cafile=stripe.ca_bundle_path)
            if parts.scheme == "https"
            else None
        )
        self._idle: _Idle = deque()
        # A client that nobody holds any more leaves no open sockets behind.
        weakref.finalize(self, _close, self._idle)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Any]:
        """Send one request and answer body, status and headers; raises APIConnectionError."""
        target = url.removeprefix(self._origin)
        try:
            return self._send(method.upper(), target, headers or {}, post_data)
        except ssl.SSLCertVerificationError as error:
            raise _no_answer("Stripe's certificate is not valid", may_pass=False) from error
        except (OSError, HTTPException) as error:
            raise _no_answer(f"no answer ({type(error).__name__})", may_pass=True) from error

    def close(self) -> None:
        """Close the idle connections; the next request opens a new one."""
        _close(self._idle)

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: Any
    ) -> tuple[bytes, int, Any]:
        kept = self._take()
        if kept is not None:
            try:
                return self._exchange(kept, method, target, headers, body)
            except _CLOSED_BY_STRIPE:
                # The kept connection had ended before an answer came. The request goes out once
                # more with the same idempotency key, so it cannot act twice.
                pass
        return self._exchange(self._connect(), method, target, headers, body)

    def _exchange(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
    ) -> tuple[bytes, int, Any]:
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            response: HTTPResponse = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return content, response.status, response.headers

    def _connect(self) -> HTTPConnection:
        connection = (
            HTTPSConnection(self._netloc, timeout=self._connect_timeout, context=self._tls)
            if self._tls is not None
            else HTTPConnection(self._netloc, timeout=self._connect_timeout)
        )
        connection.connect()
        connection.sock.settimeout(self._read_timeout)
        return connection

    def _take(self) -> HTTPConnection | None:
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if monotonic() - since < _IDLE_SECONDS:
                return connection
            connection.close()

    def _keep(self, connection: HTTPConnection) -> None:
        # http.client has closed it where the answer asked for that.
        if connection.sock is not None and len(self._idle) < _MAX_IDLE:
            self._idle.append((connection, monotonic()))
        else:
            connection.close()


def _close(idle: _Idle) -> None:
    while idle:
        idle.pop()[0].close()


def _no_answer(message: str, *, may_pass: bool) -> stripe.APIConnectionError:
    error: stripe.APIConnectionError = stripe.APIConnectionError(  # type: ignore[no-untyped-call]
        message, should_retry=may_pass
    )
    return error

"""Posts a body to an address of somebody else, bounded in time and size, and never follows."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPException
from socket import SHUT_RDWR
from typing import Any

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from app.billing.webhooks import addresses

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
# A host that sends a byte now and then would never run into the two above.
WHOLE_SECONDS = CONNECT_SECONDS + READ_SECONDS
KEPT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and the beginning of a body, or else `error` says why not."""

    status: int | None = None
    body: str | None = None
    error: str | None = None
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        """The other side took it."""
        return self.status is not None and 200 <= self.status < 300


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    is_open: bool,
    look_up: addresses.LookUp = addresses.look_up,
    ca_certs: str | None = None,
) -> Reply:
    """Post to a URL and answer what came back; failures are answers too.

    The host is looked up and checked, and the checked address is the one we connect to, while TLS
    verifies the name. Redirects are not followed, proxies not asked.
    """
    begun = time.monotonic()
    try:
        target = addresses.check(url, is_open=is_open, look_up=look_up)
        status, text = _send(target, body, {**headers, "Host": target.host_header}, ca_certs)
    except addresses.Refused as error:
        return Reply(error=str(error), milliseconds=_since(begun))
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        return Reply(error=_said(error), milliseconds=_since(begun))
    return Reply(status=status, body=text, milliseconds=_since(begun))


class _Bounded:
    """A connection that is cut when the whole call takes too long."""

    sock: Any

    def connect(self) -> None:
        """Connect, and begin to count."""
        self._cutting = threading.Timer(WHOLE_SECONDS, self._cut)
        self._cutting.daemon = True
        self._cutting.start()
        super().connect()  # type: ignore[misc]

    def close(self) -> None:
        """Close, and stop counting."""
        cutting: threading.Timer | None = getattr(self, "_cutting", None)
        if cutting is not None:
            cutting.cancel()
        super().close()  # type: ignore[misc]

    def _cut(self) -> None:
        with suppress(OSError, AttributeError):
            self.sock.shutdown(SHUT_RDWR)


class _Http(_Bounded, HTTPConnection):
    pass


class _Https(_Bounded, HTTPSConnection):
    pass


def _send(
    target: addresses.Target, body: bytes, headers: Mapping[str, str], ca_certs: str | None
) -> tuple[int, str]:
    with (
        _pool(target, ca_certs) as pool,
        # Closed before all is read: the connection is not used again.
        closing(
            pool.urlopen(
                "POST",
                target.path,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
            )
        ) as response,
    ):
        return response.status, _beginning(response)


def _beginning(response: urllib3.BaseHTTPResponse) -> str:
    try:
        kept = response.read(KEPT_BYTES, decode_content=False)
    except (HTTPError, HTTPException, OSError, ValueError):
        # The status is what counts, and it is there.
        return ""
    return kept.decode("utf-8", "replace").replace("\0", "")


def _pool(target: addresses.Target, ca_certs: str | None) -> urllib3.HTTPConnectionPool:
    # The pool is for the checked IP address; TLS is told the name (urllib3: "Custom SNI Hostname").
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if target.scheme == "http":
        plain = urllib3.HTTPConnectionPool(target.ip, target.port, timeout=timeout)
        plain.ConnectionCls = _Http
        return plain
    secure = urllib3.HTTPSConnectionPool(
        target.ip,
        target.port,
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        ca_certs=ca_certs or certifi.where(),
        server_hostname=target.host,
        assert_hostname=target.host,
    )
    secure.ConnectionCls = _Https
    return secure


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    kind = type(reason).__name__
    words = " ".join(str(reason).split())
    return f"{kind}: {words}"[:300]


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)

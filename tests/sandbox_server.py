"""Serve a sandbox on a free loopback port for tests, with its control door as methods."""

import io
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import WSGIApplication

from werkzeug.wsgi import ClosingIterator

from app.sandbox import create_sandbox, smtp
from app.sandbox.serve import Server
from tests import contracts, together
from tests.serving import Serving

Json = dict[str, Any]
# In the middle of a month and of a day: what a test says must not depend on when it runs.
CALM_DAY = datetime(2027, 3, 10, 10, tzinfo=UTC)
_BEGUN = time.monotonic()
# The machine's proxy settings must not send a loopback call elsewhere.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SandboxServer:
    """A running sandbox: `url`, its `app`, and what /control offers.

    With `check_contracts=True` each call and each answer is checked against the providers' schemas;
    what breaks them is listed in `broken` and raised when the server stops.
    """

    def __init__(
        self,
        *,
        seed: str | None = "tests",
        state: Path | None = None,
        port: int = 0,
        check_contracts: bool = False,
        wall: Callable[[], float] = time.time,
    ):
        self.app = create_sandbox(seed=seed, state=state, wall=wall)
        self.watch = Watch(self.app) if check_contracts else None
        server = Server(self.watch or self.app, port)
        self.url = server.url
        self.app.world.base_url = self.url
        self._door = smtp.open_mailbox(self.app.world.mailbox, 0)
        self.smtp_url = self._door.url
        self._serving = Serving(server)

    def stop(self) -> None:
        self.app.world.stop()
        together.start(self._door.close).answer()
        self._serving.stop()
        together.start(self.app.close).answer()

    @property
    def broken(self) -> list[str]:
        return self.watch.broken if self.watch else []

    def now(self) -> str:
        return str(self._call("GET", "clock")["now"])

    def advance(self, span: str) -> str:
        """Move the clock by "1 month" and the like; gives the new time."""
        return str(self._call("POST", "clock", {"advance": span})["now"])

    def advance_to(self, moment: str) -> str:
        return str(self._call("POST", "clock", {"to": moment})["now"])

    def fault(self, fault: str, *, target: str = "api", **fields: Any) -> Json:
        """Make something go wrong: `fault("500_after", provider="stripe", match="sessions")`."""
        return self._call("POST", "faults", {"fault": fault, "target": target, **fields})

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def calls(self, method: str | None = None, path: str = "") -> list[Json]:
        """List API calls, oldest first, whose path contains `path`."""
        calls: list[Json] = self._call("GET", "calls")["calls"]
        return [c for c in calls if method in (None, c["method"]) and path in c["path"]]

    def deliveries(self, type: str | None = None) -> list[Json]:
        rows: list[Json] = self._call("GET", "deliveries")["deliveries"]
        return [row for row in rows if type in (None, row["type"])]

    def resend(self, delivery_id: str) -> Json:
        return self._call("POST", f"deliveries/{delivery_id}/resend")

    def refund(self, payment_id: str, amount: int | None = None) -> None:
        """Give a payment back in the provider's dashboard."""
        asked = {"payment": payment_id} | ({} if amount is None else {"amount": amount})
        self._call("POST", "refunds", asked)

    def charge_back(self, payment_id: str) -> None:
        """Have the payer's bank take a payment back."""
        self._call("POST", "chargebacks", {"payment": payment_id})

    def mails(self, to: str | None = None) -> list[Json]:
        """List the mails received, oldest first; `to` is a part of the recipient."""
        mails: list[Json] = self._call("GET", f"mails?{urlencode({'to': to or ''})}")["mails"]
        return mails

    def reset(self) -> None:
        self._call("POST", "reset")

    def wait_idle(self) -> None:
        """Wait until every delivery that is due has been attempted."""
        together.start(self.app.world.outbox.wait_idle).answer()

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/control/{path}"
        request = urllib.request.Request(url, data, method=method)
        with OPENER.open(request, timeout=120) as response:
            answer: Json = json.load(response)
        return answer


def calm_time() -> float:
    """Answer a time, in seconds since 1970, that passes as it does, but began on a calm day."""
    return CALM_DAY.timestamp() + time.monotonic() - _BEGUN


class Watch:
    """A WSGI app around the sandbox that holds every API call and answer against the contracts.

    A call that was refused may be wrong on purpose, so only its answer is checked.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.broken: list[str] = []

    def __call__(self, environ: Json, start_response: Any) -> list[bytes]:
        sent = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(sent)
        statuses: list[int] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            statuses.append(int(status.partition(" ")[0]))
            return start_response(status, headers, *rest)

        with closing(ClosingIterator(self.app(environ, start))) as chunks:
            body = b"".join(chunks)
        self._check(environ, sent, statuses[0], body)
        return [body]

    def _check(self, environ: Json, sent: bytes, status: int, body: bytes) -> None:
        path = environ["PATH_INFO"]
        provider = path.split("/")[1]
        if status == 501 or not path.startswith(("/stripe/v1/", "/mollie/v2/")):
            return
        target = f"{path}?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else path
        method = environ["REQUEST_METHOD"]
        try:
            if status < 400:
                contracts.check_request(provider, method, target, sent)
            contracts.check_response(provider, method, target, status, body)
        except contracts.ContractBroken as e:
            self.broken.append(str(e))


@contextmanager
def serve_sandbox(**options: Any) -> Iterator[SandboxServer]:
    """Serve one for the length of a `with` block; options as of SandboxServer."""
    server = SandboxServer(**options)
    try:
        yield server
    finally:
        server.stop()
    assert not server.broken, "\n\n".join(server.broken)

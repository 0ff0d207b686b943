"""Requests: each has an id that its answer and its lines carry, and a line of its own."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.logs import context
from app.logs.scrubber import scrub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Asked every few seconds by machines, or for the looks of a page.
_QUIET = ("/healthz", "/readyz", "/metrics", "/assets/")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WHOM = re.compile(rf"/(t|tenants|apps)/({_UUID})(?=/|$)")
# Long and no uuid: it may be what opens something, whatever the address is called.
_OPAQUE = re.compile(rf"(?<=/)(?!{_UUID}(?:/|$))[\w-]{{24,}}(?=/|$)")
_NAMES = {"t": "tenant", "tenants": "tenant", "apps": "app"}
_LONGEST_PATH = 500


def wrap(inner: WSGIApplication) -> WSGIApplication:
    """Answer a WSGI application that gives each request its id, and tells of it."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun = time.perf_counter()
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        shown, whom = _told(path)
        name = _id(environ.get("HTTP_X_REQUEST_ID", ""))
        fields = context.begin(request_id=name, method=method, path=shown, **dict(whom))
        statuses: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            statuses.append(status)
            headers.append(("X-Request-Id", name))
            return start_response(status, headers, *rest)

        pieces = inner(environ, start)
        if log.isEnabledFor(logging.INFO) and not path.startswith(_QUIET):
            fields["status"] = status = int(statuses[-1][:3]) if statuses else 0
            taken = round((time.perf_counter() - begun) * 1000, 1)
            fields["duration_ms"] = taken
            _say(f"{method} {shown} {status} in {taken} ms")
        return pieces

    return answer


def name() -> str:
    """Answer the id of the request at hand; outside of one a new one."""
    return str(context.fields().get("request_id") or secrets.token_hex(8))


def _id(given: str) -> str:
    """The caller's own id where it is sound, so that a proxy's lines and ours can be joined."""
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(8)


@lru_cache(maxsize=1024)
def _told(path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A path as it may be logged, and whom it names."""
    readable = path.encode("latin-1", "replace").decode("utf-8", "replace")
    shown = "".join(sign if sign.isprintable() else "�" for sign in readable[:_LONGEST_PATH])
    return scrub(_OPAQUE.sub("…", shown)), tuple(
        (_NAMES[kind], uuid) for kind, uuid in _WHOM.findall(path)
    )


def _say(sentence: str) -> None:
    # Made by hand: a logger would look for the line of code that calls it, and everything here is
    # clean already. Together that is half of what a line costs.
    record = logging.LogRecord(log.name, logging.INFO, "", 0, sentence, None, None)
    record.is_clean = True
    log.handle(record)

"""The addresses Stripe and Mollie call: verify, store, answer 200; looking comes after.

They are a WSGI program without routes, session or templates: what a framework does for every
request costs a call more than verifying it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from flask import Flask
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_content_length

from app.billing import errors
from app.billing.site import Site
from app.billing.truth.doors import Doors
from app.db.engine import Database

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_BELOW = "/hooks/"
_UUID = r"([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"
# Stripe signs its calls. Mollie's carry only an id, and the unguessable end of the address stands
# for a signature.
_STRIPE = re.compile(rf"/hooks/stripe/{_UUID}")
_MOLLIE = re.compile(rf"/hooks/mollie/{_UUID}/([^/]+)")
_RECEIVED = b'{"received":true}\n'
_HEAD = (("Content-Type", "application/json"), ("Content-Length", str(len(_RECEIVED))))


def install(flask_app: Flask) -> None:
    """Open the doors in front of all that pages and APIs do for every request.

    Without a queue what they store waits for the sweep.
    """
    site: Site = flask_app.extensions["site"]
    database: Database = flask_app.extensions["database"]
    flask_app.extensions["doors"] = Doors(database, site)
    flask_app.extensions["nudge"] = _nudge(site, database)
    hooks = _Hooks(flask_app.extensions, longest=flask_app.config["MAX_CONTENT_LENGTH"])
    flask_app.wsgi_app = hooks.before(flask_app.wsgi_app)  # type: ignore[assignment, method-assign]


class _Hooks:
    """Takes calls whose bodies have at most `longest` bytes; nudges the worker after each.

    `parts` holds the `doors` and the `nudge` as they are at the time of a call.
    """

    def __init__(self, parts: Mapping[str, Any], *, longest: int) -> None:
        self._parts, self._longest = parts, longest

    def before(self, others: WSGIApplication) -> WSGIApplication:
        """Answer a WSGI application that leaves to `others` what is not below `/hooks/`."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            is_ours = f"{environ.get('PATH_INFO', '')}/".startswith(_BELOW)
            return (self._answer if is_ours else others)(environ, start_response)

        return answer

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            self._receive(environ)
        except HTTPException as error:
            return _refusal(error)(environ, start_response)
        except Exception as error:
            log.error("an event could not be stored", exc_info=error)
            return _refusal(InternalServerError())(environ, start_response)
        start_response("200 OK", [*_HEAD])
        return [_RECEIVED]

    def _receive(self, environ: WSGIEnvironment) -> None:
        provider, account, secret = _door(environ)
        body = _body(environ, self._longest)
        headers = cast("Mapping[str, str]", EnvironHeaders(environ))
        doors: Doors = self._parts["doors"]
        try:
            doors.receive(provider, account, body=body, headers=headers, secret=secret)
        except errors.NotFound as error:
            raise NotFound from error
        except errors.Invalid as error:
            raise BadRequest from error
        self._parts["nudge"]()


def _door(environ: WSGIEnvironment) -> tuple[str, UUID, str | None]:
    """Answer whose door it is, of which account, and the secret end of its address."""
    path = environ["PATH_INFO"]
    found = _STRIPE.fullmatch(path) or _MOLLIE.fullmatch(path)
    if found is None:
        raise NotFound
    if environ["REQUEST_METHOD"] != "POST":
        raise MethodNotAllowed(["POST"])
    if found.re is _STRIPE:
        return "stripe", UUID(found[1]), None
    return "mollie", UUID(found[1]), found[2]


def _body(environ: WSGIEnvironment, longest: int) -> bytes:
    left = get_content_length(environ) or 0
    if left > longest:
        raise RequestEntityTooLarge
    stream, pieces = environ["wsgi.input"], []
    while left > 0 and (piece := stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _refusal(error: HTTPException) -> Response:
    """Say it as JSON, as everything else here is said; what the answer's head tells stays."""
    response = error.get_response()
    response.set_data(json.dumps({"received": False, "error": error.name}))
    response.content_type = "application/json"
    return response


def _nudge(site: Site, database: Database) -> Callable[[], None]:
    if site.config.QUEUE == "none":
        return _nothing
    # Imported here because it opens the queue.
    from app import jobs

    database.listeners.append(jobs.hear)
    return jobs.nudge


def _nothing() -> None:
    pass

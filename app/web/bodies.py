"""How large a body may be: what is too large is refused, and read to its end all the same."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask, request

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

_LIMIT = 256 * 1024
# A picture; one that is too large is then refused in words by whoever takes it.
_LARGER = {"branding.upload": 2 * 1024 * 1024}
_MOST = max(_LIMIT, *_LARGER.values())
_PIECE = 64 * 1024
# What sends more than this is no browser and no server of an app's owner.
_PATIENCE = 32 * 1024 * 1024


def limit(flask_app: Flask) -> None:
    """Hold every body to what its page takes, before anything reads it."""
    flask_app.config.from_mapping(MAX_CONTENT_LENGTH=_LIMIT, MAX_FORM_MEMORY_SIZE=_LIMIT)
    flask_app.before_request(_let_through)


def install(flask_app: Flask) -> None:
    """Let a sender hear that its body was too large.

    A server that answers and closes while the body still comes leaves most clients with a broken
    pipe in place of our answer.
    """
    flask_app.wsgi_app = _hearing_out(flask_app.wsgi_app)  # type: ignore[assignment, method-assign]


def _let_through() -> None:
    request.max_content_length = _LARGER.get(request.endpoint or "", _LIMIT)


def _hearing_out(inner: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        statuses: list[str] = []

        def start(status: str, *rest: object) -> object:
            statuses.append(status)
            return start_response(status, *rest)  # type: ignore[arg-type]

        stream = environ["wsgi.input"]
        _measure(environ)
        pieces = inner(environ, start)  # type: ignore[arg-type]
        # Where the server does not end the stream itself, reading on could wait for ever.
        if statuses and statuses[-1].startswith("413") and environ.get("wsgi.input_terminated"):
            _drain(stream)
        return pieces

    return answer


def _measure(environ: WSGIEnvironment) -> None:
    """Give a body that hides its length one: Werkzeug would hand out its beginning as the whole."""
    if environ.get("CONTENT_LENGTH") or not environ.get("wsgi.input_terminated"):
        return
    body = _begin(environ["wsgi.input"])
    if body:
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        # What says that it comes in chunks hides the length from Werkzeug all the same.
        environ.pop("HTTP_TRANSFER_ENCODING", None)


def _begin(stream: InputStream) -> bytes:
    body = bytearray()
    while len(body) <= _MOST and (piece := stream.read(_PIECE)):
        body += piece
    return bytes(body)


def _drain(stream: InputStream) -> None:
    left = _PATIENCE
    while left > 0 and (piece := stream.read(min(_PIECE, left))):
        left -= len(piece)

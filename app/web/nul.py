"""NUL: the one character no text here can hold, since PostgreSQL stores none."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import BadRequest

# As itself, and as JSON writes it: after an even number of backslashes.
_NUL = re.compile(rb"\x00|(?<!\\)(?:\\\\)*\\u0000")
_FORM = "application/x-www-form-urlencoded"
_WITH_FILES = "multipart/form-data"


def install(flask_app: Flask) -> None:
    """Refuse a request that holds a NUL in its path, query or body, before anything reads it."""
    flask_app.before_request(_refuse)


def _refuse() -> None:
    body = _text()
    query = unquote_to_bytes(request.query_string)
    if "\x00" in request.path or _NUL.search(query) or _NUL.search(body):
        raise BadRequest("A text here holds the character NUL, which is not allowed.")


def _text() -> bytes:
    if not request.environ.get("CONTENT_LENGTH"):
        # Whatever comes without one has been given one (app/web/bodies.py), or is not read at all.
        return b""
    if request.mimetype == _WITH_FILES:
        # Every picture holds a NUL; who takes a file looks into it himself.
        names = [file.filename or "" for file in request.files.values()]
        fields = [text for field in request.form.items(multi=True) for text in field]
        return "\n".join([*names, *fields]).encode()
    body = request.get_data(cache=True)
    return unquote_to_bytes(body) if request.mimetype == _FORM else body

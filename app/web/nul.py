"""NUL: the one character no text here can hold, since PostgreSQL stores none."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import BadRequest

# As itself, and as JSON writes it: after an even number of backslashes.
_NUL = re.compile(rb"\x00|(?<!\\)(?:\\\\)*\\u0000")
_FORM = "application/x-www-form-urlencoded"


def install(flask_app: Flask) -> None:
    """Refuse a request that holds a NUL in its path, query or body, before anything reads it."""
    flask_app.before_request(_refuse)


def _refuse() -> None:
    body = request.get_data(cache=True)
    if request.mimetype == _FORM:
        body = unquote_to_bytes(body)
    query = unquote_to_bytes(request.query_string)
    if "\x00" in request.path or _NUL.search(query) or _NUL.search(body):
        raise BadRequest("A text here holds the character NUL, which is not allowed.")

"""Reads a request as ServiceStack does: the body by its type, then query and form over it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping

from app.api.servicestack import jsv, negotiate

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Unreadable(ValueError):
    """The body is not what its content type says."""


class UnknownType(ValueError):
    """We read no body of this content type."""


def fields(
    body: bytes,
    *,
    content_type: str,
    query: Iterable[tuple[str, str]] = (),
    form: Iterable[tuple[str, str]] = (),
) -> dict[str, object]:
    """Answer what was sent by lower-case name; empty values of query and form count for nothing.

    Raises Unreadable and UnknownType.
    """
    read = {name.lower(): value for name, value in _body(body, content_type).items()}
    for name, text in (*query, *form):
        if text.strip():
            read[name.lower()] = text
    return read


def nested(value: object) -> object:
    """Answer a value that may have been sent as JSON or JSV inside a text; raises Unreadable."""
    if not isinstance(value, str):
        return value
    try:
        return _json(value)
    except ValueError:
        pass
    try:
        return jsv.load(value)
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _body(body: bytes, content_type: str) -> Mapping[str, object]:
    mime = negotiate.mime_type(content_type)
    if mime in FORMS or not body.strip():
        return {}
    format = negotiate.FORMATS.get(mime, "json" if not mime else "")
    if format not in ("json", "csv"):
        raise UnknownType(mime)
    text = _text(body)
    # A host of this kind shows JSON as its example of text/csv, so both are taken.
    if format == "json" or text.startswith("{"):
        return _object(text)
    return _row(text)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None


def _object(text: str) -> Mapping[str, object]:
    try:
        read = _json(text)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    if not isinstance(read, dict):
        raise Unreadable("the body is not an object")
    return read


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


def _row(text: str) -> Mapping[str, object]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise Unreadable(str(error)) from None
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise Unreadable("CSV must be a header row and one row with a value for each name")
    return {name.strip(): value for name, value in zip(*rows, strict=True) if value.strip()}

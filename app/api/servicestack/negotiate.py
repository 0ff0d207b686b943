"""Which format an answer is written in: path suffix, callback, format, Accept, then fall-backs."""

from __future__ import annotations

from collections.abc import Mapping

TYPES = {"json": "application/json", "xml": "application/xml", "csv": "text/csv"}
FORMATS = {mime: name for name, mime in TYPES.items()} | {"text/json": "json", "text/xml": "xml"}
DEFAULT = "json"

# ServiceStack asks for these in its own order; formats that were added come after `*/*`.
_BUILT_IN = ("json", "xml")
_ADDED = ("csv",)


def choose(
    *, suffix: str = "", query: Mapping[str, str], accept: str = "", content_type: str = ""
) -> str:
    """Answer `json`, `xml` or `csv`; there is no request that none of them answers.

    `q` values count for nothing, as at ServiceStack (HttpRequestExtensions.GetResponseContentType).
    """
    named = {name.lower(): value for name, value in query.items()}
    asked = named.get("format", "").lower().partition(".")[0]
    if suffix:
        return suffix
    if named.get("callback"):
        return "json"
    if asked in TYPES:
        return asked
    return _accepted(mime_types(accept), FORMATS.get(mime_type(content_type)))


def mime_type(header: str) -> str:
    """Answer the bare type of a Content-Type header."""
    return header.partition(";")[0].strip().lower()


def mime_types(accept: str) -> list[str]:
    """Answer the bare types of an Accept header, in its order."""
    return [mime for part in accept.split(",") if (mime := mime_type(part))]


def _accepted(accepted: list[str], sent: str | None) -> str:
    named = {FORMATS[mime] for mime in accepted if mime in FORMATS}
    if sent in _BUILT_IN and sent in named:
        return sent
    for name in _BUILT_IN:
        if name in named:
            return name
    if "*/*" in accepted:
        return sent or DEFAULT
    for name in _ADDED:
        if any(mime.startswith(TYPES[name]) for mime in accepted):
            return name
    return DEFAULT

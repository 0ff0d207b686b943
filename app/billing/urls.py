"""Addresses of callers, which a payer's browser is sent to as they were given."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST = 2000
# A browser reads a backslash as a slash and leaves these characters out (URL Standard, "URL
# parsing"), so that the address would not be reached as it was given.
_NEVER = re.compile(r"[\\\x00-\x20\x7f]")


def is_literal(url: str) -> bool:
    """Answer whether a browser reads every character of an address as it stands."""
    return _NEVER.search(url) is None


def is_sound(url: str) -> bool:
    """Answer whether a text is an absolute http or https address, without a user, that a browser
    reaches as it is."""
    try:
        parts = urlsplit(url)
        is_absolute = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_plain = parts.username is None and parts.port != 0
    except ValueError:
        return False
    return is_absolute and is_plain and len(url) <= LONGEST and is_literal(url)

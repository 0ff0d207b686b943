"""Addresses of ours that a person may be sent on to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Browsers read a backslash as a slash and leave control characters out (URL Standard, "URL
# parsing"), so either could hide another host.
_NEVER = re.compile(r"[\\\x00-\x20\x7f]")


def own_path(address: str | None) -> str | None:
    """Answer the address if it is a path of ours, else None."""
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    if _NEVER.search(address) or urlsplit(address).netloc:
        return None
    return address

"""Addresses of ours that a person may be sent on to."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.billing import urls


def own_path(address: str | None) -> str | None:
    """Answer the address if it is a path of ours, else None."""
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    # A character the browser reads in another way could hide another host.
    if not urls.is_literal(address) or urlsplit(address).netloc:
        return None
    return address

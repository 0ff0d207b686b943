"""What is shown once: a new secret waits, sealed, in the session of who made it for the next page.

So the page that shows it comes by GET, and loading it again shows it no more.
"""

from __future__ import annotations

from flask import session

from app.billing.vault import Unreadable
from app.web import sessions

_KEY = "shown_once"


def put(kind: str, text: str) -> None:
    """Keep a text for the next page that takes this kind; an earlier one is gone."""
    session[_KEY] = [kind, sessions.site().vault.seal(text)]


def take(kind: str) -> str | None:
    """Answer the text of this kind and forget it; None where there is none."""
    kept = session.get(_KEY)
    if kept is None or kept[0] != kind:
        return None
    session.pop(_KEY)
    try:
        return sessions.site().vault.open(kept[1])
    except Unreadable:
        return None

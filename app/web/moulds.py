"""Moulds: a page that many see alike, drawn once; what is one visitor's own is filled in.

A mould is drawn for a stand-in made of marks, so nothing of anybody's can be in it. What else a
page depends on belongs to the key it is kept by, or has to be as `fits` says:
`tests/web/test_moulds.py` holds both against what the templates read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import session
from markupsafe import escape

from app.web import frames, viewings, visits

# Flask's own name for what the next page says once.
_MESSAGES = "_flashes"


class Mould:
    """A drawn page with places to fill. `marks` are what stands there, by the name of a place; they
    must be found nowhere else."""

    def __init__(self, drawn: str, marks: Mapping[str, str]) -> None:
        names = {mark: name for name, mark in marks.items()}
        self._pieces = re.split(f"({'|'.join(names)})", drawn)
        self._names = [names[mark] for mark in self._pieces[1::2]]

    def fill(self, **words: object) -> str:
        """Answer the page with a text at each place, escaped as a template would."""
        written = {name: str(escape(word)) for name, word in words.items()}
        pieces = self._pieces.copy()
        pieces[1::2] = [written[name] for name in self._names]
        return "".join(pieces)


def fits() -> bool:
    """Answer whether the visitor sees no more than is theirs to see on every day: they signed in by
    password, look at no other's portal, are in no frame, and nothing has just been done."""
    return (
        visits.link() is None
        and viewings.shown() is None
        and not frames.is_one()
        and _MESSAGES not in session
    )

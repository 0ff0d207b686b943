"""Agents: the browser and system that somebody comes with, in a few words."""

from __future__ import annotations

# What a browser's name for itself contains, the most particular first: most claim to be Safari too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST = 40


def short(agent: str) -> str | None:
    """Answer a `User-Agent` as "Firefox, Linux"; of an unknown one its first word."""
    names = [_first(agent, _BROWSERS), _first(agent, _SYSTEMS)]
    known = ", ".join(name for name in names if name)
    return known or next(iter(agent.split()), "")[:_LONGEST] or None


def _first(agent: str, known: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for sign, name in known if sign in agent), None)

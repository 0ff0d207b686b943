"""Reads a form as a browser would send it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlencode

_PRESSED = "pay"


class PayForm(HTMLParser):
    """The form of a page around its button `pay`: every field as it is filled in, and the button.

    Radios and selects that are not chosen are left out; `choose` sets them.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self._has_button = False
        self._select = ""
        self.feed(page)
        if not self.fields:
            raise ValueError("there is no form with a button to pay on this page")

    def body(self, **chosen: str) -> bytes:
        """Answer what is posted."""
        return urlencode({**self.fields, **chosen}).encode()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self._open, self._has_button = {}, False
        elif tag == "input":
            self._input(has)
        elif tag == "select":
            self._select = has.get("name") or ""
        elif tag == "option" and "selected" in has:
            self._open[self._select] = has.get("value") or ""
        elif tag == "button" and has.get("data-testid") == _PRESSED:
            self._has_button = True
            self._open[has.get("name") or ""] = has.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._has_button:
            self.fields = self._open

    def _input(self, has: dict[str, str | None]) -> None:
        kind, name = has.get("type"), has.get("name")
        if name and kind != "submit" and (kind not in ("radio", "checkbox") or "checked" in has):
            self._open[name] = has.get("value") or ""

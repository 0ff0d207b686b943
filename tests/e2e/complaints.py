"""What a browser tells while a journey goes on: its pages, and what it complains of."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# A page that is refused is shown to the payer, and each journey says which it expects.
_REFUSED_PAGE = re.compile(r"Failed to load resource: the server responded with a status of [45]")


class Complaints:
    """Everything that must not happen in any journey: errors, broken policies, other machines.

    `pages` is the way the journey took, for whoever looks for the reason of a failure.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.heard: list[str] = []
        self.pages: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", self._break)
        context.on("request", self._ask)
        context.on("response", self._arrive)

    def _hear(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        is_page = not urlsplit(url).path.startswith("/assets/")
        if message.type == "error" and not (is_page and _REFUSED_PAGE.match(message.text)):
            self.heard.append(f"{message.text} ({url})")

    def _break(self, error: WebError) -> None:
        self.heard.append(str(error.error))

    def _ask(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1":
            self.heard.append(f"asked another machine: {request.url}")

    def _arrive(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.pages.append(f"{response.status} {response.request.method} {response.url}")

"""What a browser complains of while a journey goes on: errors, broken policies, other machines."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

# A page that is refused is shown to the payer, and each journey says which it expects.
_REFUSED_PAGE = re.compile(r"Failed to load resource: the server responded with a status of [45]")


class Complaints:
    """Everything that must not happen in any journey."""

    def __init__(self, context: BrowserContext) -> None:
        self.heard: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", self._break)
        context.on("request", self._ask)

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

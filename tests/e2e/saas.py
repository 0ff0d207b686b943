"""The app's own site, where payers go on: it takes every address and remembers what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.util import request_uri

from app.sandbox.serve import Server
from tests.serving import Serving

_PAGE = b"<!doctype html><html lang=en><title>Acme Notes</title><main><h1>Acme Notes</h1></main>"


class Saas:
    """A site that is being served at `url`."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        self._server = Server(self._answer)
        self.url = self._server.url

    @contextmanager
    def open(self) -> Iterator[Saas]:
        """Serve for the length of a `with` block."""
        serving = Serving(self._server)
        try:
            yield self
        finally:
            serving.stop()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/favicon"):
            self.visits.append(request_uri(environ))
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [_PAGE]

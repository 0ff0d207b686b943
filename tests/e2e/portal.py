"""The portal of a journey: the Flask app on a real port, with a worker behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask

from app.sandbox.serve import Server
from tests.e2e.worker import Worker


class Door:
    """The port all journeys of a test worker come through; each opens it to its own portal."""

    def __init__(self) -> None:
        self._portal: WSGIApplication = _closed
        self._server = Server(self._answer)
        self.url = self._server.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.stop()
        self._thread.join()

    @contextmanager
    def leads_to(self, portal: Flask) -> Iterator[None]:
        """Answer with this portal for the length of a `with` block."""
        self._portal = portal
        try:
            yield
        finally:
            self._portal = _closed

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._portal(environ, start_response)


@dataclass(frozen=True)
class Portal:
    """A portal that is being served."""

    url: str
    flask_app: Flask
    worker: Worker


@contextmanager
def serve(door: Door, flask_app: Flask) -> Iterator[Portal]:
    """Serve a portal, with a worker of its own, for the length of a `with` block."""
    site, database = flask_app.extensions["site"], flask_app.extensions["database"]
    worker = Worker(database, site)
    # As in an installation, what comes through the doors is looked at by somebody else.
    flask_app.extensions["nudge"] = worker.nudge
    try:
        with door.leads_to(flask_app):
            yield Portal(door.url, flask_app, worker)
    finally:
        worker.stop()


def _closed(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
    return [b"no journey is on its way"]

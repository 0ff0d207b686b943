"""The portal of a journey: the Flask app on a real port, with a worker behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from app.sandbox.serve import Server
from tests import together
from tests.e2e.worker import Worker
from tests.serving import Serving
from tests.waiting import PATIENCE_SECONDS


class Door:
    """The port all journeys of a test worker come through; each opens it to its own portal."""

    def __init__(self) -> None:
        self._portal: WSGIApplication = _closed
        self._changed = threading.Condition()
        self._inside = 0
        server = Server(self._answer)
        self.url = server.url
        self._serving = Serving(server)

    def close(self) -> None:
        """Stop listening."""
        self._serving.stop()

    @contextmanager
    def leads_to(self, portal: Flask) -> Iterator[None]:
        """Answer with this portal for the length of a `with` block, and see everybody out: what
        is still asked of it must not meet the next journey's database."""
        self._portal = portal
        try:
            yield
        finally:
            self._portal = _closed
            with self._changed:
                is_left = self._changed.wait_for(lambda: self._inside == 0, PATIENCE_SECONDS)
            assert is_left, together.lines()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._visit(), closing(ClosingIterator(self._portal(environ, start_response))) as said:
            return [b"".join(said)]

    @contextmanager
    def _visit(self) -> Iterator[None]:
        with self._changed:
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()


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

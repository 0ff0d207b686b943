"""Stand-in servers: each listens in a thread of its own, and ends with its test."""

from __future__ import annotations

from functools import partial
from socketserver import BaseServer

from app.sandbox.serve import Server
from tests import together

_LOOK_SECONDS = 0.02


class Serving:
    """A server that listens until it is stopped."""

    def __init__(self, server: BaseServer) -> None:
        self._server = server
        self._listening = together.start(partial(server.serve_forever, _LOOK_SECONDS))

    def stop(self) -> None:
        """Listen no more, and wait for the calls at hand; one that is stuck fails the test."""
        together.start(self._end).answer()
        self._listening.answer()

    def _end(self) -> None:
        if isinstance(self._server, Server):
            self._server.stop()
        else:
            self._server.shutdown()
            self._server.server_close()

"""Ports for programs that a test starts, where nothing else of this machine comes by chance.

A port the system chose and that was given back may be chosen again a moment later, for another
program or for any outgoing call. These stand below what Linux, macOS and Windows choose from, and
each parallel worker has its own.
"""

import itertools
import os
import random
import socket

_FIRST, _EACH, _WORKERS = 20_000, 1_200, 10


def free() -> int:
    """Answer a port at which nobody listens, another one each time."""
    for port in _candidates:
        if _is_free(port):
            return port
    raise AssertionError("no port is free")


def _own() -> range:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    first = _FIRST + worker * _EACH
    return range(first, first + _EACH)


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


# Each process begins elsewhere, so that two runs on one machine seldom meet.
_candidates = itertools.cycle(sorted(_own(), key=lambda _: random.random()))

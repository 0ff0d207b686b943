"""The real network is off: a test reaches this machine and nothing else."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any


class NetworkIsOff(RuntimeError):
    """A test tried to reach another machine."""


def close() -> None:
    """Refuse every connection and name look-up that leaves this machine, until the process ends."""
    sys.addaudithook(_refuse)


def is_here(host: object) -> bool:
    """Answer whether a host is this machine."""
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        # A path or bytes is a socket in the file system.
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_here(host):
        raise NetworkIsOff(f"a test tried to reach {host!r}; tests reach this machine only")

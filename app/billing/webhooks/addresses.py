"""Addresses of others that we call: only those on the internet, so that nobody reaches through us
what stands beside us."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from app.billing import urls
from app.billing.errors import Invalid

IpAddress = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Sequence[str]]

# Only this part of IPv6 is the internet's (RFC 4291); outside it are addresses that a translator
# turns into IPv4 ones of any kind, and those of one network or machine.
_INTERNET = IPv6Network("2000::/3")
# Kept for protocols (RFC 6890); and a public address inside Azure's machines that answers with
# their secrets (Azure: "What is IP address 168.63.129.16").
_NEVER = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))


class Refused(Exception):
    """The address leads where we do not call, or nowhere."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: `host` by name, for TLS and the Host header, and `ip` to connect to."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str

    @property
    def host_header(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def look_up(host: str, port: int) -> list[str]:
    """Answer every IP address of a host; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def require(url: str, *, field: str, is_open: bool) -> None:
    """Raise Invalid for an address we would never call, as far as its text tells: names are looked
    up each time we call. `is_open` lets http and this machine pass, for the demo."""
    if not urls.is_sound(url):
        raise Invalid("must be an absolute https address without a user", field=field)
    parts = urlsplit(url)
    if parts.fragment or (parts.scheme != "https" and not is_open):
        raise Invalid("must be an https address without a fragment", field=field)
    address = _literal(parts.hostname or "")
    if address is not None and not _may_be_called(address, is_open=is_open):
        raise Invalid("must be on the internet, not on a private network", field=field)


def check(url: str, *, is_open: bool, look_up: LookUp = look_up) -> Target:
    """Look a URL's host up and answer where to connect; to be asked before each call, since names
    may lead elsewhere the next time (DNS rebinding).

    Raises Refused where any of its addresses is not public; `is_open` lets this machine pass.
    """
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and not is_open):
        raise Refused("The address must be https.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = [ip_address(ip.partition("%")[0]) for ip in _look_up(look_up, parts.hostname, port)]
    if not all(_may_be_called(ip, is_open=is_open) for ip in found):
        raise Refused("The address leads to a private network.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, str(found[0]), path)


def is_public(address: IpAddress) -> bool:
    """Answer whether an address is one of the internet's, and does not stand for another one."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NEVER)
    stands_for_another = address.sixtofour or address.teredo
    return address in _INTERNET and not stands_for_another


def _may_be_called(address: IpAddress, *, is_open: bool) -> bool:
    return is_public(address) or (is_open and address.is_loopback)


def _look_up(look_up: LookUp, host: str, port: int) -> Sequence[str]:
    try:
        found = look_up(host, port)
    except (OSError, UnicodeError) as error:
        raise Refused(f"{host} has no address.") from error
    if not found:
        raise Refused(f"{host} has no address.")
    return found


def _literal(host: str) -> IpAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None

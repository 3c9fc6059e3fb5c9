"""Under which host names the server may be addressed.

Addresses and localhost are served always, names only where TRUSTED_HOSTS has them: a page of a stranger whose name is made
to point at this machine (DNS rebinding) gets nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{0,5}))?")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Authority:
    """A host in its canonical spelling, and its port where one was named."""

    host: str
    port: int | None

    def port_for(self, scheme: str) -> int:
        """The port, or the one that ``scheme`` stands for."""
        return self.port if self.port is not None else {"https": 443}.get(scheme, 80)


def parse_authority(text: str) -> Authority | None:
    """``host[:port]`` of a Host header or an origin (RFC 9110, 7.2; RFC 3986, 3.2); None where it is malformed."""
    match = _HOST.fullmatch(text)
    host = _canonical_host(match["host"].lower()) if match else None
    if match is None or host is None:
        return None
    port = int(match["port"]) if match["port"] else None
    return None if port is not None and port > _HIGHEST_PORT else Authority(host, port)


def is_served(host: str, trusted_hosts: Sequence[str]) -> bool:
    """True for addresses, localhost and trusted names; a trusted ``.example.com`` stands for every name below it."""
    if host == "localhost" or is_address(host):
        return True
    return any(host.endswith(each) if each.startswith(".") else host == each for each in trusted_hosts)


def is_address(host: str) -> bool:
    """True for an IPv4 address and for an IPv6 address in brackets."""
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(host[1:-1])
        else:
            ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _canonical_host(host: str) -> str | None:
    if host.startswith("["):
        return f"[{ipaddress.IPv6Address(host[1:-1])}]" if is_address(host) else None
    return host.removesuffix(".") if _NAME.fullmatch(host) else None

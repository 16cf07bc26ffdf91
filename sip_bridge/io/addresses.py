"""Which local address the system would use towards a peer."""

from __future__ import annotations

import errno
import socket

PROBES = (("192.0.2.1", 9), ("2001:db8::1", 9))
"""Documentation addresses (RFC 5737, RFC 3849): a connected UDP socket asks the routing table only."""

UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EAFNOSUPPORT)


def local_address_towards(host: str, port: int = 9) -> str | None:
    """The local IP address of the route to `host` (an IP address), or None when there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, port or 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def has_network() -> bool:
    """Whether any route leads out of this machine."""
    return any(local_address_towards(host, port) is not None for host, port in PROBES)


def no_route(failure: OSError) -> bool:
    """Whether a failed connection says that the network itself is missing."""
    return failure.errno in UNREACHABLE

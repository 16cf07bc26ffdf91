"""SIP over UDP: one socket per local address, shared by all flows from it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from typing import Protocol, cast

from sip_bridge.core.effects import Address

log = logging.getLogger(__name__)

IP_RECVERR = 11
IPV6_RECVERR = 25
ERROR_QUEUE_DEPTH = 64
"""Linux only: learn that a peer's port is closed although the socket is not connected (ip(7))."""


class UdpOwner(Protocol):
    """Who hears what a socket brings."""

    def datagram_received(self, endpoint: UdpEndpoint, data: bytes, remote: Address) -> None:
        """One datagram."""
        ...

    def peer_unreachable(self, endpoint: UdpEndpoint, remote: Address) -> None:
        """The peer's host says that nobody listens there."""
        ...


class UdpEndpoint(asyncio.DatagramProtocol):
    """One bound socket."""

    def __init__(self, owner: UdpOwner, bound: socket.socket) -> None:
        self._owner = owner
        self._socket = bound
        self._transport: asyncio.DatagramTransport | None = None
        host, port = bound.getsockname()[:2]
        self.local: Address = (str(host), int(port))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: ready."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """asyncio: a datagram came."""
        self._owner.datagram_received(self, data, (address[0], address[1]))

    def error_received(self, failure: Exception) -> None:
        """asyncio: an ICMP error or a failed send."""
        log.debug("UDP %s: %s", self.local, failure)
        if sys.platform == "linux":
            for remote in self._unreachable():
                self._owner.peer_unreachable(self, remote)

    def _unreachable(self) -> list[Address]:
        found: list[Address] = []
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                for _ in range(ERROR_QUEUE_DEPTH):
                    *_, address = self._socket.recvmsg(1, 512, socket.MSG_ERRQUEUE)
                    if address:
                        found.append((address[0], address[1]))
        return list(dict.fromkeys(found))

    def send(self, data: bytes, remote: Address) -> None:
        """Send one datagram; what the network refuses at once is lost like any datagram."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, remote)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()


async def bind(owner: UdpOwner, local: Address) -> UdpEndpoint:
    """Bind a socket; port 0 lets the system choose. Raises OSError."""
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        _want_errors(bound, family)
        bound.bind(local)
        loop = asyncio.get_running_loop()
        _, endpoint = await loop.create_datagram_endpoint(lambda: UdpEndpoint(owner, bound), sock=bound)
    except OSError:
        bound.close()
        raise
    return endpoint


def _want_errors(bound: socket.socket, family: int) -> None:
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        else:
            bound.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)

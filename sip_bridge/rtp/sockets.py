"""One UDP socket of a media session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from sip_bridge.core.errors import SipError

Address = tuple[str, int]
Receive = Callable[[bytes, Address], None]


class NoMediaPort(SipError):
    """No pair of ports is free at this address."""


class MediaSocket(asyncio.DatagramProtocol):
    """One bound socket; `receive` gets every datagram with its source."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.transport: asyncio.DatagramTransport
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[str, int, int, int]) -> None:
        """Pass it on with host and port alone."""
        self.receive(data, addr if len(addr) == 2 else (addr[0], addr[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        """The port is free again."""
        self.closed.set()

    def error_received(self, exc: Exception) -> None:
        """An ICMP error: the peer may not listen yet, so nothing is done about it."""

    @property
    def port(self) -> int:
        """The local port."""
        return int(self.transport.get_extra_info("sockname")[1])

    @property
    def arrived(self) -> float:
        """When the datagram came that `receive` is being told of, by the loop's clock."""
        return asyncio.get_running_loop().time()

    def fetch(self) -> None:
        """Take in what has come, for who does so again and again; where nobody does, and where the system
        can't tell when a datagram came, each one wakes the loop."""

    def wake(self) -> None:
        """Let each datagram wake the loop until the next `fetch`."""

    def send(self, data: bytes, to: Address) -> None:
        """Send unless already closed."""
        if not self.transport.is_closing():
            self.transport.sendto(data, to)

    def close(self) -> None:
        """Stop hearing at once; the socket closes with the loop's next round."""
        self.receive = _ignore
        self.transport.close()


def _ignore(data: bytes, source: Address) -> None:
    """After closing nothing is heard."""

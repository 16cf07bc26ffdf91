"""The two UDP sockets of a media session: RTP on an even port, RTCP on the next (RFC 3550 section 11)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import cast

from sip_bridge.core.errors import SipError

Address = tuple[str, int]
Receive = Callable[[bytes, Address], None]

ATTEMPTS = 30
EXPEDITED = 0xB8
"""DSCP EF in the byte that routers look at (RFC 3246)."""


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

    def send(self, data: bytes, to: Address) -> None:
        """Send unless already closed."""
        if not self.transport.is_closing():
            self.transport.sendto(data, to)

    def close(self) -> None:
        """Stop hearing at once; the socket closes with the loop's next round."""
        self.receive = _ignore
        self.transport.close()


async def open_pair(
    local_ip: str, ports: tuple[int, int] | None, receive: Receive, receive_rtcp: Receive
) -> tuple[MediaSocket, MediaSocket]:
    """Bind RTP and RTCP; `ports` limits the choice to first…last. Raises NoMediaPort."""
    for port in _even_ports(local_ip, ports):
        try:
            rtp = await _bind(local_ip, port, receive)
        except OSError:
            continue
        try:
            return rtp, await _bind(local_ip, port + 1, receive_rtcp)
        except OSError:
            rtp.close()
        except asyncio.CancelledError:
            rtp.close()
            raise
    raise NoMediaPort(f"no free ports for media at {local_ip}")


async def _bind(local_ip: str, port: int, receive: Receive) -> MediaSocket:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: MediaSocket(receive), local_addr=(local_ip, port)
    )
    _mark_expedited(transport.get_extra_info("socket"))
    return protocol


def _even_ports(local_ip: str, ports: tuple[int, int] | None) -> Iterator[int]:
    if ports is not None:
        yield from range(ports[0] + ports[0] % 2, ports[1], 2)
        return
    family = socket.AF_INET6 if ":" in local_ip else socket.AF_INET
    for _ in range(ATTEMPTS):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((local_ip, 0))
            port = int(probe.getsockname()[1])
        yield port & ~1


def _mark_expedited(sock: socket.socket) -> None:
    with contextlib.suppress(OSError, AttributeError):
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)


def _ignore(data: bytes, source: Address) -> None:
    """After closing nothing is heard."""

"""The two UDP ports of a media session: RTP on an even one, RTCP on the next (RFC 3550 section 11)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator

from sip_bridge.rtp.sockets import MediaSocket, NoMediaPort, Receive
from sip_bridge.rtp.stamped import StampedSocket

ATTEMPTS = 30
EXPEDITED = 0xB8
"""DSCP EF in the byte that routers look at (RFC 3246)."""


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
    if sys.platform == "linux" and (stamped := _bind_stamped(local_ip, port, receive)) is not None:
        return stamped
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: MediaSocket(receive), local_addr=(local_ip, port)
    )
    _mark_expedited(transport.get_extra_info("socket"))
    return protocol


def _bind_stamped(local_ip: str, port: int, receive: Receive) -> MediaSocket | None:
    """None where the kernel does not tell when datagrams come. Raises OSError where it can't be bound."""
    bound = _datagram_socket(local_ip)
    try:
        bound.bind((local_ip, port))
        _mark_expedited(bound)
    except OSError:
        bound.close()
        raise
    try:
        return StampedSocket(receive, bound)
    except OSError:
        bound.close()
        return None


def _datagram_socket(local_ip: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in local_ip else socket.AF_INET, socket.SOCK_DGRAM)


def _even_ports(local_ip: str, ports: tuple[int, int] | None) -> Iterator[int]:
    if ports is not None:
        yield from range(ports[0] + ports[0] % 2, ports[1], 2)
        return
    for _ in range(ATTEMPTS):
        with _datagram_socket(local_ip) as probe:
            probe.bind((local_ip, 0))
            port = int(probe.getsockname()[1])
        yield port & ~1


def _mark_expedited(sock: socket.socket) -> None:
    with contextlib.suppress(OSError, AttributeError):
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)

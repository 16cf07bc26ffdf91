"""The one UDP port of the engine: every peer's datagrams, told apart by address and user fragment."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from service.domain.errors import EngineError
from service.media_engine import stun
from service.media_engine.peer import Address, Peer

SOCKET_BUFFER = 4 * 1024 * 1024


class Port(asyncio.DatagramProtocol):
    """Peers are found by the user fragment in their checks first, then by where they send from."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._transport: asyncio.DatagramTransport | None = None
        self._by_address: dict[Address, Peer] = {}
        self._by_ufrag: dict[str, Peer] = {}
        self.address = ""
        self.number = 0

    async def open(self, address: str, ports: tuple[int, int] | None) -> None:
        """Bind the first free port of the range, or any. Raises EngineError."""
        endpoint = _bound(address, ports)
        self.address, self.number = address, endpoint.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=endpoint)

    def close(self) -> None:
        """Unbind."""
        if self._transport is not None:
            self._transport.close()

    def add(self, peer: Peer) -> None:
        """Checks for its user fragment are its own."""
        self._by_ufrag[peer.ufrag] = peer

    def send(self, data: bytes, address: Address) -> None:
        """One datagram."""
        if self._transport is not None:
            self._transport.sendto(data, address)

    def route(self, address: Address, peer: Peer) -> None:
        """From now on what comes from there is this peer's."""
        former = self._by_address.get(address)
        if former is not None:
            former.addresses.discard(address)
        self._by_address[address] = peer

    def forget(self, peer: Peer) -> None:
        """It is gone."""
        self._by_ufrag.pop(peer.ufrag, None)
        for address in peer.addresses:
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Checks go by user fragment, the rest by address (RFC 7983)."""
        if len(data) < 2:
            return
        if data[0] > 3:
            peer = self._by_address.get(addr)
            if peer is not None:
                peer.receive(data, addr, self._clock())
            return
        request = stun.parse_binding_request(data)
        if request is None:
            return
        peer = self._by_ufrag.get(request.local)
        if peer is not None:
            peer.check(request, addr, self._clock())

    def error_received(self, exc: Exception) -> None:
        """Somebody's port was closed: their silence will tell."""


def _bound(address: str, ports: tuple[int, int] | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    failure: OSError | None = None
    for number in range(ports[0], ports[1] + 1) if ports else (0,):
        endpoint = socket.socket(family, socket.SOCK_DGRAM)
        try:
            endpoint.bind((address, number))
        except OSError as error:
            endpoint.close()
            failure = error
            continue
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            endpoint.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
        endpoint.setblocking(False)
        return endpoint
    raise EngineError(f"no port to be had on {address}: {failure}")

"""The one UDP port of the engine: every peer's datagrams, told apart by address and user fragment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from service.domain.errors import EngineError
from service.media_engine import stun
from service.media_engine.peer import Address, Peer

log = logging.getLogger(__name__)

SOCKET_BUFFER = 4 * 1024 * 1024
DATAGRAM = 2048
AT_ONCE = 64
"""Datagrams read before anything else has its turn."""


class Port:
    """Peers are found by the user fragment in their checks first, then by where they send from."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._socket: socket.socket | None = None
        self._by_address: dict[Address, Peer] = {}
        self._by_ufrag: dict[str, Peer] = {}
        self.address = ""
        self.number = 0

    def open(self, address: str, ports: tuple[int, int] | None, bind: str = "") -> None:
        """Bind the first free port of the range, or any. Raises EngineError.

        Others are offered `address`; `bind` is this computer's own where that's another one, as behind NAT.
        """
        self._socket = _bound(bind or address, ports)
        self.address, self.number = address, self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Unbind."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def add(self, peer: Peer) -> None:
        """Checks for its user fragment are its own."""
        self._by_ufrag[peer.ufrag] = peer

    def send(self, data: bytes, address: Address) -> None:
        """One datagram, now or never: what waits in a queue is too late for everybody."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(data, address)

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

    def receive(self, data: bytes, address: Address) -> None:
        """Checks go by user fragment, the rest by address (RFC 7983)."""
        if len(data) < 2:
            return
        if data[0] > 3:
            peer = self._by_address.get(address)
            if peer is not None:
                self._guarded(peer, peer.receive, data, address)
            return
        request = stun.parse_binding_request(data)
        if request is None:
            return
        peer = self._by_ufrag.get(request.local)
        if peer is not None:
            self._guarded(peer, peer.check, request, address)

    def _readable(self) -> None:
        for _ in range(AT_ONCE):
            if self._socket is None:
                return
            try:
                data, address = self._socket.recvfrom(DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                continue  # Windows tells of closed ports and of datagrams cut short this way
            self.receive(data, address)

    def _guarded(self, peer: Peer, work: Callable[..., None], *arguments: object) -> None:
        """Outermost guard: what a peer sends can cost it its own connection, nobody else's."""
        try:
            work(*arguments, self._clock())
        except Exception:
            log.exception("a peer's datagram broke something")
            peer.fail()


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

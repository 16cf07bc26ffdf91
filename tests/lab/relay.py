"""A UDP relay between a media client and the engine that loses, counts and cuts."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field

from tests.lab.ports import LOOPBACK

Address = tuple[str, int]


@dataclass(slots=True)
class Relay:
    """`loss` of the SRTP packets (0 to 1) is lost, in each direction; `cut` loses everything.

    `down` counts what went on to the client, of SRTP alone.
    """

    engine: Address
    loss: float = 0.0
    cut: bool = False
    down: int = 0
    number: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(7))
    _near: asyncio.DatagramTransport | None = None
    _far: dict[Address, asyncio.DatagramTransport] = field(default_factory=dict)
    _waiting: dict[Address, list[bytes]] = field(default_factory=dict)
    _connecting: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Listen for the client."""
        loop = asyncio.get_running_loop()
        self._near, _ = await loop.create_datagram_endpoint(lambda: _Near(self), (LOOPBACK, 0))
        self.number = self._near.get_extra_info("sockname")[1]

    def stop(self) -> None:
        """End it."""
        for task in self._connecting:
            task.cancel()
        for transport in [self._near, *self._far.values()]:
            if transport is not None:
                transport.close()

    def up(self, data: bytes, client: Address) -> None:
        """From the client; each of its addresses has a port of its own towards the engine."""
        if self._lost(data):
            return
        if client in self._far:
            self._far[client].sendto(data)
            return
        waiting = self._waiting.setdefault(client, [])
        waiting.append(data)
        if len(waiting) == 1:
            self._connecting.append(asyncio.create_task(self._connect(client)))

    def back(self, data: bytes, client: Address) -> None:
        """From the engine."""
        if self._near is None or self._lost(data):
            return
        self.down += _is_srtp(data)
        self._near.sendto(data, client)

    async def _connect(self, client: Address) -> None:
        loop = asyncio.get_running_loop()
        far, _ = await loop.create_datagram_endpoint(lambda: _Far(self, client), remote_addr=self.engine)
        self._far[client] = far
        for data in self._waiting.pop(client):
            far.sendto(data)

    def _lost(self, data: bytes) -> bool:
        return self.cut or (_is_srtp(data) and self._chance.random() < self.loss)


class _Near(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.up(data, addr)


class _Far(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay, client: Address) -> None:
        self._relay = relay
        self._client = client

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.back(data, self._client)


def _is_srtp(data: bytes) -> bool:
    return 127 < data[0] < 192


def engine_address(sdp: str) -> Address:
    """Where an engine's description says it is."""
    found = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp)
    assert found is not None
    return found[1], int(found[2])


async def relayed(sdp: str) -> tuple[Relay, str]:
    """A relay to this description's address, and the description by way of it."""
    address = engine_address(sdp)
    relay = Relay(address)
    await relay.start()
    return relay, sdp.replace(f" {address[1]} ", f" {relay.number} ")

"""A bad network before the engine: a UDP relay that loses packets, counts them, or lets nothing pass."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable

from tests.lab.ports import LOOPBACK

Address = tuple[str, int]
CANDIDATE = re.compile(r"(a=candidate:\S+ 1 udp \d+ )(\S+) (\d+)( typ host)", re.IGNORECASE)


class Relay:
    """Stands before the engine's one port. `loss` is the share of SRTP packets lost each way, handshakes and
    connectivity checks are left alone; `cut`: nothing passes at all.

    `lost` counts packets of all kinds, `down` those of SRTP that went on to the client. From `start` to
    `stop`, or as a context manager.
    """

    def __init__(self, loss: float = 0.0, seed: int = 7) -> None:
        self.loss = loss
        self.cut = False
        self.lost = self.down = 0
        self._chance = random.Random(seed)
        self._engine: Address = (LOOPBACK, 0)
        self._near: asyncio.DatagramTransport | None = None
        self._far: dict[Address, asyncio.DatagramTransport] = {}
        self._waiting: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Relay:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    async def start(self) -> None:
        """Listen for clients."""
        loop = asyncio.get_running_loop()
        self._near, _ = await loop.create_datagram_endpoint(lambda: _Side(self._up), (LOOPBACK, 0))

    def stop(self) -> None:
        """End it."""
        for task in tuple(self._tasks):
            task.cancel()
        for transport in (self._near, *self._far.values()):
            if transport is not None:
                transport.close()

    def through(self, sdp: str) -> str:
        """The engine's description with the relay in the engine's place."""
        assert self._near is not None, "not started"
        self._engine = engine_address(sdp)
        port = self._near.get_extra_info("sockname")[1]
        return CANDIDATE.sub(rf"\g<1>{LOOPBACK} {port}\g<4>", sdp)

    def _up(self, data: bytes, client: Address) -> None:
        """From a client; each of its addresses has a port of its own towards the engine."""
        if not self._passes(data):
            return
        if client in self._far:
            self._far[client].sendto(data)
            return
        waiting = self._waiting.setdefault(client, [])
        waiting.append(data)
        if len(waiting) == 1:
            task = asyncio.get_running_loop().create_task(self._connect(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, client: Address) -> None:
        def back(data: bytes, _: Address) -> None:
            if self._near is not None and self._passes(data):
                self.down += _is_srtp(data)
                self._near.sendto(data, client)

        loop = asyncio.get_running_loop()
        far, _ = await loop.create_datagram_endpoint(lambda: _Side(back), remote_addr=self._engine)
        self._far[client] = far
        for data in self._waiting.pop(client):
            far.sendto(data)

    def _passes(self, data: bytes) -> bool:
        lost = self.cut or (_is_srtp(data) and self._chance.random() < self.loss)
        self.lost += lost
        return not lost


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand it on."""
        self._received(data, addr)


def _is_srtp(data: bytes) -> bool:
    """RFC 7983: RTP and RTCP begin with 128 to 191."""
    return bool(data) and 127 < data[0] < 192


def engine_address(sdp: str) -> Address:
    """Where an engine's description says it is."""
    found = CANDIDATE.search(sdp)
    assert found is not None, "no candidate"
    return found[2], int(found[3])


async def relayed(sdp: str) -> tuple[Relay, str]:
    """A relay to this description's address, and the description by way of it."""
    relay = Relay()
    await relay.start()
    return relay, relay.through(sdp)

"""A bad network: a UDP relay that loses packets, or everything for a while."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable

from tests.lab.ports import LOOPBACK

Address = tuple[str, int]
CANDIDATE = re.compile(r"(a=candidate:\S+ \d+ udp \d+ \S+ )(\d+)( typ host)", re.IGNORECASE)
SRTP = 128
"""The first byte of RTP and RTCP is at least this; handshakes and connectivity checks are left alone."""


class LossyRelay:
    """Stands before the engine's one port. `loss` is the share of media packets lost each way; `cut`: nothing
    passes at all. Use as a context manager."""

    def __init__(self, loss: float = 0.0, seed: int = 1) -> None:
        self.loss = loss
        self.cut = False
        self.passed = self.lost = 0
        self._chance = random.Random(seed)
        self._front: asyncio.DatagramTransport | None = None
        self._engine: Address = (LOOPBACK, 0)
        self._backs: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: set[Address] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> LossyRelay:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: _Side(self._from_client), (LOOPBACK, 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        for transport in (self._front, *self._backs.values()):
            if transport is not None:
                transport.close()

    def through(self, sdp: str) -> str:
        """The engine's description with the relay in the engine's place."""
        found = CANDIDATE.search(sdp)
        if found is None or self._front is None:
            raise AssertionError("no candidate to stand before")
        self._engine = (LOOPBACK, int(found[2]))
        port = self._front.get_extra_info("sockname")[1]
        return CANDIDATE.sub(rf"\g<1>{port}\g<3>", sdp)

    def _from_client(self, data: bytes, client: Address) -> None:
        back = self._backs.get(client)
        if back is None:
            if client not in self._opening:
                self._opening.add(client)
                task = asyncio.get_running_loop().create_task(self._open(client))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        elif self._passes(data):
            back.sendto(data, self._engine)

    async def _open(self, client: Address) -> None:
        def to_client(data: bytes, _: Address) -> None:
            if self._passes(data) and self._front is not None:
                self._front.sendto(data, client)

        loop = asyncio.get_running_loop()
        self._backs[client], _ = await loop.create_datagram_endpoint(lambda: _Side(to_client), (LOOPBACK, 0))

    def _passes(self, data: bytes) -> bool:
        lost = self.cut or (data[0] >= SRTP and self._chance.random() < self.loss)
        self.lost += lost
        self.passed += not lost
        return not lost


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand it on."""
        self._received(data, addr)

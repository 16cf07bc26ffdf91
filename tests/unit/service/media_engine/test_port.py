"""The engine's port on a real socket: where it is bound, and what others are told."""

from __future__ import annotations

import asyncio
import re
import socket

import pytest

from service.domain.errors import EngineError
from service.media_engine.dtls import Identity
from service.media_engine.peer import Address
from service.media_engine.port import Port
from service.media_engine.rooms import Rooms
from tests.doubles.engine_peer import Clock, EnginePeer, MemoryPort

LOOPBACK, ELSEWHERE = "127.0.0.1", "192.0.2.1"


class HeardPort(Port):
    """Keeps what came in."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def receive(self, data: bytes, address: Address) -> None:
        """Kept."""
        self.heard.put_nowait(data)


async def test_it_is_bound_here_and_offered_there() -> None:
    port = HeardPort()
    port.open(ELSEWHERE, None, LOOPBACK)
    try:
        rooms = Rooms(port, Identity(), Clock(), lambda _: None)
        rooms.admit("room", "anna")
        client = EnginePeer(MemoryPort(Clock()), ("198.51.100.1", 40000))
        answer = rooms.publish("room", "anna", client.offer()).sdp
        offered = set(re.findall(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer, re.MULTILINE))
        assert offered == {(ELSEWHERE, str(port.number))}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
            router.sendto(b"by way of the router", (LOOPBACK, port.number))
            assert await asyncio.wait_for(port.heard.get(), 5) == b"by way of the router"
        rooms.close()
    finally:
        port.close()


async def test_an_address_that_is_not_this_computers_is_bound_by_nobody() -> None:
    with pytest.raises(EngineError, match=ELSEWHERE):
        HeardPort().open(ELSEWHERE, None, ELSEWHERE)

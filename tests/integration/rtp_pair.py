"""Two audio sessions on loopback, and a relay between them that loses, doubles and reorders."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from media.types import AudioFrame, AudioPacket
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.session import AudioSession


@dataclass
class End:
    """One session and everything it told."""

    session: AudioSession
    packets: list[AudioPacket] = field(default_factory=list)
    digits: str = ""
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session.on_packet = self.packets.append
        self.session.on_dtmf = self._digit
        self.session.on_feedback = lambda feedback: self.losses.append(feedback.loss)

    def _digit(self, digit: str) -> None:
        self.digits += digit

    @property
    def payloads(self) -> list[bytes]:
        """What was heard, in arrival order."""
        return [packet.payload for packet in self.packets]


@asynccontextmanager
async def ends(
    alice: MediaPolicy, bob: MediaPolicy | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[End, End]]:
    """Two open sessions that know nothing of each other yet."""
    first = End(await AudioSession.open(alice, address))
    second = End(await AudioSession.open(bob or alice, address))
    try:
        yield first, second
    finally:
        await first.session.close()
        await second.session.close()


async def connect(alice: End, bob: End, relay: Relay | None = None) -> None:
    """Offer, answer and start, with the relay's ports in the descriptions where there is one."""
    offer = await alice.session.create_offer()
    answer = await bob.session.create_answer(relay.rewrite(offer, 0) if relay else offer)
    await alice.session.accept_answer(relay.rewrite(answer, 1) if relay else answer)
    alice.session.start()
    bob.session.start()


async def say(speaker: End, count: int, *, first: int = 0, pause: float = 0.001) -> None:
    """Send numbered frames."""
    for number in range(first, first + count):
        speaker.session.send(AudioFrame(number.to_bytes(2) * 40, 160))
        await asyncio.sleep(pause)


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for a condition that a datagram will make true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


class Relay:
    """Stands between two ends, one port for each side: drops, doubles and delays by a seeded chance."""

    def __init__(self, loss: float = 0.0, double: float = 0.0, swap: float = 0.0) -> None:
        self._chance = random.Random(7)
        self._rates = loss, double, swap
        self._sides = (_Side(self, 0), _Side(self, 1))
        self._held: dict[int, bytes] = {}
        self.lost = 0
        self.seen: list[bytes] = []

    @classmethod
    @asynccontextmanager
    async def between(cls, loss: float = 0.0, double: float = 0.0, swap: float = 0.0) -> AsyncIterator[Relay]:
        """An open relay that closes itself."""
        relay = cls(loss, double, swap)
        await relay._open()
        try:
            yield relay
        finally:
            for side in relay._sides:
                side.transport.close()
            await asyncio.sleep(0)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        for side in self._sides:
            await loop.create_datagram_endpoint(partial(_itself, side), local_addr=("127.0.0.1", 0))

    def rewrite(self, sdp: bytes, side: int) -> bytes:
        """Name the relay's port instead; `side` 0 stands before whoever wrote this description."""
        lines = sdp.decode().split("\r\n")
        index = next(i for i, line in enumerate(lines) if line.startswith("m=audio"))
        words = lines[index].split()
        self._sides[side].beyond = ("127.0.0.1", int(words[1]))
        words[1] = str(self._sides[1 - side].transport.get_extra_info("sockname")[1])
        lines[index] = " ".join(words)
        return "\r\n".join(lines).encode()

    def pass_on(self, side: int, data: bytes) -> None:
        """A datagram that came from `side`'s end goes out to the other end."""
        self.seen.append(data)
        loss, double, swap = self._rates
        if self._chance.random() < loss:
            self.lost += 1
            return
        if self._chance.random() < swap and side not in self._held:
            self._held[side] = data
            return
        other = self._sides[1 - side]
        for _ in range(2 if self._chance.random() < double else 1):
            other.transport.sendto(data, other.beyond)
        if (late := self._held.pop(side, None)) is not None:
            other.transport.sendto(late, other.beyond)


def _itself(side: _Side) -> _Side:
    return side


class _Side(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def __init__(self, relay: Relay, number: int) -> None:
        self._relay = relay
        self._number = number
        self.beyond = ("127.0.0.1", 9)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._relay.pass_on(self._number, data)

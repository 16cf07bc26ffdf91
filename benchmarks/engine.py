"""What the embedded media engine costs by the number of viewers, and how soon one sees its first picture.

One aiortc client sends 720p at 30 pictures a second with sound. Viewers that only count packets leave the
machine to the engine, whose CPU time is read from the system; for the joins a viewer decodes.

    python -m benchmarks.engine [--seconds 10] [--viewers 1,5,10] [--joins 20]
"""

from __future__ import annotations

import argparse
import asyncio
import select
import socket
import statistics
import sys
import time
from collections.abc import Sequence

from benchmarks.engine_loop import usage
from service.media_engine.embedded import EmbeddedEngine
from tests.doubles.engine_peer import EnginePeer
from tests.lab.engine_clients import AiortcClient
from tests.lab.ports import LOOPBACK
from tests.lab.relay import Address, engine_address

SETTLE_S = 3.0
CHECK_EVERY_S = 2.0
REPLY_S = 2.0


class Wire:
    """A socket of a viewer's own: what an EnginePeer says goes to the engine."""

    def __init__(self, engine: Address) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(engine)
        self._socket.setblocking(False)
        self.fileno = self._socket.fileno
        self.address: Address = self._socket.getsockname()
        self.packets = self.octets = 0

    def receive(self, data: bytes, address: Address) -> None:
        """To the engine."""
        self._socket.send(data)

    def taken(self, address: Address) -> list[bytes]:
        """What came, after a moment's wait: the handshake is spoken in turns."""
        select.select([self._socket], [], [], REPLY_S)
        return list(self._waiting())

    def count(self) -> None:
        """What came is counted and let go."""
        for data in self._waiting():
            self.packets += 1
            self.octets += len(data)

    def close(self) -> None:
        """Gone."""
        self._socket.close()

    def _waiting(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self._socket.recv(2048))
            except BlockingIOError:
                return found


class Viewer:
    """One that counts."""

    def __init__(self, wire: Wire, peer: EnginePeer, offer: str) -> None:
        self.wire = wire
        self._peer = peer
        self._offer = offer
        self._life = asyncio.create_task(self._live())
        asyncio.get_running_loop().add_reader(wire, wire.count)

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            self._peer.check(self._offer)

    def close(self) -> None:
        """Gone, without a word."""
        asyncio.get_running_loop().remove_reader(self.wire)
        self._life.cancel()
        self.wire.close()


async def view(engine: EmbeddedEngine, feed: str, member: str) -> Viewer:
    """Admitted, subscribed, connected."""
    await engine.admit("room", member)
    offered = await engine.subscribe("room", member, feed, video=True, height=720)
    wire = Wire(engine_address(offered.sdp))
    peer = EnginePeer(wire, wire.address)
    await engine.answer("room", member, offered.subscription, peer.answer(offered.sdp))
    await asyncio.to_thread(peer.connect, offered.sdp)
    return Viewer(wire, peer, offered.sdp)


async def cost(engine: EmbeddedEngine, viewers: list[Viewer], seconds: float) -> str:
    """A line of figures."""
    await asyncio.sleep(SETTLE_S)
    for viewer in viewers:
        viewer.wire.packets = viewer.wire.octets = 0
    before, began = usage(engine.pid), time.monotonic()
    await asyncio.sleep(seconds)
    after, passed = usage(engine.pid), time.monotonic() - began
    cpu = (after.cpu_s - before.cpu_s) * 10 / passed
    rate = sum(viewer.wire.octets for viewer in viewers) * 8 / passed / 1e6
    packets = sum(viewer.wire.packets for viewer in viewers) / passed
    return (
        f"{len(viewers):3d} viewers: {cpu:5.2f} CPU s per 10 s, {packets:5.0f} packets/s, {rate:5.1f} Mb/s, "
        f"{after.resident_mb:4.0f} MB"
    )


async def joins(engine: EmbeddedEngine, feed: str, count: int) -> list[float]:
    """Milliseconds from asking for the feed to its first picture, decoded."""
    found = []
    for number in range(count):
        viewer = AiortcClient()
        member = f"joining-{number}"
        await engine.admit("room", member)
        began = time.monotonic()
        offered = await engine.subscribe("room", member, feed, video=True, height=720)
        waited = (time.monotonic() - began) * 1000
        answer = await viewer.take("feed", offered.sdp)
        await engine.answer("room", member, offered.subscription, answer)
        while not (first := (await viewer.stats("feed"))["first"]):
            await asyncio.sleep(0.005)
        found.append(waited + float(first))
        await viewer.close()
        await engine.remove("room", member)
    return found


async def measure(seconds: float, viewers: Sequence[int], count: int) -> None:
    """Print what was found."""
    engine = EmbeddedEngine(LOOPBACK)
    await engine.start()
    sender = AiortcClient()
    watching: list[Viewer] = []
    try:
        await engine.admit("room", "sender")
        published = await engine.publish("room", "sender", await sender.offer(1280, 720))
        await sender.accept(published.sdp)
        print(await cost(engine, watching, seconds))
        for wanted in viewers:
            while len(watching) < wanted:
                watching.append(await view(engine, published.feed, f"viewer-{len(watching)}"))
            print(await cost(engine, watching, seconds))
        while watching:
            watching.pop().close()
        await engine.close()
        await sender.close()
        if count:
            await measure_joins(count)
    finally:
        for viewer in watching:
            viewer.close()
        await sender.close()
        await engine.close()


async def measure_joins(count: int) -> None:
    """At 360p, so that this process has time for both ends of the codec."""
    engine = EmbeddedEngine(LOOPBACK)
    await engine.start()
    sender = AiortcClient()
    try:
        await engine.admit("room", "sender")
        published = await engine.publish("room", "sender", await sender.offer(640, 360))
        await sender.accept(published.sdp)
        await asyncio.sleep(SETTLE_S)
        found = sorted(await joins(engine, published.feed, count))
        print(
            f"{count} joins to the first picture: median {statistics.median(found):.0f} ms, "
            f"95th percentile {found[int(0.95 * (count - 1))]:.0f} ms, worst {found[-1]:.0f} ms"
        )
    finally:
        await sender.close()
        await engine.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--viewers", default="1,5,10")
    parser.add_argument("--joins", type=int, default=20)
    options = parser.parse_args(arguments)
    viewers = [int(count) for count in options.viewers.split(",")]
    asyncio.run(measure(options.seconds, viewers, options.joins))
    return 0


if __name__ == "__main__":
    sys.exit(main())

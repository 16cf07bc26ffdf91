"""A core that only records, its driver, and peers of a few lines: what flows are tried with."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sip_bridge.core.effects import Admitted, CloseFlow, Flow, Hop, OpenFlow, Transmit
from sip_bridge.io.driver import Driver
from sip_bridge.io.names import DnsResolver
from tests.lab.certificates import KeyPair
from tests.lab.dns import DnsServer
from tests.lab.ports import LOOPBACK

MESSAGE = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
ZONE = {("phone.test", "A"): [LOOPBACK], ("other.test", "A"): [LOOPBACK]}


@dataclass
class Recorder:
    """A core that notes what it is told and asks what the test asks."""

    effects: list[OpenFlow | Transmit | CloseFlow] = field(default_factory=list)
    opened: dict[int, Flow] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    received: list[tuple[bytes, Flow]] = field(default_factory=list)
    closed: list[tuple[int, str]] = field(default_factory=list)
    pokes: list[str] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    due: float | None = None
    fault: Exception | None = None

    admitted: dict[bytes, Admitted] = field(default_factory=dict)

    def admits(self, data: bytes, flow: Flow, now: float) -> Admitted:
        return self.admitted.get(data, Admitted.KEPT)

    def has_more_than(self, count: int) -> bool:
        return len(self.received) > count

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        if self.fault is not None:
            raise self.fault
        self.received.append((data, flow))

    def flow_opened(self, request: int, flow: Flow, now: float) -> None:
        self.opened[request] = flow

    def flow_refused(self, request: int, reason: str, now: float) -> None:
        self.refused[request] = reason

    def flow_closed(self, flow_id: int, reason: str, now: float) -> None:
        self.closed.append((flow_id, reason))

    def tick(self, now: float) -> None:
        self.ticks.append(now)
        self.due = None

    def next_timer(self) -> float | None:
        return self.due

    def take_effects(self) -> list[OpenFlow | Transmit | CloseFlow]:
        effects, self.effects = self.effects, []
        return effects

    def refresh_registration(self, now: float) -> None:
        self.pokes.append("refresh")

    def local_address_changed(self, now: float) -> None:
        self.pokes.append("moved")


@dataclass
class Rig:
    """A recorder, its driver, and short words for what tests do with them."""

    core: Recorder
    driver: Driver
    requests: int = 0

    async def open(self, hop: Hop) -> Flow | str:
        self.requests += 1
        self.core.effects.append(OpenFlow(self.requests, hop))
        self.driver.pump()
        await until(lambda: self.requests in self.core.opened or self.requests in self.core.refused)
        return self.core.opened.get(self.requests) or self.core.refused[self.requests]

    async def flow(self, hop: Hop) -> Flow:
        opened = await self.open(hop)
        assert isinstance(opened, Flow), opened
        return opened

    def do(self, effect: Transmit | CloseFlow) -> None:
        self.core.effects.append(effect)
        self.driver.pump()


async def until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def rig(
    dns: DnsServer,
    ca_file: Path | None = None,
    route: Callable[[str, int], str | None] | None = None,
    wall: Callable[[], float] = time.time,
    online: Callable[[], bool] = lambda: True,
) -> AsyncIterator[Rig]:
    core = Recorder()
    loop = asyncio.get_running_loop()
    driver = Driver(
        core,
        lambda: False,
        resolver=DnsResolver(loop.time, nameservers=[LOOPBACK], port=dns.port, lifetime_s=0.5),
        ca_file=str(ca_file or ""),
        route=route,
        watch_s=0.05,
        wall=wall,
        online=online,
    )
    try:
        yield Rig(core, driver)
    finally:
        await driver.close()


class StreamServer:
    """Accepts connections and keeps what they send."""

    def __init__(self, pair: KeyPair | None = None) -> None:
        self._context: ssl.SSLContext | None = None
        if pair is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(pair.certificate, pair.key)
        self.connections: list[asyncio.StreamWriter] = []
        self.data = b""
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> StreamServer:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            connection.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while data := await reader.read(65536):
                self.data += data
        except OSError:
            return


class Datagrams(asyncio.DatagramProtocol):
    """A UDP peer that keeps what comes."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, tuple[str, int]]] = []

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.received.append((data, address))


@asynccontextmanager
async def udp_peer() -> AsyncIterator[tuple[asyncio.DatagramTransport, Datagrams, tuple[str, int]]]:
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(Datagrams, local_addr=(LOOPBACK, 0))
    try:
        yield transport, peer, transport.get_extra_info("sockname")[:2]
    finally:
        transport.close()
        await asyncio.sleep(0)

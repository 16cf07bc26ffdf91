"""Flows and the driver over real sockets on loopback, with servers of a few lines at the other end."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from sip_bridge.core.effects import (
    REFUSED_CERTIFICATE,
    REFUSED_CONNECTION,
    REFUSED_EXHAUSTED,
    REFUSED_NOT_FOUND,
    CloseFlow,
    Flow,
    Hop,
    OpenFlow,
    Transmit,
)
from sip_bridge.io import flows, stream, tls
from sip_bridge.io.driver import Driver
from sip_bridge.io.names import DnsResolver
from tests.lab.certificates import Authority, KeyPair
from tests.lab.dns import DnsServer
from tests.lab.ports import LOOPBACK, free_port

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


async def until(condition: Callable[[], object], timeout_s: float = 8.0) -> None:
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


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer(ZONE) as server:
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


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


# --- UDP ------------------------------------------------------------------------------------------


async def test_udp_there_and_back_and_a_stranger(dns: DnsServer) -> None:
    async with (
        udp_peer() as (transport, peer, address),
        udp_peer() as (other, _, other_address),
        rig(dns) as one,
    ):
        flow = await one.flow(Hop(LOOPBACK, address[1], "udp"))
        assert (flow.transport, flow.remote, flow.local[0]) == ("udp", address, LOOPBACK)
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: peer.received)
        assert peer.received[0] == (MESSAGE, flow.local)
        transport.sendto(b"answer", flow.local)
        other.sendto(b"hello", flow.local)
        await until(lambda: len(one.core.received) == 2)
        by_text = dict(one.core.received)
        assert by_text[b"answer"] == flow
        stranger = by_text[b"hello"]
        assert stranger.id != flow.id and stranger.remote == other_address
        assert (await one.flow(Hop(LOOPBACK, address[1], "udp"))).id == flow.id
        one.do(Transmit(flow.id, b"by another way", other_address))


async def test_a_closed_udp_port_breaks_the_flow(dns: DnsServer) -> None:
    async with rig(dns) as one:
        flow = await one.flow(Hop(LOOPBACK, free_port(), "udp"))
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: one.core.closed)
        assert one.core.closed == [(flow.id, REFUSED_CONNECTION)]
        one.do(Transmit(flow.id, MESSAGE))


async def test_strangers_do_not_pile_up(dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "STRANGER_LIMIT", 3)
    async with AsyncExitStack() as stack:
        _, _, address = await stack.enter_async_context(udp_peer())
        strangers = [await stack.enter_async_context(udp_peer()) for _ in range(5)]
        one = await stack.enter_async_context(rig(dns))
        mine = await one.flow(Hop(LOOPBACK, address[1], "udp"))
        for number, (transport, _, _) in enumerate(strangers):
            transport.sendto(b"hello", mine.local)
            await until(partial(one.core.has_more_than, number))
        for _, flow in one.core.received:
            one.do(Transmit(flow.id, b"answer"))
        await until(lambda: strangers[-1][1].received)
        assert [bool(peer.received) for _, peer, _ in strangers] == [False, False, True, True, True]


# --- TCP ------------------------------------------------------------------------------------------


async def test_tcp_messages_are_cut_whatever_the_segments(dns: DnsServer) -> None:
    async with StreamServer() as server, rig(dns) as one:
        flow = await one.flow(Hop("phone.test", server.port, "tcp"))
        assert (flow.transport, flow.peer_name) == ("tcp", "phone.test")
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: server.data == MESSAGE)
        for piece in (MESSAGE[:10], MESSAGE[10:] + b"\r\n" + MESSAGE[:5], MESSAGE[5:]):
            server.connections[0].write(piece)
            await server.connections[0].drain()
            await asyncio.sleep(0.02)
        await until(lambda: len(one.core.received) == 3)
        assert [data for data, _ in one.core.received] == [MESSAGE, b"\r\n", MESSAGE]
        server.connections[0].close()
        await until(lambda: one.core.closed)
        assert one.core.closed == [(flow.id, "closed by peer")]


async def test_a_broken_stream_is_dropped_after_what_was_whole(dns: DnsServer) -> None:
    async with StreamServer() as server, rig(dns) as one:
        flow = await one.flow(Hop(LOOPBACK, server.port, "tcp"))
        await until(lambda: server.connections)
        server.connections[0].write(MESSAGE + b"NONSENSE\r\n\r\n")
        await until(lambda: one.core.closed)
        assert [data for data, _ in one.core.received] == [MESSAGE]
        assert one.core.closed[0][0] == flow.id
        assert one.core.closed[0][1].startswith("framing:")


async def test_a_fault_of_the_core_does_not_cost_the_connection(
    dns: DnsServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with StreamServer() as server, rig(dns) as one:
        await one.flow(Hop(LOOPBACK, server.port, "tcp"))
        await until(lambda: server.connections)
        one.core.fault = RuntimeError("a fault of ours")
        server.connections[0].write(MESSAGE)
        await until(lambda: "was not handled" in caplog.text)
        one.core.fault = None
        server.connections[0].write(MESSAGE)
        await until(lambda: one.core.received)
        assert not one.core.closed
    caplog.clear()


async def test_a_message_that_never_completes_and_a_peer_that_never_reads() -> None:
    lost: list[str] = []

    class Owner:
        def stream_received(self, stream: stream.Stream, data: bytes) -> None: ...

        def stream_lost(self, stream: stream.Stream, reason: str) -> None:
            lost.append(reason)

    async with StreamServer() as server:
        loop = asyncio.get_running_loop()
        slow = stream.Stream(Owner(), message_timeout_s=0.1)
        await loop.create_connection(lambda: slow, LOOPBACK, server.port)
        slow.data_received(MESSAGE + b"OPTIONS")
        await until(lambda: lost)
        assert lost == ["message never completed"]
        slow.data_received(MESSAGE)
        deaf = stream.Stream(Owner())
        await loop.create_connection(lambda: deaf, LOOPBACK, server.port)
        await until(lambda: len(server.connections) == 2)
        server.connections[1].transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            deaf.send(bytes(100_000))
        assert lost[1:] == ["peer does not read"]
        deaf.close()


async def test_refused_connection_and_unknown_name(dns: DnsServer) -> None:
    async with rig(dns) as one:
        assert await one.open(Hop(LOOPBACK, free_port(), "tcp")) == REFUSED_CONNECTION
        assert await one.open(Hop("nowhere.test", 5060, "tcp")) == REFUSED_NOT_FOUND


async def test_the_next_address_when_the_first_fails(dns: DnsServer) -> None:
    async with StreamServer() as server, rig(dns) as one:
        dns.zone["_sip._tcp.phone.test", "SRV"] = [
            f"1 1 {free_port()} phone.test.",
            f"2 1 {server.port} phone.test.",
        ]
        flow = await one.flow(Hop("phone.test", 0, "tcp"))
        assert flow.remote[1] == server.port
        assert await one.open(Hop("phone.test", 0, "tcp", attempt=1)) == REFUSED_EXHAUSTED
        assert await one.flow(Hop("phone.test", 0, "tcp")) == flow


# --- TLS ------------------------------------------------------------------------------------------


async def test_tls_with_the_right_name(dns: DnsServer, authority: Authority) -> None:
    async with StreamServer(authority.issue("phone.test")) as server, rig(dns, authority.ca_file) as one:
        flow = await one.flow(Hop("phone.test", server.port, "tls"))
        assert flow.secure and flow.peer_name == "phone.test"
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: server.data == MESSAGE)
        assert (await one.flow(Hop(LOOPBACK, server.port, "tls"))).id == flow.id
        assert await one.open(Hop("other.test", server.port, "tls")) == REFUSED_CERTIFICATE


async def test_the_name_that_was_asked_for_counts_not_the_srv_target(
    dns: DnsServer, authority: Authority
) -> None:
    async with StreamServer(authority.issue("other.test")) as server, rig(dns, authority.ca_file) as one:
        dns.zone["_sips._tcp.phone.test", "SRV"] = [f"1 1 {server.port} other.test."]
        assert await one.open(Hop("phone.test", 0, "tls")) == REFUSED_CERTIFICATE


@pytest.mark.parametrize("fault", ["expired", "wrong name", "unknown authority"])
@pytest.mark.parametrize("transport", ["tls", "auto"])
async def test_certificates_that_are_refused(
    dns: DnsServer, authority: Authority, fault: str, transport: str
) -> None:
    name = "other.test" if fault == "wrong name" else "phone.test"
    pair = authority.issue(name, expired=fault == "expired")
    ca_file = None if fault == "unknown authority" else authority.ca_file
    async with StreamServer(pair) as server, StreamServer() as plain, rig(dns, ca_file) as one:
        dns.zone["_sips._tcp.phone.test", "SRV"] = [f"1 1 {server.port} phone.test."]
        dns.zone["_sip._tcp.phone.test", "SRV"] = [f"1 1 {plain.port} phone.test."]
        assert await one.open(Hop("phone.test", 0, transport)) == REFUSED_CERTIFICATE
        assert await one.open(Hop("phone.test", server.port, "auto")) == REFUSED_CERTIFICATE
        assert plain.connections == []


async def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(tls.BadAuthorityFile):
        tls.make_context(str(tmp_path / "missing.pem"))
    (tmp_path / "empty.pem").write_text("not a certificate")
    with pytest.raises(tls.BadAuthorityFile):
        tls.make_context(str(tmp_path / "empty.pem"))


@pytest.mark.parametrize("ca", [True, False])
def test_every_context_verifies_and_is_modern(authority: Authority, ca: bool) -> None:
    context = tls.make_context(str(authority.ca_file) if ca else "")
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


# --- automatic transport ------------------------------------------------------------------------


async def test_automatic_with_a_port_finds_tls_there(dns: DnsServer, authority: Authority) -> None:
    async with StreamServer(authority.issue("phone.test")) as server, rig(dns, authority.ca_file) as one:
        assert (await one.flow(Hop("phone.test", server.port, "auto"))).transport == "tls"


async def test_automatic_goes_on_to_tcp_where_the_port_speaks_no_tls(dns: DnsServer) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        if first == b"\x16":
            writer.close()
        else:
            accepted.append(writer)

    accepted: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(refuse, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with rig(dns) as one:
        flow = await one.flow(Hop("phone.test", port, "auto"))
        assert flow.transport == "tcp"
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: accepted)
        accepted[0].close()
    server.close()
    await server.wait_closed()


async def test_automatic_ends_at_udp(dns: DnsServer) -> None:
    async with rig(dns) as one:
        assert (await one.flow(Hop("phone.test", free_port(), "auto"))).transport == "udp"


async def test_automatic_never_goes_plain_where_tls_has_worked(dns: DnsServer, authority: Authority) -> None:
    server = StreamServer(authority.issue("phone.test"))
    async with rig(dns, authority.ca_file) as one:
        async with server:
            flow = await one.flow(Hop("phone.test", server.port, "auto"))
            one.do(CloseFlow(flow.id, "done"))
        async with StreamServer() as plain:
            dns.zone["_sip._tcp.phone.test", "SRV"] = [f"1 1 {plain.port} phone.test."]
            assert await one.open(Hop("phone.test", server.port, "auto")) == REFUSED_CONNECTION
            assert await one.open(Hop("phone.test", 0, "auto")) == REFUSED_EXHAUSTED
            assert plain.connections == []


# --- the driver ------------------------------------------------------------------------------------


async def test_timers_are_kept(dns: DnsServer) -> None:
    async with rig(dns) as one:
        one.core.due = one.driver.now + 0.05
        one.driver.pump()
        await until(lambda: one.core.ticks)
        assert one.core.ticks[0] >= one.driver.now - 1
        one.core.due = one.driver.now + 60
        one.driver.pump()


async def test_a_changed_local_address_is_noticed_once(dns: DnsServer) -> None:
    local = LOOPBACK
    async with udp_peer() as (_, peer, address), rig(dns, route=lambda host, port: local) as one:
        flow = await one.flow(Hop(LOOPBACK, address[1], "udp"))
        one.driver.network_changed()
        assert one.core.pokes == ["refresh"]
        local = "127.0.0.2"
        await until(lambda: "moved" in one.core.pokes)
        one.driver.network_changed()
        assert one.core.pokes == ["refresh", "moved", "refresh"]
        one.do(CloseFlow(flow.id, "done"))
        again = await one.flow(Hop(LOOPBACK, address[1], "udp"))
        assert again.local[0] == "127.0.0.2"
        one.do(Transmit(again.id, MESSAGE))
        await until(lambda: peer.received)
        assert peer.received[0][1] == again.local


async def test_a_machine_that_slept_begins_anew(dns: DnsServer) -> None:
    asleep = 0.0
    async with rig(dns, wall=lambda: time.monotonic() + asleep) as one:
        await asyncio.sleep(0.12)
        asleep = 10.0
        await asyncio.sleep(0.12)
        assert one.core.pokes == []
        asleep += 3600.0
        await until(lambda: one.core.pokes)
        await asyncio.sleep(0.12)
        assert one.core.pokes == ["moved"]


async def test_a_network_that_comes_back_is_used_at_once(dns: DnsServer) -> None:
    online = True
    async with rig(dns, online=lambda: online) as one:
        await asyncio.sleep(0.12)
        online = False
        await asyncio.sleep(0.12)
        assert one.core.pokes == []
        online = True
        await until(lambda: one.core.pokes)
        await asyncio.sleep(0.12)
        assert one.core.pokes == ["refresh"]


async def test_closing_ends_what_is_under_way(dns: DnsServer) -> None:
    dns.silent = True
    async with rig(dns) as one:
        one.core.effects.append(OpenFlow(1, Hop("slow.test", 0, "tcp")))
        one.driver.pump()
        await asyncio.sleep(0.02)
    assert one.core.opened == {} and one.core.refused == {}
    one.driver.pump()
    one.driver.network_changed()

"""Flows over UDP and TCP and the driver on real sockets, with servers of a few lines at the other end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial

import pytest

from sip_bridge.core.effects import (
    REFUSED_CONNECTION,
    REFUSED_EXHAUSTED,
    REFUSED_NOT_FOUND,
    Admitted,
    CloseFlow,
    Hop,
    OpenFlow,
    Transmit,
)
from sip_bridge.io import flows, stream
from tests.lab.dns import DnsServer
from tests.lab.flows import MESSAGE, ZONE, StreamServer, rig, udp_peer, until
from tests.lab.ports import LOOPBACK, free_port


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer(ZONE) as server:
        yield server


# --- UDP ------------------------------------------------------------------------------------------


async def test_udp_there_and_back_and_a_stranger(dns: DnsServer) -> None:
    async with (
        udp_peer() as (transport, peer, address),
        udp_peer() as (other, other_peer, other_address),
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
        await until(lambda: other_peer.received)
        assert other_peer.received == [(b"by another way", flow.local)]


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


async def test_who_is_heard_once_keeps_no_flow_and_who_is_not_heard_gets_none(dns: DnsServer) -> None:
    async with udp_peer() as (transport, peer, address), rig(dns) as one:
        mine = await one.flow(Hop(LOOPBACK, address[1] ^ 1, "udp"))
        one.core.admitted = {b"lost": Admitted.LOST, b"once": Admitted.ONCE}
        transport.sendto(b"lost", mine.local)
        transport.sendto(b"once", mine.local)
        await until(lambda: one.core.received)
        one.do(Transmit(one.core.received[0][1].id, b"too late"))
        transport.sendto(b"kept", mine.local)
        await until(partial(one.core.has_more_than, 1))
        one.do(Transmit(one.core.received[1][1].id, b"answer"))
        await until(lambda: peer.received)
    assert [data for data, _ in one.core.received] == [b"once", b"kept"]
    assert [data for data, _ in peer.received] == [b"answer"]


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


# --- the driver ------------------------------------------------------------------------------------


async def test_timers_are_kept(dns: DnsServer) -> None:
    async with rig(dns) as one:
        one.core.due = due = one.driver.now + 0.05
        one.driver.pump()
        await until(lambda: one.core.ticks)
        assert due <= one.core.ticks[0] <= one.driver.now
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

"""Datagrams that wait in the kernel until somebody fetches them."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from sip_bridge.rtp import session, stamped
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.ports import open_pair
from sip_bridge.rtp.sockets import Address
from sip_bridge.rtp.stamped import AT_ONCE, StampedSocket
from tests.integration.rtp_pair import connect, ends, say, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each datagram wakes the loop")

LOOPBACK = "127.0.0.1"
A_TURN_S = 0.05


class Bench:
    """A socket, who sends to it, and what came: each datagram and when."""

    def __init__(
        self, socket_: StampedSocket, sender: socket.socket, heard: list[tuple[bytes, float]]
    ) -> None:
        self.socket, self.heard = socket_, heard
        self._sender = sender

    def say(self, *words: bytes) -> float:
        """Send, and say when by the loop's clock."""
        for word in words:
            self._sender.sendto(word, (LOOPBACK, self.socket.port))
        return asyncio.get_running_loop().time()


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        yield sending


@pytest.fixture
async def bench(sender: socket.socket) -> AsyncIterator[Bench]:
    heard: list[tuple[bytes, float]] = []

    def hear(data: bytes, source: Address) -> None:
        heard.append((data, rtp.arrived))

    rtp, rtcp = await open_pair(LOOPBACK, None, hear, hear)
    assert isinstance(rtp, StampedSocket)
    yield Bench(rtp, sender, heard)
    rtp.close()
    rtcp.close()


async def test_until_somebody_fetches_each_datagram_is_heard_as_it_comes(bench: Bench) -> None:
    sent = bench.say(b"one")
    await until(lambda: bool(bench.heard))
    assert bench.heard[0][1] == pytest.approx(sent, abs=0.01)


async def test_who_fetches_is_told_of_nothing_in_between_and_of_when_it_came(bench: Bench) -> None:
    bench.socket.fetch()
    sent = bench.say(b"one", b"two")
    await asyncio.sleep(A_TURN_S)
    assert bench.heard == []
    bench.socket.fetch()
    assert [data for data, _ in bench.heard] == [b"one", b"two"]
    assert [when for _, when in bench.heard] == pytest.approx([sent, sent], abs=0.01)


async def test_when_nobody_fetches_any_more_datagrams_are_heard_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamped, "WATCH_S", 0.02)
    bench.socket.fetch()
    bench.say(b"one")
    await until(lambda: bool(bench.heard))


async def test_while_somebody_fetches_it_is_left_to_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamped, "WATCH_S", 0.05)
    for _ in range(10):
        bench.socket.fetch()
        assert bench.heard == []
        await asyncio.sleep(0.02)
    bench.say(b"one")
    bench.socket.fetch()
    assert len(bench.heard) == 1


async def test_a_flood_is_not_taken_in_one_go_and_nothing_of_it_is_lost(bench: Bench) -> None:
    bench.socket.fetch()
    bench.say(*[b"more"] * (2 * AT_ONCE))
    bench.socket.fetch()
    assert len(bench.heard) == AT_ONCE
    await until(lambda: len(bench.heard) == 2 * AT_ONCE)


@pytest.mark.parametrize("shift", [-3600.0, -0.02, 0.02, 1.0, 3600.0])
async def test_a_wall_clock_that_is_set_moves_no_arrival_far(
    bench: Bench, shift: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.socket.fetch()
    sent = bench.say(b"one")
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + shift)
    bench.socket.fetch()
    assert bench.heard[0][1] == pytest.approx(sent, abs=0.01)


async def test_closed_it_hears_and_sends_nothing_and_closes_twice(bench: Bench) -> None:
    bench.socket.fetch()
    bench.say(b"one")
    bench.socket.close()
    bench.socket.close()
    bench.socket.fetch()
    bench.socket.send(b"two", (LOOPBACK, 9))
    await asyncio.sleep(A_TURN_S)
    assert bench.heard == []


async def test_who_closes_on_hearing_hears_no_more(bench: Bench) -> None:
    bench.socket.fetch()
    bench.socket.receive = lambda data, source: bench.socket.close()
    bench.say(b"one", b"two")
    bench.socket.fetch()
    assert bench.socket.closed.is_set()


async def test_a_session_holds_nothing_back_while_something_was_just_agreed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ends(MediaPolicy("off", codecs=("PCMA",))) as (alice, bob):
        await connect(alice, bob)
        bob.session.fetch()
        await say(alice, 3)
        await until(lambda: len(bob.packets) == 3)
        monkeypatch.setattr(session, "SETTLING_S", 0.0)
        await bob.session.accept_answer(
            await alice.session.create_answer(await bob.session.reoffer("sendrecv"))
        )
        bob.session.fetch()
        await say(alice, 3)
        await asyncio.sleep(A_TURN_S)
        assert len(bob.packets) == 3
        bob.session.fetch()
        assert len(bob.packets) == 6

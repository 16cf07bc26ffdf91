"""ICE beyond the plain case: forked answers, a STUN server, a peer that falls silent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from aioice import stun

from sip_bridge.rtp.policy import MediaPolicy
from tests.integration.rtp_pair import connect, ends, say, until

ICE = MediaPolicy(
    "preferred", signalling_secure=True, codecs=("PCMA",), sdes=False, ice=True, rtcp_interval=0.1
)


class StunServer(asyncio.DatagramProtocol):
    """Tells everybody a public address of its own invention; mute, it says nothing."""

    def __init__(self, *, mute: bool) -> None:
        self._mute = mute

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._mute:
            return
        request = stun.parse_message(data)
        answer = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = ("198.51.100.7", 61_000)
        self.transport.sendto(bytes(answer), addr)


@asynccontextmanager
async def stun_server(*, mute: bool) -> AsyncIterator[tuple[str, int]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: StunServer(mute=mute), local_addr=("127.0.0.1", 0)
    )
    try:
        yield "127.0.0.1", transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        await asyncio.sleep(0)


async def test_the_public_address_is_a_candidate() -> None:
    async with stun_server(mute=False) as server, ends(replace(ICE, stun_server=server)) as (alice, bob):
        offer = await alice.session.create_offer()
        assert b"198.51.100.7 61000 typ srflx raddr 127.0.0.1" in offer
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        alice.session.start()
        bob.session.start()
        await until(lambda: alice.session.encryption[0] == bob.session.encryption[0] == "dtls")


async def test_a_mute_server_holds_nobody_up_for_long() -> None:
    async with stun_server(mute=True) as server, ends(replace(ICE, stun_server=server)) as (alice, _):
        loop = asyncio.get_running_loop()
        began = loop.time()
        offer = await alice.session.create_offer()
        assert loop.time() - began < 2 and b"typ host" in offer and b"srflx" not in offer


async def test_the_second_answer_of_a_forked_call_after_the_first_was_used() -> None:
    async with ends(ICE) as (alice, bob), ends(ICE) as (carol, _):
        offer = await alice.session.create_offer()
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        alice.session.start()
        bob.session.start()
        await until(lambda: alice.session.encryption[0] == "dtls")
        failures: list[str] = []
        alice.session.on_failure = failures.append
        await alice.session.accept_answer(await carol.session.create_answer(offer))
        assert alice.session.encryption == ("", False)
        carol.session.start()
        await until(lambda: carol.session.encryption[0] == alice.session.encryption[0] == "dtls")
        await say(carol, 3)
        await until(lambda: len(alice.packets) == 3)
        assert failures == []


async def test_answers_that_come_together_are_not_checked_twice(caplog: pytest.LogCaptureFixture) -> None:
    async with ends(ICE) as (alice, bob), ends(ICE) as (carol, _):
        offer = await alice.session.create_offer()
        early, last = [await end.session.create_answer(offer) for end in (bob, carol)]
        failures: list[str] = []
        alice.session.on_failure = failures.append
        alice.session.start()
        for answer in (early, early, last, last):
            await alice.session.accept_answer(answer)
        carol.session.start()
        await until(lambda: carol.session.encryption[0] == alice.session.encryption[0] == "dtls")
        assert failures == []
        assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_a_peer_that_vanished_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr("aioice.ice.CONSENT_FAILURES", 2)
    async with ends(ICE) as (alice, bob):
        await connect(alice, bob)
        await until(lambda: alice.session.encryption[0] == bob.session.encryption[0] == "dtls")
        failures: list[str] = []
        alice.session.on_failure = failures.append
        await bob.session.close()
        await until(lambda: failures == ["consent"])


async def test_a_peer_that_lists_no_candidate_is_tried_where_it_says_it_is() -> None:
    async with ends(ICE) as (alice, bob):
        offer = await alice.session.create_offer()
        lines = [line for line in offer.split(b"\r\n") if not line.startswith(b"a=candidate")]
        await alice.session.accept_answer(await bob.session.create_answer(b"\r\n".join(lines)))
        alice.session.start()
        bob.session.start()
        await until(lambda: alice.session.encryption[0] == bob.session.encryption[0] == "dtls")


async def test_both_ask_for_new_pairs_at_a_restart() -> None:
    async with ends(ICE) as (alice, bob), ends(ICE) as (carol, _):
        await connect(alice, bob)
        await until(lambda: bob.session.encryption[0] == "dtls")
        answer = await bob.session.create_answer(await carol.session.create_offer())
        await carol.session.accept_answer(answer)
        carol.session.start()
        await until(lambda: carol.session.encryption[0] == "dtls")
        await say(carol, 3, first=500)
        await until(lambda: (502).to_bytes(2) * 40 in bob.payloads)


async def test_damaged_checks_from_strangers_are_dropped() -> None:
    check = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = 1
    whole = bytes(check)
    at = whole.index(b"\x00\x24\x00\x04")
    cut_short = whole[: at + 3] + b"\x02" + whole[at + 4 :]
    async with ends(ICE) as (alice, bob):
        failures: list[str] = []
        alice.session.on_failure = failures.append
        offer = await alice.session.create_offer()
        link = alice.session._path.ice
        assert link is not None
        for datagram in (cut_short, whole, whole[:20], b"\x00\x01" + bytes(18)):
            link.receive(datagram, ("127.0.0.1", 9))
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        alice.session.start()
        bob.session.start()
        await until(lambda: alice.session.encryption[0] == bob.session.encryption[0] == "dtls")
        assert failures == []

"""Ports, names and commands out of place."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from media.types import AudioFrame
from sip_bridge.core.sdp import SdpError
from sip_bridge.rtp.dtmf import UnknownDigit
from sip_bridge.rtp.negotiation import NotNegotiated
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.session import AudioSession
from sip_bridge.rtp.sockets import NoMediaPort
from tests.integration.rtp_pair import connect, ends, say, until
from tests.lab.ports import free_ports

PLAIN = MediaPolicy("off", codecs=("PCMA",), rtcp_interval=0.1)


async def test_ports_stay_in_their_range_until_it_is_used_up() -> None:
    first = free_ports(4, consecutive=True)[0]
    limited = replace(PLAIN, ports=(first, first + 3))
    async with ends(limited) as (alice, bob):
        assert f"m=audio {first} ".encode() in await alice.session.create_offer()
        assert f"m=audio {first + 2} ".encode() in await bob.session.create_offer()
        with pytest.raises(NoMediaPort):
            await AudioSession.open(limited, "127.0.0.1")
    session = await AudioSession.open(limited, "127.0.0.1")
    await session.close()


async def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(NoMediaPort):
        await AudioSession.open(replace(PLAIN, ports=(20_000, 20_003)), "198.51.100.1")


def ipv6_first(
    host: str, port: int, family: int = 0, *_: object
) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    """What most systems know of `localhost`."""
    known = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))
    return [(kind, socket.SOCK_DGRAM, 0, "", (ip, port)) for kind, ip in known if family in (0, kind)]


async def test_a_host_name_in_a_description_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the family of our socket: no other address could be reached from it."""
    monkeypatch.setattr(socket, "getaddrinfo", ipv6_first)
    async with ends(PLAIN) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        await alice.session.accept_answer(answer.replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 localhost"))
        alice.session.start()
        await say(alice, 3)
        await until(lambda: len(bob.packets) == 3)


@pytest.mark.parametrize("name", [b"nowhere.invalid", b"a" * 64 + b".invalid"])
async def test_a_host_name_nobody_knows(name: bytes) -> None:
    async with ends(PLAIN) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        with pytest.raises(SdpError):
            await alice.session.accept_answer(answer.replace(b"127.0.0.1", name))


async def test_commands_before_their_time() -> None:
    async with ends(PLAIN) as (alice, bob):
        with pytest.raises(NotNegotiated):
            alice.session.send_dtmf("1")
        with pytest.raises(NotNegotiated):
            await alice.session.accept_answer(b"v=0\r\n")
        assert alice.session.codec is None and alice.session.other_codecs == ()
        alice.session.start()
        alice.session.send(AudioFrame(b"x", 160))
        await connect(alice, bob)
        with pytest.raises(UnknownDigit):
            alice.session.send_dtmf("1x")
        await alice.session.abandon_offer()
        with pytest.raises(NotNegotiated):
            await alice.session.accept_answer(b"v=0\r\n")


async def test_no_keys_are_sent_while_held() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        offer = await bob.session.reoffer("sendonly")
        await bob.session.accept_answer(await alice.session.create_answer(offer))
        alice.session.send_dtmf("1")
        await asyncio.sleep(0.3)
        assert bob.digits == ""


async def test_our_own_hold_is_in_our_answers() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        alice.session.hold_locally(True)
        answer = await alice.session.create_answer(await bob.session.reoffer("sendrecv"))
        assert b"a=sendonly" in answer
        agreed = await bob.session.accept_answer(answer)
        assert agreed.remote_hold
        alice.session.hold_locally(False)
        assert b"a=sendrecv" in await alice.session.create_answer(await bob.session.reoffer("sendrecv"))


async def test_the_old_hold_stops_everything_towards_the_peer() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        offer = (await bob.session.reoffer("sendrecv")).replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")
        await alice.session.create_answer(offer)
        assert alice.session.negotiated is not None and alice.session.negotiated.remote_hold
        await say(alice, 3)
        await asyncio.sleep(0.05)
        assert bob.packets == []


async def test_ports_come_back_although_nobody_waits_for_the_close() -> None:
    first = free_ports(2, consecutive=True)[0]
    limited = replace(PLAIN, ports=(first, first + 1))
    for _ in range(3):
        session = await AudioSession.open(limited, "127.0.0.1")
        await session.create_offer()
        closing = asyncio.create_task(session.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await asyncio.sleep(0.01)


async def test_a_closed_session_sends_nothing_and_closes_twice() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await alice.session.close()
        alice.session.send(AudioFrame(b"x" * 160, 160))
        await asyncio.sleep(0.02)
        assert bob.packets == []

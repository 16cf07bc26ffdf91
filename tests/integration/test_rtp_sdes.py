"""Two sessions talk under keys that travelled in the descriptions (RFC 4568)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from sip_bridge.core.media_security import BadAnswer, EncryptionRequired, EncryptionUnavailable
from sip_bridge.rtp.policy import MediaPolicy
from tests.integration.rtp_pair import Relay, connect, ends, say, until

SDES = MediaPolicy(
    "preferred", signalling_secure=True, codecs=("PCMA",), dtls=False, ice=False, rtcp_interval=0.1
)
REQUIRED = replace(SDES, encryption="required")
OFF = replace(SDES, encryption="off")


@pytest.mark.parametrize("policy", [SDES, REQUIRED], ids=["preferred", "required"])
async def test_both_hear_each_other_and_nobody_else_could(policy: MediaPolicy) -> None:
    async with Relay.between() as relay, ends(policy) as (alice, bob):
        await connect(alice, bob, relay)
        await asyncio.gather(say(alice, 30, pause=0.005), say(bob, 30, pause=0.005))
        await until(lambda: len(bob.packets) == 30 and len(alice.packets) == 30 and alice.losses)
        assert bob.payloads[7] == (7).to_bytes(2) * 40
        assert not any((7).to_bytes(2) * 40 in datagram for datagram in relay.seen)
        assert alice.session.encryption == bob.session.encryption == ("sdes", True)
        assert alice.session.statistics().rejected == 0


async def test_the_suite_with_the_short_tag() -> None:
    async with ends(SDES) as (alice, bob):
        offer = await alice.session.create_offer()
        only_short = re.sub(rb"a=crypto:1 [^\r]*\r\n", b"", offer)
        assert b"_32 " in only_short
        await alice.session.accept_answer(await bob.session.create_answer(only_short))
        alice.session.start()
        bob.session.start()
        await say(alice, 5)
        await until(lambda: len(bob.packets) == 5)


async def test_hold_and_resume_keep_the_keys_and_their_counters() -> None:
    async with ends(SDES) as (alice, bob):
        await connect(alice, bob)
        await say(alice, 5)
        for direction in ("sendonly", "sendrecv"):
            offer = await alice.session.reoffer(direction)
            await alice.session.accept_answer(await bob.session.create_answer(offer))
        await asyncio.gather(say(alice, 5), say(bob, 5))
        await until(lambda: len(bob.packets) == 10 and len(alice.packets) == 5)
        assert bob.session.statistics().rejected == 0


async def test_plain_packets_are_never_heard_in_a_protected_call() -> None:
    async with ends(SDES) as (alice, bob), ends(OFF) as (stranger, other):
        await connect(alice, bob)
        port = int((await alice.session.create_offer()).split(b"m=audio ")[1].split()[0])
        offer = re.sub(rb"m=audio \d+", b"m=audio %d" % port, await other.session.create_offer())
        await stranger.session.create_answer(offer)
        stranger.session.start()
        await say(stranger, 3)
        await until(lambda: alice.session.statistics().rejected >= 3)
        assert alice.packets == []


async def test_a_peer_that_only_speaks_plain() -> None:
    async with ends(SDES, OFF) as (alice, bob):
        await connect(alice, bob)
        await say(alice, 3)
        await until(lambda: len(bob.packets) == 3)
        assert alice.session.encryption == bob.session.encryption == ("", False)
    async with ends(REQUIRED, OFF) as (alice, bob):
        with pytest.raises(EncryptionUnavailable):
            await bob.session.create_answer(await alice.session.create_offer())
    async with ends(OFF, REQUIRED) as (alice, bob):
        with pytest.raises(EncryptionRequired):
            await bob.session.create_answer(await alice.session.create_offer())


async def test_keys_stripped_or_changed_on_the_way() -> None:
    async with ends(REQUIRED, SDES) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        stripped = re.sub(rb"a=crypto[^\r]*\r\n", b"", answer).replace(b"RTP/SAVP", b"RTP/AVP")
        with pytest.raises(EncryptionRequired):
            await alice.session.accept_answer(stripped)
        with pytest.raises(BadAnswer):
            await alice.session.accept_answer(answer.replace(b"crypto:1", b"crypto:9"))
        assert alice.session.negotiated is None and alice.session.encryption == ("", False)


async def test_no_early_sound_where_keys_are_awaited() -> None:
    async with ends(SDES, OFF) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        bob.session.start()
        await say(bob, 3)
        await asyncio.sleep(0.05)
        assert alice.packets == []
        await alice.session.accept_answer(answer)
        await say(bob, 3)
        await until(lambda: len(alice.packets) == 3)

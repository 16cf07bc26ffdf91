"""Two sessions make their keys by DTLS (RFC 5763), with ICE and without."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from sip_bridge.core.media_security import EncryptionRequired
from sip_bridge.rtp import ice
from sip_bridge.rtp.policy import MediaPolicy
from tests.integration.rtp_pair import End, Relay, connect, ends, say, until

DTLS = MediaPolicy(
    "preferred", signalling_secure=True, codecs=("PCMA",), sdes=False, ice=False, rtcp_interval=0.1
)
REQUIRED = replace(DTLS, encryption="required")
ICE = replace(DTLS, ice=True)


async def talk(alice: End, bob: End) -> None:
    """Both hear each other and both know what protects them."""
    await until(lambda: alice.session.encryption[0] == bob.session.encryption[0] == "dtls")
    first = 1000 + len(alice.packets)
    await asyncio.gather(say(alice, 10, first=first), say(bob, 10, first=first))
    said = {number.to_bytes(2) * 40 for number in range(first, first + 10)}
    await until(lambda: said <= set(alice.payloads) and said <= set(bob.payloads))


@pytest.mark.parametrize("policy", [DTLS, REQUIRED, ICE], ids=["preferred", "required", "ice"])
async def test_both_hear_each_other(policy: MediaPolicy) -> None:
    async with ends(policy) as (alice, bob):
        await connect(alice, bob)
        await talk(alice, bob)
        await until(lambda: alice.losses)
        assert alice.session.encryption == ("dtls", True)
        negotiated = alice.session.negotiated
        assert negotiated is not None and (negotiated.ice is not None) is bool(policy.ice)


async def test_nothing_passes_before_the_handshake() -> None:
    async with ends(DTLS) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        bob.session.start()
        alice.session.start()
        await say(bob, 5)
        assert bob.session.encryption == ("", False) and alice.packets == []
        await alice.session.accept_answer(answer)
        await talk(alice, bob)


async def test_a_handshake_of_another_branch_disturbs_nobody() -> None:
    async with ends(DTLS) as (alice, bob), ends(DTLS) as (carol, _):
        offer = await alice.session.create_offer()
        await bob.session.create_answer(offer)
        bob.session.start()
        await asyncio.sleep(0.05)
        answer = await carol.session.create_answer(offer)
        carol.session.start()
        await asyncio.sleep(0.05)
        await alice.session.accept_answer(answer)
        alice.session.start()
        await talk(alice, carol)
        assert bob.session.encryption == ("", False)


async def test_the_handshake_survives_loss() -> None:
    async with Relay.between(loss=0.25) as relay, ends(DTLS) as (alice, bob):
        await connect(alice, bob, relay)
        await until(lambda: alice.session.encryption == bob.session.encryption == ("dtls", True), 20)


async def test_hold_keeps_the_association() -> None:
    async with ends(ICE) as (alice, bob):
        await connect(alice, bob)
        await talk(alice, bob)
        for asking, asked in ((alice, bob), (bob, alice)):
            for direction in ("sendonly", "sendrecv"):
                offer = await asking.session.reoffer(direction)
                await asking.session.accept_answer(await asked.session.create_answer(offer))
                assert alice.session.encryption == bob.session.encryption == ("dtls", True)
        await talk(alice, bob)
        assert alice.session.statistics().rejected == 0


async def test_a_peer_with_another_certificate_is_not_believed() -> None:
    async with ends(REQUIRED) as (alice, bob):
        failures: list[str] = []
        alice.session.on_failure = failures.append
        answer = await bob.session.create_answer(await alice.session.create_offer())
        forged = re.sub(rb"sha-256 ..:..", b"sha-256 00:00", answer)
        await alice.session.accept_answer(forged)
        alice.session.start()
        bob.session.start()
        await until(lambda: failures == ["dtls"])
        await say(bob, 3)
        await asyncio.sleep(0.02)
        assert alice.packets == [] and alice.session.encryption == ("", False)


async def test_a_stripped_fingerprint_is_refused() -> None:
    async with ends(REQUIRED, DTLS) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        stripped = re.sub(rb"a=fingerprint[^\r]*\r\n", b"", answer)
        with pytest.raises(EncryptionRequired):
            await alice.session.accept_answer(stripped)


async def test_a_peer_without_ice_reaches_the_same_port() -> None:
    async with ends(ICE, DTLS) as (alice, bob):
        await connect(alice, bob)
        await talk(alice, bob)
    async with ends(DTLS, ICE) as (alice, bob):
        await connect(alice, bob)
        await talk(alice, bob)


async def test_ice_finds_the_way_that_the_description_does_not_name() -> None:
    async with ends(ICE) as (alice, bob):
        offer = await alice.session.create_offer()
        answer = await bob.session.create_answer(_without_default(offer))
        await alice.session.accept_answer(_without_default(answer))
        alice.session.start()
        bob.session.start()
        await talk(alice, bob)


async def test_ice_without_a_way_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "PATIENCE", 0.5)
    async with ends(ICE) as (alice, bob):
        failures: list[str] = []
        alice.session.on_failure = failures.append
        answer = await bob.session.create_answer(await alice.session.create_offer())
        await alice.session.accept_answer(re.sub(rb"ice-pwd:....", b"ice-pwd:xxxx", answer))
        alice.session.start()
        await until(lambda: failures == ["ice"])


async def test_a_forked_call_is_taken_by_the_last_answer() -> None:
    async with ends(ICE) as (alice, bob), ends(ICE) as (carol, _):
        offer = await alice.session.create_offer()
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        await asyncio.sleep(0.1)
        await alice.session.accept_answer(await carol.session.create_answer(offer))
        alice.session.start()
        carol.session.start()
        await until(lambda: carol.session.encryption[0] == "dtls")
        await talk(alice, carol)


async def test_moving_to_another_address() -> None:
    async with ends(ICE) as (alice, bob):
        await connect(alice, bob)
        await talk(alice, bob)
        offer = await alice.session.move("127.0.0.2")
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        await say(alice, 50, pause=0.02)
        await talk(alice, bob)


def _without_default(sdp: bytes) -> bytes:
    return re.sub(rb"m=audio \d+", b"m=audio 9", sdp).replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0")


STRANGER = ("127.0.0.9", 4444)
ALERT = bytes.fromhex("15fefd00000000000000000002") + bytes((2, 40))
JUNK = bytes.fromhex("16fefd00000000000000000020") + bytes(32)
BAD_HELLO = bytes.fromhex("16fefd0000000000000000002001000014000000000000001400") + bytes(19)


@pytest.mark.parametrize("ice", [False, True])
@pytest.mark.parametrize("datagram", [ALERT, JUNK, BAD_HELLO])
@pytest.mark.parametrize("moment", ["ringing", "handshake"])
async def test_a_strangers_datagram_ends_no_handshake(ice: bool, datagram: bytes, moment: str) -> None:
    async with ends(replace(DTLS, ice=ice)) as (alice, bob):
        failures: list[str] = []
        alice.session.on_failure = bob.session.on_failure = failures.append
        answer = await bob.session.create_answer(await alice.session.create_offer())

        def disturb() -> None:
            for end in (alice, bob):
                end.session._path.receive(datagram, STRANGER)

        if moment == "ringing":
            disturb()
        await alice.session.accept_answer(answer)
        alice.session.start()
        bob.session.start()
        if moment == "handshake":
            disturb()
        await until(lambda: alice.session.encryption == bob.session.encryption == ("dtls", True))
        disturb()
        assert failures == []
        assert alice.session.encryption == ("dtls", True)


async def test_a_peer_behind_a_translator_proves_itself_beside_strangers() -> None:
    async with Relay.between() as relay, ends(DTLS) as (alice, bob):
        for end in (alice, bob):
            for number in range(1, 20):
                end.session._path.receive(BAD_HELLO, ("127.0.0.9", number))
        offer = await alice.session.create_offer()
        answer = await bob.session.create_answer(relay.rewrite(offer, 0))
        relay.rewrite(answer, 1)
        elsewhere = answer.replace(b"IN IP4 127.0.0.1", b"IN IP4 127.0.0.77")
        await alice.session.accept_answer(elsewhere)
        alice.session.start()
        for number in range(1, 20):
            alice.session._path.receive(BAD_HELLO, ("127.0.0.9", number))
        bob.session.start()
        await until(lambda: alice.session.encryption == bob.session.encryption == ("dtls", True))
        await talk(alice, bob)

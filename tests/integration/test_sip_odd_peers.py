"""Peers that do what RFCs allow and phones rarely do, played by sipp."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import AccountConfig, ClientSettings, CommandRefused, RegistrationError
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK
from tests.lab.scenarios import (
    ANSWERED,
    bye,
    pause,
    recv,
    recv_with,
    recv_without,
    registrar,
    reply,
)
from tests.lab.scenarios_stage import facing
from tests.lab.sipp import Sipp

pytestmark = pytest.mark.peer


async def call_and_end(caller: Caller) -> None:
    call_id = await caller.dial("peer")
    await asyncio.sleep(0.3)
    await caller.client.calls.hang_up(call_id)
    await caller.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3261 13.2", "our call: 180, 200, ACK, our BYE")
async def test_an_answer_like_any_other(tmp_path: Path) -> None:
    async with facing(tmp_path, *ANSWERED, bye()) as (caller, _):
        await call_and_end(caller)
    assert [type(event) for event in caller.events if isinstance(event, told.Ended)] == [told.Ended]


@pytest.mark.conformance("RFC 3261 17.1.1.2", "an INVITE nobody answers is sent again")
async def test_an_invite_that_is_not_heard_comes_again(tmp_path: Path) -> None:
    async with facing(tmp_path, *ANSWERED, bye()) as (caller, peer):
        peer.pause()
        call_id = await caller.client.dial("peer")
        await asyncio.sleep(1.0)
        assert not caller.heard(told.Progress)
        peer.resume()
        await caller.wait_for(told.Established)
        assert peer.messages.count("INVITE sip:peer@") >= 2
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3261 13.2.2.4", "two 200: the first has the call, the second gets ACK and BYE")
async def test_a_second_branch_that_answers_is_ended(tmp_path: Path) -> None:
    """RFC 3261 13.2.2.4: the first 2xx has the call, the second is acknowledged and hung up."""
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        reply("200 OK", "a", version=1),
        recv("ACK"),
        reply("200 OK", "b", version=2, to_noted=True),
        recv("ACK"),
        recv_with("BYE", "tag=b", "To"),
        reply("200 OK"),
        recv_with("BYE", "tag=a", "To"),
        reply("200 OK"),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        await call_and_end(caller)
        assert len(caller.heard(told.Established)) == len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance(
    "RFC 3261 13.2.2.4", "two forks with sound before the answer: the one that answers is heard"
)
async def test_early_media_of_two_branches(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("183 Session Progress", "a", version=1),
        pause(100),
        reply("183 Session Progress", "b", version=2),
        pause(100),
        reply("200 OK", "b", version=2, repeat=True),
        recv_with("ACK", "tag=b", "To"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        await call_and_end(caller)
        early = [event.early for event in caller.heard(told.MediaReady)]
        assert early[:2] == [True, True] and early[-1] is False
        assert [event.status for event in caller.heard(told.Progress)] == [183, 183]


@pytest.mark.conformance("RFC 3261 9.1", "a 200 that crosses our CANCEL: ACK, then BYE")
async def test_an_answer_that_crosses_our_cancel(tmp_path: Path) -> None:
    """The 200 to INVITE is on its way when CANCEL arrives: ACK it, then BYE (RFC 3261 9.1, 15)."""
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        recv("CANCEL"),
        reply("200 OK", "a"),
        reply("200 OK", "a", version=1, to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.client.dial("peer")
        await caller.wait_for(told.Progress)
        await caller.client.calls.hang_up(call_id)
        ended = await caller.wait_for(told.Ended)
        assert ended.reason == "hung-up"
        await asyncio.sleep(0.3)
        assert not caller.heard(told.Established) and len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance("RFC 3261 14.1", "491 to our re-INVITE in a call of ours: again after 2.1 to 4 s")
async def test_glare_is_tried_again(tmp_path: Path) -> None:
    """RFC 3261 14.1: after 491 the owner of the Call-ID waits 2.1 to 4 s."""
    steps = (
        *ANSWERED,
        recv("INVITE"),
        reply("491 Request Pending"),
        recv("ACK"),
        recv("INVITE"),
        reply("200 OK", version=2, direction="recvonly"),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        began = asyncio.get_running_loop().time()
        await caller.client.calls.hold(call_id)
        assert 2.0 < asyncio.get_running_loop().time() - began < 5.0
        assert caller.heard(told.MediaChanged)[-1].held
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3261 14.1", "488 to our re-INVITE: the call stays as it was")
async def test_a_hold_that_is_refused_leaves_the_call_as_it_was(tmp_path: Path) -> None:
    steps = (*ANSWERED, recv("INVITE"), reply("488 Not Acceptable Here"), recv("ACK"), bye())
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        with pytest.raises(CommandRefused):
            await caller.client.calls.hold(call_id)
        assert not caller.client.calls.leg(call_id).held
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3261 8.1.3.4", "302 is followed to the place it names")
async def test_elsewhere(tmp_path: Path) -> None:
    """A 302 is followed to the address it names."""
    with_contact = "Contact: <sip:other@[local_ip]:[local_port]>\n"
    steps = (
        recv("INVITE"),
        reply("302 Moved Temporarily", "a", headers=with_contact),
        recv("ACK"),
        *ANSWERED,
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await call_and_end(caller)
        assert "INVITE sip:other@" in peer.messages


@pytest.mark.conformance("RFC 3261 13.2.2.3", "{status}: acknowledged, told as {reason}")
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("486 Busy Here", "busy"),
        ("603 Decline", "declined"),
        ("480 Temporarily Unavailable", "unreachable"),
        ("404 Not Found", "not-found"),
        ("403 Forbidden", "not-allowed"),
        ("503 Service Unavailable", "server-error"),
    ],
)
async def test_refusals_have_their_reason(tmp_path: Path, status: str, reason: str) -> None:
    async with facing(tmp_path, recv("INVITE"), reply(status, "a"), recv("ACK")) as (caller, _):
        await caller.client.dial("peer")
        ended = await caller.wait_for(told.Ended)
        assert (ended.reason, ended.status) == (reason, int(status[:3]))


@pytest.mark.conformance("RFC 3261 22.3", "a peer that asks for our password in another realm gets nothing")
async def test_a_peer_that_challenges_our_bye_gets_nothing(tmp_path: Path) -> None:
    challenge = 'Proxy-Authenticate: Digest realm="thief", nonce="n", algorithm=MD5, qop="auth"\n'
    steps = (
        *ANSWERED,
        recv_without("BYE", "Proxy-Authorization"),
        reply("407 Proxy Authentication Required", headers=challenge),
        pause(700),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await call_and_end(caller)
    assert len(set(re.findall(r"^CSeq: (\d+) BYE", peer.messages, re.MULTILINE))) == 1
    assert "Proxy-Authorization" not in peer.messages


CHALLENGES = (
    'WWW-Authenticate: Digest realm="phone.test", nonce="one", algorithm=AKAv2-SHA-256, qop="auth"\n'
    'WWW-Authenticate: Digest realm="phone.test", nonce="two", algorithm=SHA-256, qop="auth"\n'
    'WWW-Authenticate: Digest realm="phone.test", nonce="three", algorithm=MD5, qop="auth"\n'
)
STALE = (
    'WWW-Authenticate: Digest realm="phone.test", nonce="four", stale=true, algorithm=SHA-256, qop="auth"\n'
)


@pytest.mark.conformance(
    "RFC 8760 2.4", "three algorithms, then a stale nonce: the strongest known one, then the new nonce"
)
async def test_of_several_challenges_the_strongest_known_one_is_answered(tmp_path: Path) -> None:
    steps = (
        recv_without("REGISTER", "Authorization"),
        reply("401 Unauthorized", "r", headers=CHALLENGES),
        recv_with("REGISTER", "SHA-256", "Authorization"),
        reply("401 Unauthorized", "r", headers=STALE),
        recv_with("REGISTER", "nonce=.four", "Authorization"),
        reply("200 OK", "r", headers="[last_Contact:]\n").replace(
            "Contact: <sip:peer@[local_ip]:[local_port]>\n", ""
        ),
    )
    peer = Sipp(tmp_path / "peer", registrar(*steps))
    peer.start()
    try:
        async with Caller(ClientSettings(sign_out_timeout_s=0.2)) as caller:
            await caller.start(AccountConfig(LOOPBACK, "1001", "secret", peer.port, "udp"))
            await asyncio.to_thread(peer.finish)
        answered = re.findall(r'^Authorization: .*\bnonce="(\w+)"', peer.messages, re.MULTILINE)
        assert answered == ["two", "four"]
        assert "secret" not in peer.messages
    finally:
        peer.stop()


@pytest.mark.conformance(
    "RFC 3261 22.1", "a registrar that asks for nothing we know: refused, not tried again"
)
async def test_a_registrar_that_only_speaks_of_what_we_do_not_know(tmp_path: Path) -> None:
    unknown = 'WWW-Authenticate: Digest realm="phone.test", nonce="one", algorithm=AKAv1-MD5\n'
    steps = (recv("REGISTER"), reply("401 Unauthorized", "r", headers=unknown))
    peer = Sipp(tmp_path / "peer", registrar(*steps))
    peer.start()
    try:
        async with Caller() as caller:
            with pytest.raises(RegistrationError) as refused:
                await caller.start(AccountConfig(LOOPBACK, "1001", "secret", peer.port, "udp"))
            assert (refused.value.code, refused.value.status) == ("wrong-credentials", 401)
        await asyncio.to_thread(peer.finish)
    finally:
        peer.stop()

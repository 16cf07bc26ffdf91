"""Offers in a standing call, played by sipp: hold, codecs, UPDATE, glare, a BYE or CANCEL between."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import CommandRefused
from sip_bridge.rtp.session import AudioSession
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.scenarios import bye, described, pause, recv, reply
from tests.lab.scenarios_dialog import TALKING, THEIR_BYE, answer, answer_with_body, ask, body_has, within
from tests.lab.scenarios_stage import called, ended, facing, hang_up, seen, talks

pytestmark = pytest.mark.peer

NOTED_ANSWER = (
    recv("INVITE", note=True),
    reply("180 Ringing", "a"),
    reply("200 OK", "a", version=1),
    recv("ACK"),
)


def held(event: told.MediaChanged) -> bool:
    return event.remote_held


async def held_and_back(phone: Caller) -> None:
    """The far end puts us on hold and takes us off again."""
    await phone.wait_for(told.MediaChanged, where=held)
    await phone.wait_for(told.MediaChanged, where=lambda event: not event.remote_held)


# --- offers of the far end ------------------------------------------------------------------------


HOLDS = [
    ("a=sendonly", described(2, direction="sendonly"), "a=recvonly"),
    ("a=inactive", described(2, direction="inactive"), "a=inactive"),
    ("the address 0.0.0.0", described(2, address="0.0.0.0"), "a=recvonly"),
]


@pytest.mark.conformance("RFC 3264 8.4", "the far end holds by {how} and comes back")
@pytest.mark.parametrize(("how", "offer", "answered"), HOLDS, ids=[case[0] for case in HOLDS])
async def test_the_far_end_holds(tmp_path: Path, how: str, offer: str, answered: str) -> None:
    steps = (
        *TALKING,
        ask("INVITE", 2, inside=True, sdp=offer),
        answer(100, optional=True),
        answer_with_body(200, answered),
        ask("ACK", 2, inside=True),
        pause(200),
        ask("INVITE", 3, inside=True, version=3),
        answer(100, optional=True),
        answer_with_body(200, "a=sendrecv"),
        ask("ACK", 3, inside=True),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        await held_and_back(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3264 8.3.2", "the codec changes in the middle of a call, by {method}")
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_another_codec(tmp_path: Path, method: str) -> None:
    ack = (ask("ACK", 2, inside=True),) if method == "INVITE" else ()
    steps = (
        *TALKING,
        ask(method, 2, inside=True, sdp=described(2, codec=0)),
        answer(100, optional=True),
        answer_with_body(200, "RTP/AVP 0"),
        *ack,
        pause(200),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        changed = await phone.wait_for(told.MediaChanged, where=lambda event: event.codec == "PCMU")
        session = phone.client.audio(call_id)
        assert session is not None and session.codec is not None and session.codec.name == "PCMU"
        assert (changed.call_id, phone.heard(told.Established)[0].codec) == (call_id, "PCMA")
        await ended(phone)


class Sound:
    """Where the far end wants its sound: the payload types of what comes, RTP and RTCP in one list."""

    def __init__(self) -> None:
        self.port, second = free_ports(2, consecutive=True)
        self._sockets = [self._bound(port) for port in (self.port, second)]

    @staticmethod
    def _bound(port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((LOOPBACK, port))
        bound.setblocking(False)
        return bound

    def came(self) -> list[int]:
        """Payload types of the packets since the last look."""
        types = []
        for bound in self._sockets:
            with suppress(BlockingIOError):
                while packet := bound.recv(2048):
                    types.append(packet[1] & 0x7F)
        return types

    def close(self) -> None:
        for bound in self._sockets:
            bound.close()


@pytest.fixture
def sound() -> Iterator[Sound]:
    sound = Sound()
    yield sound
    sound.close()


@pytest.mark.conformance(
    "RFC 3264 8.3.2", "the sound itself: another codec from then on, nothing while held by 0.0.0.0"
)
async def test_what_is_sent_follows(tmp_path: Path, sound: Sound) -> None:
    def at(sdp: str) -> str:
        return sdp.replace("[media_port]", str(sound.port))

    def offer(cseq: int, sdp: str) -> tuple[str, ...]:
        asked = ask("INVITE", cseq, inside=True, sdp=at(sdp))
        return asked, answer(100, optional=True), answer(200), ask("ACK", cseq, inside=True), pause(500)

    steps = (
        ask("INVITE", 1, sdp=at(described(1)), branch="z9hG4bKsound[call_number]"),
        *TALKING[1:],
        pause(500),
        *offer(2, described(2, codec=0)),
        *offer(3, described(3, codec=0, address="0.0.0.0")),
        *offer(4, described(4)),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        await asyncio.sleep(0.3)
        assert set(sound.came()) == {8}
        await phone.wait_for(told.MediaChanged, where=lambda event: event.codec == "PCMU")
        await asyncio.sleep(0.1)
        sound.came()
        await asyncio.sleep(0.2)
        assert set(sound.came()) == {0}
        await phone.wait_for(told.MediaChanged, where=held)
        await asyncio.sleep(0.1)
        sound.came()
        await asyncio.sleep(0.3)
        assert sound.came() == []
        await phone.wait_for(told.MediaChanged, 3)
        await asyncio.sleep(0.3)
        assert sound.came()[-1] == 8
        gone = await ended(phone)
        assert (gone.call_id, gone.reason) == (call_id, "remote-hung-up")


@pytest.mark.conformance("RFC 3261 14.2", "an offer nobody can meet is 488, the call goes on as it was")
async def test_an_offer_without_anything_in_common(tmp_path: Path) -> None:
    strange = described(2).replace("RTP/AVP 8 101", "RTP/AVP 96").replace("rtpmap:8 PCMA", "rtpmap:96 G729D")
    branch = "z9hG4bKstrange[call_number]"
    steps = (
        *TALKING,
        ask("INVITE", 2, inside=True, sdp=strange, branch=branch),
        answer(100, optional=True),
        answer(488),
        ask("ACK", 2, inside=True, branch=branch),
        pause(200),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert [event.codec for event in phone.heard(told.MediaChanged)] == []
        assert phone.heard(told.Established)[0].call_id == call_id


@pytest.mark.conformance(
    "RFC 3264 5", "a re-INVITE without an offer gets ours; an ACK without the answer is BYE"
)
async def test_a_reinvite_without_an_offer_that_is_never_answered(tmp_path: Path) -> None:
    steps = (
        *TALKING,
        ask("INVITE", 2, inside=True),
        answer(100, optional=True),
        answer_with_body(200, "m=audio"),
        ask("ACK", 2, inside=True),
        bye(),
    )
    async with called(tmp_path, *steps) as (phone, peer):
        await talks(phone)
        await ended(phone)
        assert "No answer in ACK" in peer.messages


@pytest.mark.conformance(
    "RFC 3311 5.2", "UPDATE without a body refreshes; with one it holds; a second at once waits"
)
async def test_updates(tmp_path: Path) -> None:
    steps = (
        *TALKING,
        ask("UPDATE", 2, inside=True),
        answer(200, where="Allow", has="UPDATE"),
        ask("UPDATE", 3, inside=True, sdp=described(2, direction="sendonly")),
        answer_with_body(200, "a=recvonly"),
        pause(100),
        ask("UPDATE", 4, inside=True, version=3),
        answer_with_body(200, "a=sendrecv"),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        await held_and_back(phone)
        await ended(phone)


@pytest.mark.conformance(
    "RFC 3311 5.2", "an UPDATE with an offer before the first one is answered: 500, Retry-After"
)
async def test_an_update_too_early(tmp_path: Path) -> None:
    steps = (
        TALKING[0],
        TALKING[1],
        TALKING[2],
        ask("UPDATE", 2, inside=True, version=2),
        answer(500, where="Retry-After", has="[0-9]"),
        answer(200, to="INVITE"),
        ask("ACK", 1, inside=True),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, peer):
        incoming = await phone.wait_for(told.Incoming)
        await phone.client.calls.ring(incoming.call_id)
        await seen(peer, "SIP/2.0 500")
        await phone.client.calls.answer(incoming.call_id)
        assert (await ended(phone)).reason == "remote-hung-up"


# --- glare ----------------------------------------------------------------------------------------


@pytest.mark.conformance("RFC 3261 14.1", "glare in a call that came: 491 both ways, we try again within 2 s")
async def test_glare_on_both_sides(tmp_path: Path) -> None:
    branch = "z9hG4bKglare[call_number]"
    steps = (
        *TALKING,
        recv("INVITE", note=True),
        ask("INVITE", 2, inside=True, version=2, branch=branch),
        answer(491),
        ask("ACK", 2, inside=True, branch=branch),
        reply("491 Request Pending", "odd", to_noted=True),
        recv("ACK"),
        body_has("INVITE", "a=sendonly"),
        reply("200 OK", version=3, direction="recvonly"),
        recv("ACK"),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        began = asyncio.get_running_loop().time()
        await phone.client.calls.hold(call_id)
        assert asyncio.get_running_loop().time() - began < 2.6
        assert phone.heard(told.MediaChanged)[-1].held
        await ended(phone)


@pytest.mark.conformance("RFC 3311 5.2", "an UPDATE of the far end that meets our re-INVITE: 491")
async def test_an_update_that_meets_our_offer(tmp_path: Path) -> None:
    steps = (
        *NOTED_ANSWER,
        recv("INVITE", note=True),
        within("UPDATE", 1, version=2),
        answer(491),
        reply("200 OK", "a", version=3, direction="recvonly", to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        await caller.client.calls.hold(call_id)
        assert caller.client.calls.leg(call_id).held
        await hang_up(caller, call_id)


# --- BYE between ------------------------------------------------------------------------------------


@pytest.mark.conformance(
    "RFC 3261 15.1.2", "BYE of the far end while our re-INVITE waits: both are over, said once"
)
async def test_a_bye_during_our_reinvite(tmp_path: Path) -> None:
    steps = (
        *TALKING,
        recv("INVITE", note=True),
        ask("BYE", 2, inside=True),
        answer(200, to="BYE"),
        reply("487 Request Terminated", "odd", to_noted=True),
        recv("ACK"),
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        with pytest.raises(CommandRefused):
            await phone.client.calls.hold(call_id)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 15.1.2", "BYE behind the far end's own re-INVITE: 200 to one, an end to the other"
)
async def test_a_bye_behind_a_reinvite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(session: AudioSession, offer: bytes) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    steps = (
        *TALKING,
        pause(200),
        ask("INVITE", 2, inside=True, version=2, branch="z9hG4bKre[call_number]"),
        answer(100),
        ask("BYE", 3, inside=True),
        answer(200, to="3 BYE"),
        answer(487, to="2 INVITE"),
        ask("ACK", 2, inside=True, branch="z9hG4bKre[call_number]"),
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        monkeypatch.setattr(AudioSession, "create_answer", never)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 14.1", "we hang up while our re-INVITE waits: BYE at once, its late 200 gets an ACK"
)
async def test_we_hang_up_during_our_reinvite(tmp_path: Path) -> None:
    steps = (
        *NOTED_ANSWER,
        recv("INVITE", note=True),
        recv("BYE"),
        reply("200 OK"),
        reply("200 OK", "a", version=2, direction="recvonly", to_noted=True),
        recv("ACK"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        holding = asyncio.create_task(caller.client.calls.hold(call_id))
        await seen(peer, "INVITE sip:", 2)
        assert (await hang_up(caller, call_id)).reason == "hung-up"
        with pytest.raises(CommandRefused):
            await holding
        assert len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance("RFC 3261 9.2", "CANCEL of a re-INVITE that is answered already changes nothing")
async def test_a_cancelled_reinvite(tmp_path: Path) -> None:
    branch = "z9hG4bKre[call_number]"
    steps = (
        *TALKING,
        ask("INVITE", 2, inside=True, version=2, branch=branch),
        answer(100, optional=True),
        answer(200, to="INVITE"),
        ask("CANCEL", 2, inside=True, branch=branch),
        answer(200, to="CANCEL"),
        ask("ACK", 2, inside=True),
        pause(200),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"

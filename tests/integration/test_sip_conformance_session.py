"""Offers in a standing call, played by sipp: hold, codecs, UPDATE, glare, a BYE or CANCEL between."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.scenarios import bye, described, pause
from tests.lab.scenarios_dialog import TALKING, THEIR_BYE, answer, answer_with_body, ask
from tests.lab.scenarios_stage import called, ended, seen, talks

pytestmark = pytest.mark.peer


def held(event: told.MediaChanged) -> bool:
    return event.remote_held


async def held_and_back(phone: Caller) -> None:
    """The far end puts us on hold and takes us off again."""
    await phone.wait_for(told.MediaChanged, where=held)
    await phone.wait_for(told.MediaChanged, where=lambda event: not event.remote_held)


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


BETWEEN_MS = 1200
"""The far end leaves it at that for so long: we look in the first half, however late."""


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
        return (
            asked,
            answer(100, optional=True),
            answer(200),
            ask("ACK", cseq, inside=True),
            pause(BETWEEN_MS),
        )

    steps = (
        ask("INVITE", 1, sdp=at(described(1)), branch="z9hG4bKsound[call_number]"),
        *TALKING[1:],
        pause(BETWEEN_MS),
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
        await seen(peer, "No answer in ACK")


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

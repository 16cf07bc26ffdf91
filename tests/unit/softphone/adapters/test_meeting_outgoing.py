"""What we send is published, tried again, and published anew when nobody reports of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from media.types import AudioFrame
from service_api.meeting import Command, Done, Publish
from softphone.adapters import meeting_outgoing
from softphone.adapters.aiortc_hooks import new_connection
from softphone.adapters.meeting_outgoing import CONNECT_S, SILENT_S, Outgoing
from softphone.adapters.meeting_signal import MeetingSignal
from softphone.adapters.meeting_voice import MeetingVoice
from softphone.domain.errors import MeetingRefused


class Service:
    """Answers offers, with somebody behind it who takes them (`takes`) or never connects."""

    def __init__(self) -> None:
        self.offers: list[str] = []
        self.refusals = 0
        self.takes = True
        self.far_ends: list[RTCPeerConnection] = []

    async def send(self, command: Command) -> Done:
        """What MeetingSocket.send is."""
        assert isinstance(command, Publish)
        self.offers.append(command.sdp)
        if self.refusals:
            self.refusals -= 1
            raise MeetingRefused("engine-down")
        far_end = new_connection()
        self.far_ends.append(far_end)
        await far_end.setRemoteDescription(RTCSessionDescription(command.sdp, "offer"))
        await far_end.setLocalDescription(await far_end.createAnswer())
        answer = str(far_end.localDescription.sdp)
        if not self.takes:
            await asyncio.shield(far_end.close())
        return Done(id=command.id, sdp=answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A retry that a test can wait for, and one address."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    monkeypatch.setattr(meeting_outgoing, "FIRST_RETRY_S", 0.01)
    yield


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    yield service
    await asyncio.gather(*(far_end.close() for far_end in service.far_ends))


@pytest.fixture
async def outgoing(service: Service) -> AsyncIterator[Outgoing]:
    with ThreadPoolExecutor(1) as executor:
        outgoing = Outgoing(MeetingSignal(service.send), MeetingVoice(), executor)
        yield outgoing
        await outgoing.close()


async def connected(outgoing: Outgoing) -> None:
    """It flows."""
    async with asyncio.timeout(5):
        while not outgoing.connected:
            await asyncio.sleep(0.01)


async def asked(service: Service, times: int) -> None:
    """So many offers were made."""
    async with asyncio.timeout(5):
        while len(service.offers) < times:
            await asyncio.sleep(0.005)


async def test_sound_and_picture_are_offered_in_one_bundle_opus_and_vp8_alone(
    outgoing: Outgoing, service: Service
) -> None:
    await outgoing.begin()
    await connected(outgoing)
    lines = service.offers[0].splitlines()
    assert [line.split()[0] for line in lines if line.startswith("m=")] == ["m=audio", "m=video"]
    codecs = [line.split()[1].split("/")[0] for line in lines if line.startswith("a=rtpmap")]
    assert codecs == ["opus", "VP8", "rtx"]
    assert len({line for line in lines if line.startswith("a=ice-ufrag")}) == 1
    assert lines.count("a=sendonly") == 2
    assert [track.kind for track in outgoing.tracks()] == ["audio"]


async def test_a_refusal_is_tried_again_and_nothing_is_lost_meanwhile(
    outgoing: Outgoing, service: Service
) -> None:
    service.refusals = 2
    outgoing.send(AudioFrame(b"early", 960))
    await outgoing.begin()
    await connected(outgoing)
    assert len(service.offers) == 3


async def test_two_tickets_at_once_make_one_publisher(outgoing: Outgoing, service: Service) -> None:
    await asyncio.gather(outgoing.begin(), outgoing.begin())
    await connected(outgoing)
    await asyncio.sleep(0.1)
    alive = [far_end for far_end in service.far_ends if far_end.connectionState == "connected"]
    assert len(alive) == 1


async def test_a_connection_that_never_comes_about_is_given_up(outgoing: Outgoing, service: Service) -> None:
    service.takes = False
    await outgoing.begin()
    await asked(service, 1)
    await asyncio.sleep(0.05)
    now = asyncio.get_running_loop().time()
    outgoing.watch(now + CONNECT_S - 1)
    await asyncio.sleep(0.02)
    assert len(service.offers) == 1
    outgoing.watch(now + CONNECT_S + 1)
    await asked(service, 2)


async def test_a_far_end_that_reports_no_more_is_left_for_another(
    outgoing: Outgoing, service: Service
) -> None:
    await outgoing.begin()
    await connected(outgoing)
    now = asyncio.get_running_loop().time()
    outgoing.watch(now + SILENT_S - 1)
    await asyncio.sleep(0.02)
    assert len(service.offers) == 1
    outgoing.watch(now + SILENT_S + 1)
    await asked(service, 2)
    await connected(outgoing)


async def test_closing_ends_it_for_good(outgoing: Outgoing, service: Service) -> None:
    await outgoing.begin()
    await connected(outgoing)
    await outgoing.close()
    await outgoing.close()
    assert not outgoing.connected and outgoing.tracks() == ()
    outgoing.watch(1e9)
    await asyncio.sleep(0.05)
    assert len(service.offers) == 1

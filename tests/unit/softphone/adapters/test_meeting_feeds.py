"""The table of feeds: what is asked of the service, what is tried again, which height is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiortc import RTCPeerConnection, RTCRtpSender

from service_api.meeting import Adjust, Answer, Command, Done, Subscribe, Unsubscribe
from softphone.adapters import meeting_feeds
from softphone.adapters.aiortc_hooks import new_connection
from softphone.adapters.meeting_feeds import Feeds, asked_height
from softphone.adapters.meeting_signal import MeetingSignal
from softphone.adapters.meeting_voice import MeetingVoice
from softphone.domain.errors import MeetingRefused, ServiceUnreachable, SoftphoneError
from softphone.runtime.frames import FrameSlot


class Service:
    """Offers a feed nobody ever sends, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Command] = []
        self.refuse: list[SoftphoneError] = []
        self._far_ends: list[RTCPeerConnection] = []

    async def send(self, command: Command) -> Done:
        """What MeetingSocket.send is."""
        self.asked.append(command)
        if self.refuse:
            raise self.refuse.pop(0)
        if isinstance(command, Subscribe):
            number = sum(isinstance(asked, Subscribe) for asked in self.asked)
            return Done(id=command.id, subscription=f"s{number}", sdp=await self._offer())
        return Done(id=command.id)

    async def _offer(self) -> str:
        far_end = new_connection()
        self._far_ends.append(far_end)
        for kind in ("audio", "video"):
            transceiver = far_end.addTransceiver(kind, direction="sendonly")
            codecs = RTCRtpSender.getCapabilities(kind).codecs
            transceiver.setCodecPreferences([c for c in codecs if c.mimeType in ("audio/opus", "video/VP8")])
        await far_end.setLocalDescription(await far_end.createOffer())
        return str(far_end.localDescription.sdp)

    async def close(self) -> None:
        """End the far ends."""
        await asyncio.gather(*(far_end.close() for far_end in self._far_ends))

    def kinds(self) -> list[str]:
        """What was asked, in order."""
        return [type(command).__name__ for command in self.asked]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times that a test can wait for, and one address."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    monkeypatch.setattr(meeting_feeds, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(meeting_feeds, "ADJUST_S", 0.02)
    yield


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    yield service
    await service.close()


@pytest.fixture
async def feeds(service: Service) -> AsyncIterator[Feeds]:
    slots: dict[str, FrameSlot] = {}
    with ThreadPoolExecutor(1) as executor:
        feeds = Feeds(
            MeetingSignal(service.send),
            MeetingVoice(),
            executor,
            lambda session: slots.setdefault(session, FrameSlot()),
            lambda: None,
        )
        yield feeds
        await feeds.close()


async def until(service: Service, *kinds: str) -> None:
    """Exactly this has been asked."""
    async with asyncio.timeout(5):
        while service.kinds() != list(kinds):
            await asyncio.sleep(0.005)


def test_what_is_asked_for_is_the_next_height_up() -> None:
    assert [asked_height(shown) for shown in (None, 0, 100, 180, 181, 700, 4000)] == [
        0,
        720,
        180,
        180,
        360,
        720,
        1080,
    ]


async def test_a_feed_is_asked_for_and_answered_as_the_active_side(feeds: Feeds, service: Service) -> None:
    feeds.add("f1", "anna")
    await until(service, "Subscribe", "Answer")
    subscribe, answer = service.asked
    assert isinstance(subscribe, Subscribe) and isinstance(answer, Answer)
    assert (subscribe.feed, subscribe.video, subscribe.height) == ("f1", True, 720)
    assert answer.subscription == "s1"
    assert "a=setup:active" in answer.sdp and "a=recvonly" in answer.sdp
    assert len({line for line in answer.sdp.splitlines() if line.startswith("a=ice-ufrag")}) == 1


@pytest.mark.parametrize("failure", [MeetingRefused("engine-down"), ServiceUnreachable("gone")])
async def test_a_refusal_is_tried_again(feeds: Feeds, service: Service, failure: SoftphoneError) -> None:
    service.refuse = [failure, failure]
    feeds.add("f1", "anna")
    await until(service, "Subscribe", "Subscribe", "Subscribe", "Answer")


async def test_a_refused_answer_ends_the_subscription_of_that_try(feeds: Feeds, service: Service) -> None:
    feeds.add("f1", "anna")
    await until(service, "Subscribe", "Answer")
    feeds.add("f1", "anna")
    async with asyncio.timeout(5):
        while len(service.asked) < 5:
            await asyncio.sleep(0.005)
    assert sorted(service.kinds()[2:]) == ["Answer", "Subscribe", "Unsubscribe"]
    ended = next(command for command in service.asked if isinstance(command, Unsubscribe))
    assert ended.subscription == "s1"


async def test_a_removed_feed_is_unsubscribed_and_nothing_tried_any_more(
    feeds: Feeds, service: Service
) -> None:
    feeds.add("f1", "anna")
    await until(service, "Subscribe", "Answer")
    await feeds.remove("f1")
    await until(service, "Subscribe", "Answer", "Unsubscribe")
    await feeds.remove("f1")
    service.refuse = [MeetingRefused("not-found")] * 50
    feeds.add("f2", "bo")
    await asyncio.sleep(0.03)
    await feeds.remove("f2")
    count = len(service.asked)
    await asyncio.sleep(0.05)
    assert len(service.asked) == count


async def test_a_hidden_session_is_asked_for_without_picture_and_adjusted_once(
    feeds: Feeds, service: Service
) -> None:
    feeds.look("anna", None)
    feeds.add("f1", "anna")
    await until(service, "Subscribe", "Answer")
    subscribe = service.asked[0]
    assert isinstance(subscribe, Subscribe) and (subscribe.video, subscribe.height) == (False, 0)
    for shown in range(100, 400, 10):
        feeds.look("anna", shown)
    await until(service, "Subscribe", "Answer", "Adjust")
    adjust = service.asked[2]
    assert isinstance(adjust, Adjust)
    assert (adjust.subscription, adjust.video, adjust.height) == ("s1", True, 540)
    feeds.look("anna", 500)
    await asyncio.sleep(0.06)
    assert len(service.asked) == 3, "the same height is not asked for twice"


async def test_a_feed_of_which_nothing_comes_is_asked_for_anew(feeds: Feeds, service: Service) -> None:
    feeds.add("f1", "anna")
    await until(service, "Subscribe", "Answer")
    await asyncio.sleep(0.05)
    now = asyncio.get_running_loop().time()
    feeds.watch(now + meeting_feeds.STALLED_S - 1)
    assert service.kinds() == ["Subscribe", "Answer"]
    feeds.watch(now + meeting_feeds.STALLED_S + 1)
    async with asyncio.timeout(5):
        while service.kinds().count("Answer") < 2:
            await asyncio.sleep(0.005)
    assert "Unsubscribe" in service.kinds()
    assert feeds.tracks("anna") == ()

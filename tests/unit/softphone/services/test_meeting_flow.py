"""When media may begin, and that what is late or refused begins nothing."""

from __future__ import annotations

import asyncio

import pytest

from service_api import meeting as wire
from softphone.domain.errors import MeetingRefused, ServiceUnreachable, SoftphoneError
from softphone.domain.meeting import Meeting, Track
from softphone.runtime.tasks import Tasks
from softphone.services.meeting_figures import measured, quality
from softphone.services.meeting_flow import AGAIN_S, MediaFlow
from tests.doubles.application import settle
from tests.doubles.meeting_ports import FakeMedia
from tests.doubles.meetings import a_meeting, a_person
from tests.doubles.virtual_time import run_virtually


class Rig:
    """A flow on doubles; `refusals` are said to redeem, `pause` holds it up."""

    def __init__(self) -> None:
        self.media, self.tasks = FakeMedia(), Tasks()
        self.redeemed: list[str] = []
        self.refusals: list[SoftphoneError] = []
        self.pause: asyncio.Event | None = None
        self.flows: list[bool] = []
        self.spoiled = 0
        self.flow = MediaFlow(
            self.media,
            self._signal,
            lambda: "me",
            self.tasks,
            on_flow=self.flows.append,
            on_spoiled=self._spoiled,
        )

    def _spoiled(self) -> None:
        self.spoiled += 1

    async def _signal(self, command: wire.Command) -> wire.Done:
        assert isinstance(command, wire.Redeem)
        if self.pause is not None:
            await self.pause.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.redeemed.append(command.ticket)
        return wire.Done(id=command.id)

    @property
    def done(self) -> list[tuple[object, ...]]:
        """What the media was asked."""
        return self.media.done


def feed(number: int, session: str = "other") -> wire.Feed:
    """Somebody's."""
    return wire.Feed(id=f"f{number}", session=session, audio=True, video=True)


TICKET = "t" * 43


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def test_feeds_wait_for_the_ticket(rig: Rig) -> None:
    rig.flow.told([feed(1), feed(2, "me")])
    rig.flow.added(feed(3))
    rig.flow.removed("f3")
    await rig.flow.settled()
    assert rig.done == []
    rig.flow.ticket(TICKET)
    await rig.flow.settled()
    assert rig.done == [("join",), ("feed_added", "f1", "other")]
    assert rig.flows == [True]


async def test_everything_begins_anew_with_another_ticket(rig: Rig) -> None:
    rig.flow.told([feed(1)])
    rig.flow.ticket(TICKET)
    await rig.flow.settled()
    rig.flow.lost()
    rig.flow.told([feed(2)])
    rig.flow.ticket(TICKET)
    await rig.flow.settled()
    assert rig.done[2:] == [("feed_removed", "f1"), ("join",), ("feed_added", "f2", "other")]
    assert rig.flows == [True, False, True]


async def test_a_ticket_of_a_connection_that_is_gone_begins_nothing(rig: Rig) -> None:
    rig.pause = asyncio.Event()
    rig.flow.ticket(TICKET)
    await settle()
    rig.flow.lost()
    rig.pause.set()
    await rig.flow.settled()
    assert rig.done == []


async def test_put_out_while_the_ticket_is_redeemed_begins_nothing_either(rig: Rig) -> None:
    rig.pause = asyncio.Event()
    rig.flow.ticket(TICKET)
    await settle()
    rig.flow.stop()
    rig.pause.set()
    await rig.flow.settled()
    assert rig.done == [("leave",)]


@pytest.mark.parametrize("call", ["feed_removed", "join", "feed_added"])
async def test_put_out_while_media_begins_anew_begins_nothing_either(
    rig: Rig, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.flow.told([feed(1)])
    rig.flow.ticket(TICKET)
    await rig.flow.settled()
    rig.flow.lost()
    held, go_on = asyncio.Event(), asyncio.Event()
    really = getattr(rig.media, call)

    async def slow(*args: object, **more: object) -> None:
        held.set()
        await go_on.wait()
        await really(*args, **more)

    monkeypatch.setattr(rig.media, call, slow)
    rig.flow.told([feed(2)])
    rig.flow.ticket(TICKET)
    await held.wait()
    rig.flow.stop()
    go_on.set()
    await rig.flow.settled()
    assert rig.flows == [True, False, False], "nothing flows by a right that ended"
    assert (rig.done[-1], rig.flow.joined) == (("leave",), False)
    rig.flow.added(feed(3))
    await rig.flow.settled()
    assert rig.done[-1] == ("leave",)


def test_a_service_that_failed_is_asked_again_in_a_moment() -> None:
    async def script() -> None:
        rig = Rig()
        rig.refusals = [MeetingRefused("server-error"), MeetingRefused("server-error")]
        rig.flow.ticket(TICKET)
        await asyncio.sleep(AGAIN_S - 0.1)
        assert rig.spoiled == 0
        await asyncio.sleep(0.2)
        assert (rig.done, rig.spoiled) == ([], 1)
        rig.flow.ticket(TICKET)
        await settle()
        rig.flow.stop()
        await asyncio.sleep(2 * AGAIN_S)
        assert rig.spoiled == 1, "nobody comes back for media of a meeting one has left"
        await rig.tasks.close()

    run_virtually(script())


@pytest.mark.parametrize(
    ("refusal", "spoiled"),
    [
        (MeetingRefused("ticket-refused"), 1),
        (MeetingRefused("engine-down"), 0),
        (MeetingRefused("wrong-state"), 0),
        (ServiceUnreachable(""), 0),
    ],
)
async def test_a_ticket_that_is_not_taken_asks_for_another_connection(
    rig: Rig, refusal: SoftphoneError, spoiled: int
) -> None:
    rig.refusals = [refusal]
    rig.flow.ticket(TICKET)
    await rig.flow.settled()
    await settle()
    assert (rig.done, rig.spoiled) == ([], spoiled)
    rig.flow.ticket(TICKET)
    await rig.flow.settled()
    assert rig.flows == [True]


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        ((), 0),
        ((Track("audio", "opus"),), 4),
        ((Track("audio", "opus", loss=1.0),), 3),
        ((Track("audio", "opus", loss=3.0),), 2),
        ((Track("audio", "opus", loss=50.0), Track("video", "VP8", 640, 360, 25.0)), 1),
        ((Track("video", "VP8", 640, 360, 3.0),), 2),
        ((Track("video", "VP8"),), 4),
    ],
)
def test_quality_is_that_of_the_worst(tracks: tuple[Track, ...], expected: int) -> None:
    assert quality(tracks) == expected


def test_what_is_measured_is_put_to_everybody() -> None:
    media = FakeMedia()
    media.flowing = {"": (Track("video", "VP8", 1280, 720, 30.0),), "s1": (Track("audio", "opus"),)}
    media.heard = frozenset({"s1"})
    meeting: Meeting = measured(a_meeting(people=(a_person(),)), media)
    assert (meeting.you.tracks[0].height, meeting.you.speaking) == (720, False)
    assert (meeting.people[0].tracks[0].codec, meeting.people[0].speaking, meeting.quality) == (
        "opus", True, 4,
    )  # fmt: skip

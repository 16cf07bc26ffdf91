"""A program's media and Chromium in one room: the time is read at the far end both ways, tones are heard."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from devices.cameras.fake import FakeCameras, wall_milliseconds
from devices.cameras.types import Wish
from media.video.timecode import read_pixels
from softphone.adapters.cameras import CameraDesk
from tests.lab.ear import Head
from tests.lab.meeting_hall import ROOM, Guest, Hall
from tests.lab.relay import Relay
from tests.lab.timed_page import TimedPage, timed_page

pytestmark = [pytest.mark.peer, pytest.mark.slow]

OURS, THEIRS = 500.0, 1250.0
LOUD = -30.0


class Two:
    """A program and a browser in the hall, through a relay."""

    def __init__(self, hall: Hall, guest: Guest, page: TimedPage, relay: Relay) -> None:
        self.hall, self.guest, self.page, self.relay = hall, guest, page, relay

    async def meet(self) -> None:
        """Both send, both receive."""
        hall, page = self.hall, self.page
        await hall.engine.admit(ROOM, "browser")
        await page.open("canvas", 640, 360, THEIRS)
        await page.accept(await hall.published("browser", await page.offer()))
        await self.guest.come()
        while self.guest.session not in hall.feeds.values():
            await asyncio.sleep(0.02)
        feed = next(feed for feed, session in hall.feeds.items() if session == self.guest.session)
        offered = await hall.engine.subscribe(ROOM, "browser", feed, video=True, height=720)
        answer = await page.take("program", hall.through(offered.sdp))
        await hall.engine.answer(ROOM, "browser", offered.subscription, answer)

    async def ages(self, seconds: float) -> list[int]:
        """How old in ms the browser's pictures are when the program can paint them."""
        out, last, ends = [], None, asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends:
            frame = self.guest.media.picture("browser").take()
            if frame is not None and frame is not last:
                last = frame
                told = read_pixels(frame.pixels)
                if told is not None:
                    out.append((wall_milliseconds() - told) & 0xFFFF_FFFF)
            await asyncio.sleep(0.003)
        return out


@pytest.fixture
async def two(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with AsyncExitStack() as stack:
        hall = await stack.enter_async_context(Hall())
        relay = await stack.enter_async_context(Relay())
        hall.through = relay.through
        head = await stack.enter_async_context(Head(OURS))
        desk = CameraDesk(FakeCameras("one"), wish=lambda: Wish(640, 360, 30))
        await desk.start()
        page = await stack.enter_async_context(timed_page())
        both = Two(hall, Guest(hall, "program", head, desk), page, relay)
        await both.meet()
        yield both


async def test_the_time_is_read_at_the_far_end_both_ways_and_each_hears_the_other(two: Two) -> None:
    await asyncio.sleep(1.5)
    await two.page.seen("program")
    ours = await two.ages(4.0)
    theirs = await two.page.seen("program")
    assert len(ours) > 60
    assert statistics.median(ours) < 400
    assert len(theirs["delays"]) > 60
    assert statistics.median(theirs["delays"]) < 400
    assert (theirs["width"], theirs["height"]) == (640, 360)
    assert max([await two.page.level("program", OURS) for _ in range(5)]) > LOUD
    levels = [await two.guest.head.level(THEIRS) for _ in range(5)]
    assert max(levels) > LOUD, levels
    assert two.guest.media.speaking() >= {"browser"}


async def test_at_five_percent_loss_neither_side_stands_still(two: Two) -> None:
    await asyncio.sleep(1.5)
    two.relay.loss = 0.05
    await two.page.seen("program")
    assert len(await two.ages(8.0)) > 40
    theirs = await two.page.seen("program")
    assert theirs["pictures"] > 40
    flow = two.guest.media.tracks("browser")[1]
    assert flow.fps > 5
    assert two.relay.lost > 40

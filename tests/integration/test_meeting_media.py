"""Two programs' media in one room of the embedded engine: seen, heard, held, lost and found again."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import numpy as np
import pytest
from aiortc import RTCPeerConnection

from devices.cameras.fake import FakeCameras, wall_milliseconds
from devices.cameras.types import Wish
from media.video.timecode import read_pixels
from service_api.meeting import Adjust
from softphone.adapters.cameras import CameraDesk
from softphone.domain.meeting import DeviceCheck, Trouble
from tests.lab.ear import Head
from tests.lab.meeting_hall import Guest, Hall
from tests.lab.relay import Relay
from tests.lab.sound import level_at

pytestmark = pytest.mark.peer

TONES = {"anna": 500.0, "bo": 800.0, "cia": 1250.0}
LOUD, QUIET = -24.0, -45.0
"""dBFS. The tones are whistled at -12; on a busy machine stretching time spreads them a little."""

LATER_OF_A_POOL = re.compile(r"_[1-9]\d*$")
"""What a pool of threads calls those after its first."""


class Room:
    """A hall, and guests made for it."""

    def __init__(self, hall: Hall, stack: AsyncExitStack) -> None:
        self.hall = hall
        self._stack = stack
        self.cameras: dict[str, FakeCameras] = {}

    async def guest(self, session: str, *, height: int = 360) -> Guest:
        """Somebody with a camera and a whistle, not in the meeting yet."""
        head = await self._stack.enter_async_context(Head(TONES[session]))
        self.cameras[session] = FakeCameras(session)
        desk = CameraDesk(self.cameras[session], wish=lambda: Wish(height * 16 // 9, height, 30))
        await desk.start()
        return Guest(self.hall, session, head, desk)

    async def two(self) -> tuple[Guest, Guest]:
        """Two who see each other."""
        anna, bo = await self.guest("anna"), await self.guest("bo")
        await anna.come()
        await bo.come()
        await until(lambda: bool(seen(bo, "anna") and seen(anna, "bo")), "both are seen")
        return anna, bo


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with AsyncExitStack() as stack:
        hall = await stack.enter_async_context(Hall())
        yield Room(hall, stack)


async def until(is_so: Callable[[], bool], what: str, seconds: float = 10.0) -> float:
    """Wait until it is so; how long that took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"never: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def seen(guest: Guest, session: str) -> int | None:
    """The age in ms of the picture that `guest` has of somebody, by the time code in it."""
    frame = guest.media.picture(session).take()
    if frame is None:
        return None
    told = read_pixels(frame.pixels)
    return None if told is None else (wall_milliseconds() - told) & 0xFFFF_FFFF


def fresh(guest: Guest, session: str) -> bool:
    """Whether that picture is of this very moment."""
    age = seen(guest, session)
    return age is not None and age < 500


async def hears(guest: Guest, session: str) -> float:
    """How loud somebody is in `guest`'s ear, in dBFS: the median of a second's tenths, because a buffer that
    wins back delay shifts the tone's phase."""
    sound = await guest.head.listen(1.0)
    tenths = [sound[start : start + 4800] for start in range(0, len(sound) - 4799, 4800)]
    return float(np.median([level_at(tenth, TONES[session]) for tenth in tenths]))


async def comes_to_hear(guest: Guest, session: str) -> None:
    """`guest` hears somebody, within some seconds."""
    levels: list[float] = []
    while not levels or levels[-1] < LOUD:
        assert len(levels) < 6, f"{guest.session} hears {session} at {levels} dBFS"
        levels.append(await hears(guest, session))


async def test_each_sees_the_other_now_and_hears_the_other_and_not_oneself(room: Room) -> None:
    anna, bo = await room.two()
    await until(lambda: fresh(anna, "bo") and fresh(bo, "anna"), "pictures of this moment")
    for me, other in ((anna, "bo"), (bo, "anna")):
        await comes_to_hear(me, other)
        assert await hears(me, me.session) < QUIET
        assert me.media.speaking() == {"", other}
        sound, picture = me.media.tracks(other)
        assert (sound.kind, sound.codec) == ("audio", "opus")
        assert (picture.codec, picture.width, picture.height) == ("VP8", 640, 360)
        assert picture.fps > 5
        assert [track.kind for track in me.media.tracks("")] == ["audio", "video"]
        assert not me.troubles


async def test_who_comes_later_sees_and_hears_everybody_at_once(room: Room) -> None:
    await room.two()
    cia = await room.guest("cia")
    await cia.come()
    await until(lambda: fresh(cia, "anna") and fresh(cia, "bo"), "both pictures", seconds=3.0)
    await comes_to_hear(cia, "anna")
    await comes_to_hear(cia, "bo")


async def test_a_camera_turned_off_is_let_go_and_nobody_keeps_the_last_picture(room: Room) -> None:
    anna, bo = await room.two()
    assert await anna.media.camera(False) is False
    assert anna.cameras.on is False
    await until(lambda: bo.media.picture("anna").take() is None, "the picture is taken away")
    assert [track.kind for track in bo.media.tracks("anna")] == ["audio"]
    assert [track.kind for track in anna.media.tracks("")] == ["audio"]
    await comes_to_hear(bo, "anna")
    assert await anna.media.camera(True) is True
    await until(lambda: fresh(bo, "anna"), "the picture is back", seconds=4.0)
    await until(lambda: len(bo.media.tracks("anna")) == 2, "both flow")
    assert bo.media.tracks("anna")[1].freezes == 0


async def test_a_muted_microphone_sends_silence(room: Room) -> None:
    anna, bo = await room.two()
    await anna.media.microphone(False)
    await asyncio.sleep(0.3)
    assert await hears(bo, "anna") < QUIET
    await comes_to_hear(anna, "bo")
    await until(lambda: "" not in anna.media.speaking(), "no longer speaking")
    await anna.media.microphone(True)
    await asyncio.sleep(0.3)
    await comes_to_hear(bo, "anna")


async def test_while_a_phone_call_has_the_microphone_nothing_is_said_or_heard(room: Room) -> None:
    anna, bo = await room.two()
    await anna.media.hold(True)
    await asyncio.sleep(0.3)
    assert await hears(bo, "anna") < QUIET
    assert await hears(anna, "bo") < QUIET
    await until(lambda: fresh(anna, "bo") and fresh(bo, "anna"), "pictures go on")
    await anna.media.microphone(True)
    await asyncio.sleep(0.3)
    assert await hears(bo, "anna") < QUIET, "the hold stays until it is taken back"
    await anna.media.hold(False)
    await asyncio.sleep(0.3)
    await comes_to_hear(bo, "anna")
    await comes_to_hear(anna, "bo")


async def test_a_hidden_picture_is_not_sent_and_a_small_one_comes_small(room: Room) -> None:
    anna, _ = await room.two()
    await until(lambda: len(anna.media.tracks("bo")) == 2, "a picture flows")
    anna.media.look("bo", 0)
    await until(lambda: any(isinstance(asked, Adjust) for asked in room.hall.commands), "it is asked for")
    await until(lambda: len(anna.media.tracks("bo")) == 1, "no picture while hidden")
    for height in range(10, 180, 10):
        anna.media.look("bo", height)
    await until(lambda: len(anna.media.tracks("bo")) == 2, "it is back")
    await until(lambda: _height(anna, "bo") == 170, "scaled for the small tile")
    await asyncio.sleep(0.3)
    asked = [command for command in room.hall.commands if isinstance(command, Adjust)]
    assert [(command.video, command.height) for command in asked] == [(False, 0), (True, 180)]


def _height(guest: Guest, session: str) -> int:
    frame = guest.media.picture(session).take()
    return frame.height if frame else 0


async def test_an_engine_that_was_killed_is_back_within_five_seconds(room: Room) -> None:
    anna, bo = await room.two()
    await asyncio.sleep(0.5)
    os.kill(room.hall.engine.pid, signal.SIGKILL)
    await asyncio.sleep(0.6)
    assert await until(lambda: fresh(anna, "bo") and fresh(bo, "anna"), "pictures are back") < 4.4
    await comes_to_hear(anna, "bo")
    await comes_to_hear(bo, "anna")
    assert anna.troubles == bo.troubles == []


async def test_a_network_that_is_gone_for_ten_seconds_comes_back_by_itself(room: Room) -> None:
    async with Relay() as relay:
        room.hall.through = relay.through
        anna, bo = await room.two()
        relay.cut = True
        await until(lambda: Trouble.MEDIA_AWAY in anna.troubles, "the trouble is told", seconds=12.0)
        await asyncio.sleep(5.0)
        relay.cut = False
        assert await until(lambda: fresh(anna, "bo") and fresh(bo, "anna"), "back", seconds=20.0) < 10.0
        await until(lambda: anna.troubles[-1] == Trouble.NONE, "told that it is over")
        await comes_to_hear(anna, "bo")
        await comes_to_hear(bo, "anna")


async def test_at_five_percent_loss_nothing_freezes_for_half_a_second_and_sound_is_asked_for_again(
    room: Room,
) -> None:
    async with Relay() as relay:
        room.hall.through = relay.through
        anna, _ = await room.two()
        await asyncio.sleep(1.0)
        calm = await longest_gap(anna, "bo", 4.0)
        before = anna.media.sound("bo")
        relay.loss = 0.05
        assert await longest_gap(anna, "bo", 10.0) < 0.5 + max(0.0, calm - 0.1), (
            "beyond what the machine does"
        )
        assert relay.lost > 50
        after = anna.media.sound("bo")
        assert before is not None and after is not None
        assert after.received - before.received > 450
        assert after.lost - before.lost < 15, "each way loses 25 of 500"
        await comes_to_hear(anna, "bo")
        assert anna.media.tracks("bo")[1].fps > 5


async def longest_gap(guest: Guest, session: str, seconds: float) -> float:
    """Look at somebody; for how many seconds a picture stood still at most."""
    last, changed, ends = None, time.monotonic(), time.monotonic() + seconds
    longest = 0.0
    while time.monotonic() < ends:
        frame = guest.media.picture(session).take()
        if frame is not last:
            longest = max(longest, time.monotonic() - changed)
            last, changed = frame, time.monotonic()
        await asyncio.sleep(0.005)
    return longest


async def test_an_unplugged_camera_is_told_and_used_again_when_it_returns(room: Room) -> None:
    anna, bo = await room.two()
    changes = anna.changes
    room.cameras["anna"].unplug("anna")
    await until(lambda: not anna.media.camera_on, "it is known to be off")
    assert anna.cameras.check() == DeviceCheck.MISSING
    assert anna.changes > changes
    await until(lambda: bo.media.picture("anna").take() is None, "nobody sees an old picture")
    room.cameras["anna"].plug("anna")
    await until(lambda: fresh(bo, "anna"), "the picture is back", seconds=3.0)
    assert anna.media.camera_on


async def test_another_camera_in_the_middle_of_a_meeting(room: Room) -> None:
    anna, bo = await room.two()
    room.cameras["anna"].plug("second")
    anna.cameras.wanted = lambda: "fake:second"
    await anna.cameras.choose()
    used = anna.cameras.used()
    assert used is not None and used.name == "second"
    await until(lambda: fresh(bo, "anna"), "seen through the other camera", seconds=4.0)
    assert anna.media.camera_on


async def test_who_leaves_is_gone_and_lets_everything_go(room: Room) -> None:
    anna, bo = await room.two()
    await anna.go()
    assert not anna.cameras.on
    assert anna.head.path.streams == ()
    assert anna.media.tracks("") == anna.media.tracks("bo") == ()
    await until(lambda: bo.media.picture("anna").take() is None, "the picture is taken away")
    assert bo.media.tracks("anna") == ()
    assert await hears(bo, "anna") < QUIET
    await anna.come()
    await until(lambda: fresh(bo, "anna") and fresh(anna, "bo"), "back again")


def threads() -> int:
    """How many there are, a pool counting as one: it may start more whenever two jobs meet."""
    return len([thread for thread in threading.enumerate() if not LATER_OF_A_POOL.search(thread.name)])


@pytest.mark.slow
async def test_coming_and_going_again_and_again_leaves_nothing_behind(room: Room) -> None:
    anna, _ = await room.two()
    await anna.go()
    open_now = []
    for turn in range(25):
        await anna.come()
        await until(lambda: fresh(anna, "bo"), "seen")
        await anna.go()
        if turn in (4, 24):
            await asyncio.sleep(1.0)
            gc.collect()
            open_now.append((len(os.listdir("/proc/self/fd")), threads(), len(asyncio.all_tasks())))
    assert open_now[1] == open_now[0]
    connections = sum(isinstance(thing, RTCPeerConnection) for thing in gc.get_objects())
    assert connections <= 3, "those of whoever stayed, and no other"

"""Which camera is open, for whom, and what is said about it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from av import VideoFrame

from devices.cameras.types import CameraFailure, CameraInfo, OnLost, OnPicture, Picture, Reason, Wish
from devices.notices import Notice, Notices
from softphone.adapters.camera_preview import CameraPreview
from softphone.adapters.cameras import CameraDesk
from softphone.domain.meeting import DeviceCheck
from softphone.ports.meetings import Camera
from softphone.runtime.frames import FrameSlot

ONE, TWO = CameraInfo("test:one", "One"), CameraInfo("test:two", "Two")


@dataclass
class Opened:
    """An open camera, worked by hand."""

    id: str
    show: OnPicture
    lose: OnLost
    wish: Wish
    fps: float = 30.0
    closed: int = 0

    def close(self) -> None:
        self.closed += 1


@dataclass
class Driver:
    """Cameras without threads."""

    name: str = "test"
    there: tuple[CameraInfo, ...] = (ONE, TWO)
    unlisted: tuple[CameraInfo, ...] = ()
    refuse: Reason | None = None
    opened: list[Opened] = field(default_factory=list)
    looked_by: list[int] = field(default_factory=list)
    opening: Callable[[], None] = lambda: None
    closed: bool = False

    def __post_init__(self) -> None:
        self.notices = Notices()

    def cameras(self) -> tuple[CameraInfo, ...]:
        return self.there

    def find(self, camera: str) -> CameraInfo | None:
        self.looked_by.append(threading.get_ident())
        return next((info for info in (*self.there, *self.unlisted) if info.id == camera), None)

    def open(self, camera: str, wish: Wish, on_picture: OnPicture, on_lost: OnLost) -> Opened:
        if self.refuse is not None:
            raise CameraFailure("refused", self.refuse)
        self.opening()
        self.opened.append(Opened(camera, on_picture, on_lost, wish))
        return self.opened[-1]

    def watch(self, changed: Notice) -> Notice:
        return self.notices.add(changed)

    def close(self) -> None:
        self.closed = True

    @property
    def in_use(self) -> list[str]:
        return [opened.id for opened in self.opened if not opened.closed]


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
async def desk(driver: Driver) -> AsyncIterator[CameraDesk]:
    desk = CameraDesk(driver)
    await desk.start()
    yield desk
    await desk.close()


def picture(shade: int = 120, seed: int = 0, moment: float = 1.0) -> Picture:
    """A grainy grey one."""
    grain = np.random.default_rng(seed).integers(-1, 2, (180, 320, 3))
    pixels = np.clip(shade + grain * (shade > 0), 0, 255).astype(np.uint8)
    return Picture(VideoFrame.from_ndarray(pixels, format="bgr24"), moment)


def ignore(picture: Picture) -> None:
    """A meeting that wants pictures."""


async def settled(is_so: Callable[[], bool]) -> None:
    """Let the desk's own tasks and its worker run."""
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came about")


async def test_the_first_camera_is_used_unless_another_is_set_and_there(
    desk: CameraDesk, driver: Driver
) -> None:
    assert desk.cameras() == (Camera("test:one", "One"), Camera("test:two", "Two"))
    assert desk.used() == Camera("test:one", "One")
    desk.wanted = lambda: "test:two"
    assert desk.used() == Camera("test:two", "Two")
    desk.wanted = lambda: "test:gone"
    await desk.choose()
    assert desk.used() == Camera("test:one", "One")
    driver.unlisted = (CameraInfo("test:gone", "A file"),)
    await desk.choose()
    assert desk.used() == Camera("test:gone", "A file")


async def test_a_camera_that_is_away_is_looked_for_by_the_worker_alone(
    desk: CameraDesk, driver: Driver
) -> None:
    desk.wanted = lambda: "test:gone"
    await desk.choose()
    await desk.preview(True)
    looked_by = list(driver.looked_by)
    assert looked_by and threading.get_ident() not in looked_by
    assert [desk.used() for _ in range(3)] == [Camera("test:one", "One")] * 3
    assert driver.looked_by == looked_by


async def test_a_film_that_was_set_is_told_once_it_was_found(desk: CameraDesk, driver: Driver) -> None:
    heard: list[Camera | None] = []
    desk.listen(lambda _: heard.append(desk.used()))
    driver.unlisted = (CameraInfo("test:film", "A file"),)
    desk.wanted = lambda: "test:film"
    await desk.choose()
    assert heard == [Camera("test:film", "A file")]
    await desk.choose()
    assert len(heard) == 1


async def test_who_set_a_film_that_is_gone_is_not_shown_by_a_camera(desk: CameraDesk) -> None:
    desk.wanted = lambda: "file:/gone.mp4"
    await desk.choose()
    assert desk.used() is None
    assert await desk.preview(True) == DeviceCheck.MISSING


async def test_while_another_camera_is_opened_no_verdict_on_the_former_one_is_given(
    desk: CameraDesk, driver: Driver
) -> None:
    driver.refuse = "busy"
    assert await desk.preview(True) == DeviceCheck.BUSY
    driver.refuse = None
    during: list[DeviceCheck] = []
    driver.opening = lambda: during.append(desk.check())
    assert await desk.preview(True) == DeviceCheck.OK
    desk.wanted = lambda: "test:two"
    await desk.choose()
    assert during == [DeviceCheck.UNKNOWN] * 2
    assert desk.check() == DeviceCheck.OK


async def test_the_device_is_open_while_somebody_wants_it_and_no_longer(
    desk: CameraDesk, driver: Driver
) -> None:
    assert driver.in_use == []
    assert await desk.preview(True) == DeviceCheck.OK
    await desk.attach(ignore)
    assert driver.in_use == ["test:one"]
    assert await desk.preview(False) == DeviceCheck.OFF
    assert driver.in_use == ["test:one"], "the meeting has it still: its light does not blink"
    await desk.detach(ignore)
    assert driver.in_use == []
    assert desk.check() == DeviceCheck.OFF
    await desk.detach(ignore)


async def test_everybody_gets_every_picture_and_the_slot_the_newest(desk: CameraDesk, driver: Driver) -> None:
    got: list[Picture] = []
    await desk.preview(True)
    await desk.attach(got.append)
    shown = picture(moment=3.5)
    driver.opened[0].show(shown)
    assert got == [shown]
    frame = desk.self_picture().take()
    assert frame is not None and (frame.width, frame.height, frame.captured_at) == (320, 180, 3.5)
    await desk.detach(got.append)
    await desk.preview(False)
    assert desk.self_picture().take() is None


@pytest.mark.parametrize(
    ("reason", "check"),
    [
        ("missing", DeviceCheck.MISSING),
        ("denied", DeviceCheck.DENIED),
        ("busy", DeviceCheck.BUSY),
        ("failed", DeviceCheck.FAILED),
    ],
)
async def test_why_it_cannot_be_opened_is_told(
    desk: CameraDesk, driver: Driver, reason: Reason, check: DeviceCheck
) -> None:
    driver.refuse = reason
    assert await desk.preview(True) == check
    assert not desk.on
    driver.refuse = None
    assert await desk.preview(True) == DeviceCheck.OK


async def test_a_computer_without_a_camera_says_so(driver: Driver) -> None:
    driver.there = ()
    desk = CameraDesk(driver)
    await desk.start()
    assert desk.used() is None
    assert await desk.preview(True) == DeviceCheck.MISSING
    await desk.close()


async def test_a_lost_camera_is_told_and_the_next_one_used(desk: CameraDesk, driver: Driver) -> None:
    told: list[bool] = []
    desk.on_state = lambda: told.append(desk.on)
    await desk.attach(ignore)
    driver.opened[0].show(picture())
    driver.there = (TWO,)
    driver.opened[0].lose(CameraFailure("unplugged", "missing"))
    await settled(lambda: driver.in_use[-1:] == ["test:two"] and desk.on)
    assert told == [True, False, True]


async def test_the_camera_that_was_set_is_waited_for_and_the_first_one_used_meanwhile(
    desk: CameraDesk, driver: Driver
) -> None:
    desk.wanted = lambda: "test:one"
    await desk.attach(ignore)
    driver.there = (TWO,)
    driver.opened[0].lose(CameraFailure("unplugged", "missing"))
    await settled(lambda: desk.on and driver.in_use[-1:] == ["test:two"])
    assert (desk.used(), desk.check()) == (Camera("test:two", "Two"), DeviceCheck.OK)
    driver.there = (TWO, ONE)
    driver.notices.tell()
    await settled(lambda: desk.on and driver.opened[-1].id == "test:one")
    assert driver.opened[1].closed
    assert desk.used() == Camera("test:one", "One")


async def test_a_lost_notice_of_a_camera_already_let_go_changes_nothing(
    desk: CameraDesk, driver: Driver
) -> None:
    await desk.attach(ignore)
    desk.wanted = lambda: "test:two"
    await desk.choose()
    assert driver.in_use == ["test:two"]
    driver.opened[0].lose(CameraFailure("unplugged", "missing"))
    await asyncio.sleep(0.02)
    assert desk.on and driver.in_use == ["test:two"]


async def test_listeners_hear_of_cameras_that_come_and_go(desk: CameraDesk, driver: Driver) -> None:
    heard: list[int] = []
    desk.listen(lambda cameras: heard.append(len(cameras)))
    driver.there = (ONE,)
    driver.notices.tell()
    driver.notices.tell()
    await settled(lambda: heard == [1])


async def test_closing_lets_everything_go_and_may_be_done_twice(driver: Driver) -> None:
    desk = CameraDesk(driver)
    await desk.start()
    await desk.attach(ignore)
    await desk.close()
    assert driver.in_use == [] and driver.closed


class Clock:
    """Time as the test has it."""

    now = 1.0

    def __call__(self) -> float:
        return self.now


def looked(shades: list[int], *, moves: bool = True, still: bool = False) -> DeviceCheck:
    """What is said after these pictures, half a second apart."""
    clock = Clock()
    preview = CameraPreview(FrameSlot(), clock)
    preview.reset(moves=moves)
    for number, shade in enumerate(shades):
        clock.now = 1.0 + number / 2
        preview.picture(picture(shade, 0 if still else number, clock.now))
    return preview.check()


def test_black_and_frozen_pictures_are_told_apart() -> None:
    assert looked([120] * 9) == DeviceCheck.OK
    assert looked([0] * 9) == DeviceCheck.BLACK
    assert looked([120] * 9, still=True) == DeviceCheck.FAILED
    assert looked([120] * 9, still=True, moves=False) == DeviceCheck.OK, "a film may stand still"


def test_a_camera_that_gives_nothing_any_more_has_failed() -> None:
    clock = Clock()
    preview = CameraPreview(FrameSlot(), clock)
    preview.reset()
    preview.picture(picture(moment=1.0))
    assert preview.check() == DeviceCheck.OK
    clock.now = 5.0
    assert preview.check() == DeviceCheck.FAILED


def test_a_hidden_self_picture_costs_nothing_but_a_look_now_and_then() -> None:
    slot = FrameSlot()
    preview = CameraPreview(slot, lambda: 1.0)
    preview.reset()
    preview.shown = 0
    preview.picture(picture())
    assert slot.take() is None
    preview.shown = 90
    preview.picture(picture())
    frame = slot.take()
    assert frame is not None and frame.height == 90


async def test_another_size_opens_the_camera_anew(driver: Driver) -> None:
    wishes = [Wish(640, 360), Wish(1280, 720)]
    desk = CameraDesk(driver, wish=lambda: wishes[0])
    await desk.start()
    await desk.attach(ignore)
    await desk.choose()
    assert [opened.wish.height for opened in driver.opened] == [360]
    del wishes[0]
    await desk.choose()
    assert [opened.wish.height for opened in driver.opened] == [360, 720]
    assert driver.in_use == ["test:one"]
    await desk.close()

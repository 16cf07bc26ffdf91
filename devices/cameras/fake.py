"""A camera that is none: a moving picture with the time in it. `fake:NAME`, for tests and the demo."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from devices.cameras.running import RunningCamera
from devices.cameras.timecode import draw
from devices.cameras.types import CameraFailure, CameraInfo, OnLost, OnPicture, Picture, Wish
from devices.notices import Notice, Notices

if TYPE_CHECKING:
    import av

PREFIX = "fake:"
TURN_S = 2.0
"""The figure goes from one side to the other and back."""


def wall_milliseconds() -> int:
    """What the time code tells: Unix time in ms, so that two programs on one computer agree."""
    return round(time.time() * 1000)


class TestPicture:
    """A room with somebody moving in it, in YUV 4:2:0, drawn without looking at each row."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width & ~1, height & ~1
        rows, columns = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        room = 110 + 40 * np.sin(columns / 37) * np.cos(rows / 29) + 25 * np.sin((columns + rows) / 11)
        grain = np.random.default_rng(1).normal(0, 2, room.shape)
        self._room = np.clip(room + grain, 16, 235).astype(np.uint8)
        self._figure, self._mask = _figure(self.width // 4, self.height // 2)
        self._u = np.full((self.height // 2, self.width // 2), 120, np.uint8)
        self._v = np.full((self.height // 2, self.width // 2), 135, np.uint8)

    def at(self, moment: float, milliseconds: int) -> av.VideoFrame:
        """The picture `moment` seconds after the start, telling `milliseconds`."""
        import av  # with the first picture, not with the program

        luma = self._room.copy()
        tall, wide = self._figure.shape
        swing = 0.5 - 0.5 * np.cos(2 * np.pi * moment / TURN_S)
        left, top = int(swing * (self.width - wide)), self.height - tall
        place = luma[top:, left : left + wide]
        np.copyto(place, self._figure, where=self._mask)
        draw(luma, milliseconds)
        planes = np.concatenate((luma.reshape(-1), self._u.reshape(-1), self._v.reshape(-1)))
        return av.VideoFrame.from_ndarray(planes.reshape(-1, self.width), format="yuv420p")


def _figure(width: int, height: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    shade = np.clip(170 + 25 * np.sin(9 * columns) + 15 * np.cos(14 * rows), 16, 235).astype(np.uint8)
    return shade, rows**2 + columns**2 < 1


class _Clockwork:
    """A test picture at a steady rate; implements running.Source."""

    def __init__(self, wish: Wish, plugged: Callable[[], bool], told: Callable[[], int]) -> None:
        self.fps = float(wish.fps)
        self._picture = TestPicture(wish.width, wish.height)
        self._plugged = plugged
        self._told = told
        self._began = self._due = time.monotonic()

    def next(self, wait: Callable[[float], bool]) -> Picture | None:
        """See running.Source."""
        self._due = max(self._due + 1 / self.fps, time.monotonic() - 0.1)
        if wait(max(0.0, self._due - time.monotonic())):
            return None
        if not self._plugged():
            raise CameraFailure("the test camera was unplugged", "missing")
        now = time.monotonic()
        return Picture(self._picture.at(now - self._began, self._told()), now)

    def close(self) -> None:
        """Nothing is held."""


class FakeCameras:
    """Cameras of given names, which tests plug; without any, whatever name a person sets is one, unlisted."""

    name = "fake"

    def __init__(self, *names: str, told: Callable[[], int] = wall_milliseconds) -> None:
        self._names = list(names)
        self._any = not names
        self._told = told
        self._notices = Notices()

    def plug(self, name: str) -> None:
        """A camera comes."""
        self._names.append(name)
        self._notices.tell()

    def unplug(self, name: str) -> None:
        """It goes; whoever uses it is told."""
        self._names.remove(name)
        self._notices.tell()

    def cameras(self) -> tuple[CameraInfo, ...]:
        """See types.CameraDriver."""
        return tuple(CameraInfo(PREFIX + name, name) for name in self._names)

    def find(self, camera: str) -> CameraInfo | None:
        """See types.CameraDriver."""
        if self._any and camera.startswith(PREFIX):
            return CameraInfo(camera, camera.removeprefix(PREFIX))
        return next((info for info in self.cameras() if info.id == camera), None)

    def open(self, camera: str, wish: Wish, on_picture: OnPicture, on_lost: OnLost) -> RunningCamera:
        """See types.CameraDriver."""
        if self.find(camera) is None:
            raise CameraFailure(camera, "missing")
        return RunningCamera(
            _Clockwork(wish, lambda: self.find(camera) is not None, self._told), on_picture, on_lost
        )

    def watch(self, changed: Notice) -> Notice:
        """See types.CameraDriver."""
        return self._notices.add(changed)

    def close(self) -> None:
        """Nothing is held."""

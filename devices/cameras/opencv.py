"""Real cameras through OpenCV, which tells neither names nor reasons: the system is asked for those."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from devices.cameras.running import RunningCamera
from devices.cameras.system import Found, System, this_system
from devices.cameras.types import CameraFailure, CameraInfo, OnLost, OnPicture, Picture, Wish
from devices.notices import Notice, Notices

if TYPE_CHECKING:
    import cv2

Pixels = npt.NDArray[np.uint8]

log = logging.getLogger(__name__)

PREFIX = "opencv:"
LOOK_S = 2.0
"""How often the system's list is looked at for cameras that came or went."""
DUMB_S = 2.0
"""A camera that gives no picture for this long is gone, or was never to be had."""


def identified(found: Sequence[Found]) -> dict[str, Found]:
    """Each camera by its id: its lasting name, else what it is called, numbered where several are alike."""
    out: dict[str, Found] = {}
    for camera in found:
        base, number = PREFIX + (camera.lasting or camera.name), 2
        identity = base
        while identity in out:
            identity, number = f"{base}#{number}", number + 1
        out[identity] = camera
    return out


class OpenCvCameras:
    """Implements types.CameraDriver."""

    name = "opencv"

    def __init__(self, system: System | None = None) -> None:
        self._system = system or this_system()
        self._notices = Notices()
        self._watcher: threading.Thread | None = None
        self._over = threading.Event()

    def cameras(self) -> tuple[CameraInfo, ...]:
        """See types.CameraDriver."""
        return tuple(
            CameraInfo(identity, found.name) for identity, found in identified(self._system.listed()).items()
        )

    def find(self, camera: str) -> CameraInfo | None:
        """See types.CameraDriver."""
        return next((info for info in self.cameras() if info.id == camera), None)

    def open(self, camera: str, wish: Wish, on_picture: OnPicture, on_lost: OnLost) -> RunningCamera:
        """See types.CameraDriver."""
        found = identified(self._system.listed()).get(camera)
        if found is None:
            raise CameraFailure(f"{camera} is not there", "missing")
        self._system.check(found)
        return RunningCamera(_Capture(found, wish, self._system), on_picture, on_lost)

    def watch(self, changed: Notice) -> Notice:
        """See types.CameraDriver."""
        stop = self._notices.add(changed)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._look, name="camera list", daemon=True)
            self._watcher.start()
        return stop

    def close(self) -> None:
        """See types.CameraDriver."""
        self._over.set()
        if self._watcher is not None:
            self._watcher.join(LOOK_S)

    def _look(self) -> None:
        known = self.cameras()
        while not self._over.wait(LOOK_S):
            now = self.cameras()
            if now != known:
                known = now
                self._notices.tell()


class _Capture:
    """One device in use; implements running.Source."""

    def __init__(self, found: Found, wish: Wish, system: System) -> None:
        """Raises CameraFailure."""
        self._name = found.name
        self._system = system
        self._found = found
        self._device = _opened(found, wish, system)
        self.fps = float(self._device.get(_property("FPS")) or wish.fps)
        self._heard = time.monotonic()

    def next(self, wait: Callable[[float], bool]) -> Picture | None:
        """See running.Source."""
        import av  # with the first picture, not with the program

        there, pixels = self._device.read()
        now = time.monotonic()
        if there:
            self._heard = now
            return Picture(av.VideoFrame.from_ndarray(cast("Pixels", pixels), format="bgr24"), now)
        if now - self._heard > DUMB_S:
            self._system.check(self._found)
            raise CameraFailure(f"{self._name} gives no picture any more")
        wait(0.01)
        return None

    def close(self) -> None:
        """See running.Source."""
        self._device.release()


def _property(name: str) -> int:
    import cv2

    return int(getattr(cv2, f"CAP_PROP_{name}"))


def _opened(found: Found, wish: Wish, system: System) -> cv2.VideoCapture:
    """The device with the wished size, or what it gives instead; its first picture has been seen."""
    import cv2

    device = cv2.VideoCapture(found.index, getattr(cv2, system.backend))
    if not device.isOpened():
        device.release()
        raise CameraFailure(f"{found.name} can't be opened", "busy")
    if sys.platform == "linux":
        # Uncompressed, USB 2 carries 720p at ten frames a second at most.
        device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    for name, value in (("FRAME_WIDTH", wish.width), ("FRAME_HEIGHT", wish.height), ("FPS", wish.fps)):
        device.set(_property(name), value)
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if not device.read()[0]:
        device.release()
        raise CameraFailure(f"{found.name} gives no picture", "busy")
    return device

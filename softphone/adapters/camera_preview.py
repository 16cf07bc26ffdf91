"""One's own picture on its way to the screen, and what is to be said about it."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.cameras.types import Picture
from media.video.convert import ToScreen
from media.video.judge import PictureJudge
from softphone.domain.meeting import DeviceCheck
from softphone.domain.picture import Frame, PictureSlot

SHOWN = 360
"""How tall one's own picture is made where nobody said how tall it is shown."""
JUDGE_EVERY_S = 0.25
STOPPED_S = 3.0


class CameraPreview:
    """Used by the camera's thread (`picture`) and asked by the loop. `shown` in pixels, 0 while hidden."""

    def __init__(self, slot: PictureSlot, clock: Callable[[], float] = time.monotonic) -> None:
        self.shown = SHOWN
        self._slot = slot
        self._clock = clock
        self._to_screen = ToScreen()
        self._judge = PictureJudge()
        self._judged = self._came = 0.0
        self._pictures = 0

    def reset(self) -> None:
        """Another camera, or the same one opened anew."""
        self._judge = PictureJudge()
        self._judged, self._came, self._pictures = 0.0, self._clock(), 0

    def picture(self, picture: Picture) -> None:
        """Take the newest one."""
        self._came = picture.captured_at
        self._pictures += 1
        judged = picture.captured_at - self._judged >= JUDGE_EVERY_S
        if not (self.shown or judged):
            return
        pixels = self._to_screen.convert(picture.frame, self.shown or SHOWN)
        if judged:
            self._judged = picture.captured_at
            self._judge.look(pixels, picture.captured_at)
        if self.shown:
            self._slot.put(Frame(pixels, picture.captured_at))

    def only(self, picture: Picture) -> None:
        """What the test page attaches: it wants nothing but the slot."""

    def check(self) -> DeviceCheck:
        """How the open camera does."""
        if self._clock() - self._came > STOPPED_S or self._judge.frozen:
            return DeviceCheck.FAILED
        return DeviceCheck.BLACK if self._judge.black else DeviceCheck.OK

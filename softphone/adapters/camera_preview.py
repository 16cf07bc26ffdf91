"""One's own picture on its way to the screen, and what is to be said about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from devices.cameras.types import Picture
from media.video.judge import PictureJudge
from softphone.domain.meeting import DeviceCheck
from softphone.domain.picture import Frame, PictureSlot

if TYPE_CHECKING:
    from media.video.convert import ToScreen

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
        self._to_screen: ToScreen | None = None
        self._judge = PictureJudge()
        self._judged = self._came = 0.0
        self._moves = True

    def reset(self, *, moves: bool = True) -> None:
        """Another camera, or the same one opened anew. `moves`: it never gives the same picture twice."""
        self._moves = moves
        self._judge = PictureJudge()
        self._judged, self._came = 0.0, self._clock()

    def picture(self, picture: Picture) -> None:
        """Take the newest one."""
        self._came = picture.captured_at
        judged = picture.captured_at - self._judged >= JUDGE_EVERY_S
        if not (self.shown or judged):
            return
        pixels = self._screen().convert(picture.frame, self.shown or SHOWN)
        if judged:
            self._judged = picture.captured_at
            self._judge.look(pixels, picture.captured_at)
        if self.shown:
            self._slot.put(Frame(pixels, picture.captured_at))

    def _screen(self) -> ToScreen:
        """Made with the first picture: what it needs is loaded by nobody who only makes calls."""
        if self._to_screen is None:
            from media.video.convert import ToScreen

            self._to_screen = ToScreen()
        return self._to_screen

    def only(self, picture: Picture) -> None:
        """What the test page attaches: it wants nothing but the slot."""

    def check(self) -> DeviceCheck:
        """How the open camera does."""
        if self._clock() - self._came > STOPPED_S:
            return DeviceCheck.FAILED
        if self._judge.black:
            return DeviceCheck.BLACK
        return DeviceCheck.FAILED if self._moves and self._judge.frozen else DeviceCheck.OK

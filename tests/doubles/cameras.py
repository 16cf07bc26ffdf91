"""Cameras that a test plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softphone.domain.meeting import DeviceCheck
from softphone.ports.meetings import Camera
from softphone.runtime.frames import FrameSlot

LAPTOP = Camera("fake:laptop", "Laptop camera")
DESK = Camera("fake:desk", "Logitech C920 HD Pro Webcam")


class FakeCameras:
    """Implements ports.meetings.Cameras. `opening` is how opening goes, `now` how the open one does.

    `open` tells whether it is; `openings` counts. One that is plugged in while a picture is wanted is opened.
    """

    def __init__(self, *known: Camera) -> None:
        self.known: tuple[Camera, ...] = known or (LAPTOP, DESK)
        self.chosen = self.known[0].id
        self.opening = self.now = DeviceCheck.OK
        self.open = False
        self._wanted = False
        self.openings = 0
        self.slot = FrameSlot()
        self._callbacks: list[Callable[[Sequence[Camera]], None]] = []

    def listen(self, callback: Callable[[Sequence[Camera]], None]) -> None:
        """See Cameras."""
        self._callbacks.append(callback)

    def plug(self, *known: Camera) -> None:
        """These are the cameras now."""
        self.known = known
        self.open = self._wanted and bool(known) and self.opening is DeviceCheck.OK
        for callback in self._callbacks:
            callback(known)

    def cameras(self) -> tuple[Camera, ...]:
        """See Cameras."""
        return self.known

    def used(self) -> Camera | None:
        """See Cameras."""
        chosen = (camera for camera in self.known if camera.id == self.chosen)
        return next(chosen, None) or next(iter(self.known), None)

    async def preview(self, on: bool) -> DeviceCheck:
        """See Cameras."""
        self._wanted = on
        self.openings += on
        self.open = on and self.opening is DeviceCheck.OK
        return self.opening if on else DeviceCheck.OFF

    def check(self) -> DeviceCheck:
        """See Cameras."""
        if self.open:
            return self.now
        return self.opening if self._wanted else DeviceCheck.OFF

    def self_picture(self) -> FrameSlot:
        """See Cameras."""
        return self.slot

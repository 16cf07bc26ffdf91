"""ports.Headset on HID telephony devices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from devices.hid.finder import Headsets
from devices.hid.library import Library, load
from devices.hid.types import Lights, Press
from softphone.domain.headset import HeadsetEvent, HeadsetLights, HeadsetState


class HidHeadset:
    """Finds headsets while started. Threads do the waiting; presses arrive on the engine's loop."""

    def __init__(self, loader: Callable[[], Library] = load) -> None:
        self._loader = loader
        self._headsets: Headsets | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks: list[Callable[[HeadsetEvent], None]] = []
        self._lights = HeadsetLights()
        self._preferred: tuple[str, ...] = ()
        self._lock = asyncio.Lock()
        """Headsets are let go of before they are taken up again."""

    def listen(self, callback: Callable[[HeadsetEvent], None]) -> None:
        """See ports.Headset."""
        self._callbacks.append(callback)

    def state(self) -> HeadsetState:
        """See ports.Headset."""
        headsets = self._headsets
        return HeadsetState(headsets.names, headsets.problem) if headsets else HeadsetState()

    def show(self, lights: HeadsetLights) -> None:
        """See ports.Headset."""
        self._lights = lights
        if self._headsets is not None:
            self._headsets.show(_as_told(lights))

    def prefer(self, sound_devices: Sequence[str]) -> None:
        """See ports.Headset."""
        self._preferred = tuple(sound_devices)
        if self._headsets is not None:
            self._headsets.prefer(self._preferred)
            self._headsets.look()

    async def start(self) -> None:
        """See ports.Headset."""
        async with self._lock:
            if self._headsets is None:
                self._loop = asyncio.get_running_loop()
                self._headsets = Headsets(self._pressed, loader=self._loader)
                self._headsets.show(_as_told(self._lights))
                self._headsets.prefer(self._preferred)
                self._headsets.start()

    async def close(self) -> None:
        """See ports.Headset."""
        async with self._lock:
            headsets, self._headsets = self._headsets, None
            if headsets is not None:
                await asyncio.to_thread(headsets.close)

    def _pressed(self, press: Press) -> None:
        """On a headset's thread; a press after the end of the loop is nobody's."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._tell, HeadsetEvent(press.value))

    def _tell(self, event: HeadsetEvent) -> None:
        if self._headsets is not None:
            for callback in tuple(self._callbacks):
                callback(event)


def _as_told(lights: HeadsetLights) -> Lights:
    return Lights(lights.ringing, lights.off_hook, lights.muted, lights.held, lights.silenced)

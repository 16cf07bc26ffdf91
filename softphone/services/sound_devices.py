"""Which device does what: microphone and speaker for speech, any set of outputs for the ring."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from softphone.domain.device import DeviceState
from softphone.domain.errors import DeviceError
from softphone.domain.events import DevicesChanged, LevelsChanged, Notice
from softphone.ports import Sound
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

METER_PERIOD_S = 0.05


class SoundDevices:
    """Joins the sound to the settings, and tells when something is plugged, pulled or falls back."""

    def __init__(self, sound: Sound, settings: Settings, bus: Bus, tasks: Tasks) -> None:
        self._sound = sound
        self._settings = settings
        self._bus = bus
        self._tasks = tasks
        self._meter: asyncio.Task[None] | None = None
        self._watchers = 0
        self._known = DeviceState()
        self._choosing = False
        for key in ("audio.microphone", "audio.speaker", "audio.ring"):
            settings.subscribe(key, self._setting_changed)

    async def start(self) -> None:
        """Use the chosen devices from now on."""
        await self._apply()
        self._known = self._sound.state()
        self._sound.listen(self._changed)
        self._bus.publish(DevicesChanged(self._known))

    def state(self) -> DeviceState:
        """Devices and roles as they stand."""
        return self._sound.state()

    async def choose(
        self,
        *,
        microphone: str | None = None,
        speaker: str | None = None,
        ring: Sequence[str] | None = None,
    ) -> None:
        """Choose devices by id, at once and for later. Raises BadSetting where policy decides."""
        self._choosing = True
        try:
            if microphone is not None:
                await self._settings.set("audio.microphone", microphone)
            if speaker is not None:
                await self._settings.set("audio.speaker", speaker)
            if ring is not None:
                await self._settings.set("audio.ring", tuple(ring))
        finally:
            self._choosing = False
        await self._apply()

    async def meter(self, on: bool) -> None:
        """Publish levels twenty times a second while somebody looks; each `on` needs its `off`."""
        self._watchers = max(0, self._watchers + (1 if on else -1))
        if on and self._meter is None:
            await self._sound.listen_to_microphone(True)
            self._meter = self._tasks.spawn(self._measure(), "level meter")
        elif not self._watchers and self._meter is not None:
            self._meter.cancel()
            self._meter = None
            await self._sound.listen_to_microphone(False)

    async def test_tone(self) -> None:
        """Play a short tone in the speaker."""
        await self._sound.play_tone("test")

    async def try_ring(self, device_id: str) -> None:
        """Ring for two seconds on one device. Raises DeviceError."""
        await self._sound.try_ring(device_id)

    def _setting_changed(self, value: object) -> None:
        """A device setting was changed elsewhere: follow it."""
        if not self._choosing:
            self._tasks.spawn(self._apply(), "devices")

    async def _apply(self) -> None:
        try:
            await self._sound.choose(
                microphone=self._settings.text("audio.microphone"),
                speaker=self._settings.text("audio.speaker"),
                ring=self._settings.names("audio.ring"),
            )
        except DeviceError as error:
            log.warning("devices: %s", error)
            self._bus.publish(Notice("device-lost", {"device": str(error)}))

    async def _measure(self) -> None:
        while True:
            self._bus.publish(LevelsChanged(*self._sound.levels()))
            await asyncio.sleep(METER_PERIOD_S)

    def _changed(self, state: DeviceState) -> None:
        before, self._known = self._known, state
        self._bus.publish(DevicesChanged(state))
        gone = {device.name for device in before.devices} - {device.name for device in state.devices}
        used = {before.microphone_used, before.speaker_used, *before.ring_used}
        for name in sorted(gone & used):
            self._bus.publish(Notice("device-lost", {"device": name}))
        if before.devices and not (state.inputs and state.outputs):
            self._bus.publish(Notice("device-none"))

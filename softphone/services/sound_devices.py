"""Which device does what: lists for microphone, speaker and alert, a set of outputs for the ring."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from softphone.domain.device import DeviceState, Role
from softphone.domain.errors import DeviceError
from softphone.domain.events import DevicesChanged, LevelsChanged, Notice
from softphone.ports import Sound
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.device_names import DeviceNames
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

METER_PERIOD_S = 0.05

ORDERED = (Role.MICROPHONE, Role.SPEAKER, Role.ALERT)
"""Roles with a list; the ring has a set."""


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
        self._names = DeviceNames(settings)
        for role in Role:
            settings.subscribe(key_of(role), self._setting_changed)
        for key in ("audio.echo_cancel", "audio.noise_suppression"):
            settings.subscribe(key, self._treatment_changed)

    async def start(self) -> None:
        """Use the chosen devices from now on."""
        self._treatment_changed(None)
        await self._apply()
        self._known = self._sound.state()
        await self._remember()
        self._sound.listen(self._changed)
        self._bus.publish(DevicesChanged(self._known))

    def state(self) -> DeviceState:
        """Devices and roles as they stand."""
        return self._sound.state()

    def underflows(self) -> int:
        """How often since the start the speaker had nothing left to play."""
        return self._sound.underflows()

    def name_of(self, device_id: str) -> str:
        """A device's name, also when it is away but was chosen once."""
        return self._names.name(device_id)

    def order(self, role: Role) -> tuple[str, ...]:
        """What a role wishes for, each id once, the best first."""
        return tuple(dict.fromkeys(self._settings.names(key_of(role))))

    async def choose(
        self,
        *,
        microphone: str | None = None,
        speaker: str | None = None,
        alert: str | None = None,
        ring: Sequence[str] | None = None,
    ) -> None:
        """Put devices first on their roles' lists, and set the ring's places, by id, at once and for later.

        What was on a list stays behind as what is used when the first is away. Raises BadSetting where
        policy decides.
        """
        firsts = zip(ORDERED, (microphone, speaker, alert), strict=True)
        chosen = {role: (first, *self.order(role)) for role, first in firsts if first is not None}
        if ring is not None:
            chosen[Role.RING] = tuple(ring)
        await self._set(chosen)

    async def reorder(self, role: Role, order: Sequence[str]) -> None:
        """Replace a role's list. Raises BadSetting where policy decides."""
        await self._set({role: tuple(order)})

    async def _set(self, lists: dict[Role, tuple[str, ...]]) -> None:
        self._choosing = True
        try:
            for role, ids in lists.items():
                await self._settings.set(key_of(role), tuple(dict.fromkeys(ids)))
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

    async def beep(self) -> None:
        """Beep once where alerts are heard. Raises DeviceError."""
        await self._sound.play_tone("beep")

    async def try_ring(self, device_id: str) -> None:
        """Ring for two seconds on one device. Raises DeviceError."""
        await self._sound.try_ring(device_id)

    def _setting_changed(self, value: object) -> None:
        """A device setting was changed elsewhere: follow it."""
        if not self._choosing:
            self._tasks.spawn(self._apply(), "devices")

    def _treatment_changed(self, value: object) -> None:
        self._sound.treat(
            echo=self._settings.text("audio.echo_cancel"),
            noise=self._settings.text("audio.noise_suppression"),
        )

    async def _apply(self) -> None:
        try:
            await self._sound.choose(
                microphone=self.order(Role.MICROPHONE),
                speaker=self.order(Role.SPEAKER),
                ring=self.order(Role.RING),
                alert=self.order(Role.ALERT),
            )
        except DeviceError as error:
            log.warning("devices: %s", error)
            self._bus.publish(Notice("device-lost", {"device": str(error)}))
        await self._remember()

    async def _remember(self) -> None:
        self._names.see(self._sound.state().devices)
        await self._names.keep({identity for role in Role for identity in self.order(role)})

    async def _measure(self) -> None:
        while True:
            self._bus.publish(LevelsChanged(*self._sound.levels()))
            await asyncio.sleep(METER_PERIOD_S)

    def _changed(self, state: DeviceState) -> None:
        before, self._known = self._known, state
        if state.devices != before.devices:
            self._tasks.spawn(self._remember(), "device names")
        self._bus.publish(DevicesChanged(state))
        gone = {device.name for device in before.devices} - {device.name for device in state.devices}
        used = {before.microphone_used, before.speaker_used, *before.ring_used}
        for name in sorted(gone & used):
            self._bus.publish(Notice("device-lost", {"device": name}))
        if before.devices and not (state.inputs and state.outputs):
            self._bus.publish(Notice("device-none"))


def key_of(role: Role) -> str:
    """The setting that holds a role's devices."""
    return f"audio.{role}"

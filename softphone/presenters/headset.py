"""Settings → Audio → Headset: which device hears, speaks and rings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.device import SYSTEM_DEFAULT, Device, DeviceState
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import DevicesChanged, Event, SettingChanged
from softphone.presenters import sentences
from softphone.presenters.parts import Advice, Choice, Option, Sign, Tone
from softphone.presenters.presenter import Presenter
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices


@dataclass(frozen=True, slots=True)
class RingPlace:
    """One output the ring can sound in."""

    id: str
    text: str
    chosen: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class HeadsetView:
    """Drop-downs hold the devices plugged in now; the notes say what is really used and why."""

    microphone: Choice
    microphone_note: Sign
    speaker: Choice
    speaker_note: Sign
    rings: tuple[RingPlace, ...]
    ring_note: Sign
    advice: Advice | None


class HeadsetPresenter(Presenter[HeadsetView]):
    """Follows plugging while the page is open."""

    def __init__(
        self,
        devices: SoundDevices,
        settings: Settings,
        words: Words,
        emit: Callable[[HeadsetView], None],
    ) -> None:
        super().__init__(words, emit)
        self._devices, self._settings = devices, settings
        self._names: dict[str, str] = {}
        self._error: SoftphoneError | None = None
        self._learn(devices.state())

    def compose(self) -> HeadsetView:
        """The page as things stand."""
        state = self._devices.state()
        inputs, outputs = state.inputs, state.outputs
        hearing = _with_named(inputs, state.microphone, state.microphone_used)
        speaking = _with_named(outputs, state.speaker, state.speaker_used)
        system_input = next((d.name for d in inputs if d.is_default_input), "")
        system_output = next((d.name for d in outputs if d.is_default_output), "")
        return HeadsetView(
            microphone=self._choice("audio.microphone", hearing, state.microphone, system_input),
            microphone_note=self._note(hearing, state.microphone, state.microphone_used),
            speaker=self._choice("audio.speaker", speaking, state.speaker, system_output),
            speaker_note=self._note(speaking, state.speaker, state.speaker_used),
            rings=self._rings(state, system_output),
            ring_note=self._ring_note(state),
            advice=sentences.failure(self.words, self._error) if self._error is not None else None,
        )

    def _choice(self, key: str, devices: tuple[Device, ...], chosen: str, system: str) -> Choice:
        if not devices:
            return Choice(locked=True, missing=self._("No device"))
        return Choice(
            (self._system(system), *(Option(device.id, device.name) for device in devices)),
            chosen,
            self._settings.locked(key),
            self._("{device} (not plugged in)").format(device=self._name(chosen)),
        )

    def _system(self, name: str) -> Option:
        if not name:
            return Option(SYSTEM_DEFAULT, self._("System default"))
        return Option(SYSTEM_DEFAULT, self._("System default: {device}").format(device=name))

    def _note(self, devices: tuple[Device, ...], chosen: str, used: str) -> Sign:
        if not devices or not used:
            return Sign("warning", self._("Nothing is plugged in. Plug in a headset."), Tone.BAD)
        if chosen == SYSTEM_DEFAULT or any(device.id == chosen for device in devices):
            return Sign("check", self._("{device} is in use.").format(device=used), Tone.QUIET)
        text = self._("{chosen} is not plugged in. {device} is used until it is back.")
        return Sign("warning", text.format(chosen=self._name(chosen), device=used), Tone.WARN)

    def _rings(self, state: DeviceState, system: str) -> tuple[RingPlace, ...]:
        locked = self._settings.locked("audio.ring")
        places = [self._system(system), *(Option(device.id, device.name) for device in state.outputs)]
        return tuple(RingPlace(p.id, p.text, p.id in state.ring, locked) for p in places if state.outputs)

    def _ring_note(self, state: DeviceState) -> Sign:
        if not state.ring_used:
            return Sign("warning", self._("An incoming call makes no sound. Choose a place."), Tone.BAD)
        places = " + ".join(dict.fromkeys(state.ring_used))
        return Sign("bell", self._("A call rings in: {places}").format(places=places), Tone.QUIET)

    def _name(self, device_id: str) -> str:
        """A name for a device that is away: as it was last seen, else the end of its id."""
        return self._names.get(device_id) or device_id.rpartition(":")[2] or device_id

    def _learn(self, state: DeviceState) -> None:
        self._names.update({device.id: device.name for device in state.devices})

    def hear(self, event: Event) -> None:
        """Follow plugging and settings."""
        match event:
            case DevicesChanged(devices):
                self._learn(devices)
            case SettingChanged(key) if key.startswith("audio."):
                pass
            case _:
                return
        self.render()

    async def choose_microphone(self, device_id: str) -> None:
        """Use this microphone at once."""
        await self._choose(microphone=device_id)

    async def choose_speaker(self, device_id: str) -> None:
        """Use this speaker at once."""
        await self._choose(speaker=device_id)

    async def ring_in(self, device_id: str, on: bool) -> None:
        """Add or remove a place of the ring."""
        chosen = tuple(place for place in self._devices.state().ring if place != device_id)
        await self._choose(ring=(*chosen, device_id) if on else chosen)

    async def play_tone(self) -> None:
        """A short tone in the speaker."""
        await self._devices.test_tone()

    async def try_ring(self) -> None:
        """Two seconds of ringing wherever a call would ring."""
        for place in self._devices.state().ring:
            try:
                await self._devices.try_ring(place)
            except SoftphoneError as error:
                self._error = error
        self.render()

    async def _choose(
        self,
        *,
        microphone: str | None = None,
        speaker: str | None = None,
        ring: tuple[str, ...] | None = None,
    ) -> None:
        self._error = None
        try:
            await self._devices.choose(microphone=microphone, speaker=speaker, ring=ring)
        except SoftphoneError as error:
            self._error = error
        self.view = None  # a drop-down that was refused must show the old choice again
        self.render()


def _with_named(devices: tuple[Device, ...], chosen: str, used: str) -> tuple[Device, ...]:
    """The devices listed, and the one that only the choice names, such as a file, while it is in use."""
    listed = not used or any(device.name == used or device.id == chosen for device in devices)
    return devices if listed or chosen == SYSTEM_DEFAULT else (*devices, Device(chosen, used, True, True))

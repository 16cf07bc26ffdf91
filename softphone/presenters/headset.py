"""Settings → Audio → Headset: which device hears, speaks and rings, and what is done to the sound."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from resources.words import Words, marked
from softphone.domain.device import ANY_OUTPUT, PLACES, SYSTEM_DEFAULT, DeviceState, Role
from softphone.domain.device_kind import WORN
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import DevicesChanged, Event, SettingChanged
from softphone.presenters import sentences
from softphone.presenters.device_order import OrderView, moved, order_view, removed
from softphone.presenters.device_words import DeviceWords, RoleState, roles_of
from softphone.presenters.general import Switch
from softphone.presenters.parts import Advice, Choice, Option, Sign, Tone
from softphone.presenters.presenter import Presenter
from softphone.services.ring_places import ring_places
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices, key_of

ECHO, NOISE, BUTTONS = "audio.echo_cancel", "audio.noise_suppression", "headset.buttons"

TREATMENT: dict[str, tuple[tuple[str, str], ...]] = {
    ECHO: (
        ("auto", marked("Automatic")),
        ("on", marked("Always")),
        ("off", marked("Never")),
    ),
    NOISE: (("off", marked("Off")), ("low", marked("Low")), ("high", marked("High"))),
}


@dataclass(frozen=True, slots=True)
class RingPlace:
    """One output the ring can sound in."""

    id: str
    text: str
    chosen: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class HeadsetView:
    """Drop-downs hold the devices plugged in now; the notes say what is really used and why.

    `orders` are the lists behind the drop-downs of microphone, speaker and alert.
    """

    microphone: Choice
    microphone_note: Sign
    speaker: Choice
    speaker_note: Sign
    alert: Choice
    alert_note: Sign | None
    rings: tuple[RingPlace, ...]
    ring_note: Sign
    echo: Choice
    echo_note: str
    noise: Choice
    buttons: Switch
    orders: tuple[OrderView, ...]
    locked_note: str
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
        self._error: SoftphoneError | None = None

    def compose(self) -> HeadsetView:
        """The page as things stand."""
        devices = self._devices.state()
        roles, words = roles_of(devices), self._device_words()
        microphone, speaker, alert = (roles[role] for role in (Role.MICROPHONE, Role.SPEAKER, Role.ALERT))
        as_wished = not alert.standing.reason
        return HeadsetView(
            microphone=self._choice(microphone, words),
            microphone_note=words.note(microphone),
            speaker=self._choice(speaker, words),
            speaker_note=words.note(speaker),
            alert=self._choice(alert, words),
            alert_note=None if as_wished or not alert.used else words.note(alert),
            rings=self._rings(devices, words),
            ring_note=self._ring_note(devices),
            echo=self._treatment(ECHO),
            echo_note=self._echo_note(devices),
            noise=self._treatment(NOISE),
            buttons=Switch(self._settings.flag(BUTTONS), self._settings.locked(BUTTONS)),
            orders=tuple(
                order_view(state, words, locked=self._settings.locked(key_of(role)))
                for role, state in roles.items()
            ),
            locked_note=self._locked_note(),
            advice=sentences.failure(self.words, self._error) if self._error is not None else None,
        )

    def _device_words(self) -> DeviceWords:
        return DeviceWords(self.words, self._devices.name_of)

    def _choice(self, state: RoleState, words: DeviceWords) -> Choice:
        options = words.options(state)
        if not options:
            return Choice(locked=True, missing=self._("No device"))
        missing = self._("{device} (not plugged in)").format(device=words.name(state.wishes[0], state))
        return Choice(options, state.wishes[0], self._settings.locked(key_of(state.role)), missing)

    def _treatment(self, key: str) -> Choice:
        options = tuple(Option(value, self._(text)) for value, text in TREATMENT[key])
        return Choice(options, self._settings.text(key), self._settings.locked(key))

    def _echo_note(self, state: DeviceState) -> str:
        """What "automatic" means now."""
        used = next((device for device in state.outputs if device.id == state.speaker_why.used), None)
        if used is None or self._settings.text(ECHO) != "auto":
            return ""
        if used.kind in WORN:
            return self._("Off now: not needed with {device}.").format(device=used.name)
        return self._("On now, for {device}.").format(device=used.name)

    def _locked_note(self) -> str:
        keys = (*(key_of(role) for role in Role), ECHO, NOISE, BUTTONS)
        if not any(self._settings.locked(key) for key in keys):
            return ""
        return self._("Settings that can't be changed here are decided by your company.")

    def _rings(self, state: DeviceState, words: DeviceWords) -> tuple[RingPlace, ...]:
        """Every output there is, and every chosen one; where all are chosen, nothing else is to be chosen."""
        if not state.outputs:
            return ()
        locked, everywhere = self._settings.locked(key_of(Role.RING)), ANY_OUTPUT in state.ring
        system = next((d.name for d in state.outputs if d.is_default_output), "")
        names = {SYSTEM_DEFAULT: words.system(system)} | {d.id: d.name for d in state.outputs}
        away = self._("{device} (not plugged in)")
        names |= {
            i: away.format(device=self._devices.name_of(i)) for i in _devices(state.ring) if i not in names
        }
        places = tuple(
            RingPlace(i, text, everywhere or i in state.ring, locked or everywhere)
            for i, text in names.items()
        )
        every = RingPlace(
            ANY_OUTPUT, self._("Everywhere, also on what is plugged in later"), everywhere, locked
        )
        return (*places, every)

    def _ring_note(self, state: DeviceState) -> Sign:
        if not state.ring_used:
            return Sign("warning", self._("An incoming call makes no sound. Choose a place."), Tone.BAD)
        places = " + ".join(dict.fromkeys(state.ring_used))
        return Sign("bell", self._("A call rings in: {places}").format(places=places), Tone.QUIET)

    def hear(self, event: Event) -> None:
        """Follow plugging and settings."""
        match event:
            case DevicesChanged():
                pass
            case SettingChanged(key) if key.startswith("audio.") or key == BUTTONS:
                pass
            case _:
                return
        self.render()

    async def choose(self, role: Role, device_id: str) -> None:
        """Put this device first on a role's list, at once."""
        await self._try(self._devices.choose(**{role.value: device_id}))

    async def move(self, role: Role, device_id: str, by: int) -> None:
        """Move a device up (-1) or down (1) in a role's list."""
        await self._try(self._devices.reorder(role, moved(self._role(role), device_id, by)))

    async def remove(self, role: Role, device_id: str) -> None:
        """Take a device off a role's list."""
        await self._try(self._devices.reorder(role, removed(self._role(role), device_id)))

    def _role(self, role: Role) -> RoleState:
        return roles_of(self._devices.state())[role]

    async def ring_in(self, device_id: str, on: bool) -> None:
        """Add or remove a place of the ring."""
        chosen = tuple(place for place in self._devices.state().ring if place != device_id)
        await self._try(self._devices.choose(ring=(*chosen, device_id) if on else chosen))

    async def change(self, key: str, value: object) -> None:
        """Change how the sound is treated, or whether the headset's buttons count."""
        await self._try(self._settings.set(key, value))

    async def play_tone(self) -> None:
        """A short tone in the speaker."""
        await self._devices.test_tone()

    async def try_ring(self) -> None:
        """Two seconds of ringing wherever a call would ring."""
        self._error = None
        for place in ring_places(self._devices.state()):
            try:
                await self._devices.try_ring(place)
            except SoftphoneError as error:
                self._error = error
        self.render()

    async def _try(self, command: Awaitable[None]) -> None:
        self._error = None
        try:
            await command
        except SoftphoneError as error:
            self._error = error
        self.view = None  # a drop-down that was refused must show the old choice again
        self.render()


def _devices(places: Iterable[str]) -> list[str]:
    return [place for place in places if place not in PLACES]

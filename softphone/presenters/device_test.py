"""The test of microphone, speaker, ring and echo, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words, marked
from softphone.domain.device import Device, DeviceState, MicrophoneState
from softphone.domain.events import CallChanged, DevicesChanged, DeviceTestChanged, Event, LevelsChanged
from softphone.domain.sound_test import (
    ZEROS_S,
    Activity,
    DeviceTestState,
    EchoVerdict,
    Hearing,
    Permission,
)
from softphone.presenters.levels import HEARD_DBFS, share
from softphone.presenters.parts import Advice, Sign, Tone
from softphone.presenters.presenter import Presenter
from softphone.services.device_test import IN_CALL, DeviceTest
from softphone.services.sound_devices import SoundDevices

HELD_LEVELS = 20
"""Levels for which "we hear you" stays: a second at 20 Hz, so that it does not flicker between words."""

SILENT_S = 4.0

ECHOES = {
    EchoVerdict.FINE: (Tone.GOOD, "check", marked("No echo: others will not hear themselves.")),
    EchoVerdict.USE_HEADSET: (
        Tone.WARN,
        "headset",
        marked("Others would hear themselves: use a headset, or turn the speaker down."),
    ),
    EchoVerdict.DISTURBED: (
        Tone.WARN,
        "warning",
        marked("It is too noisy to tell. Try again when it is quiet around you."),
    ),
    EchoVerdict.ZEROS: (
        Tone.BAD,
        "microphone-off",
        marked("The microphone gives nothing, so there is nothing to compare."),
    ),
}

RECORDINGS = {
    Hearing.FINE: (Tone.GOOD, "check", marked("This is how others hear you.")),
    Hearing.QUIET: (
        Tone.WARN,
        "warning",
        marked("There is hardly anything to hear: speak louder, or move the microphone nearer."),
    ),
    Hearing.TOO_LOUD: (
        Tone.WARN,
        "warning",
        marked(
            "Your voice is cut off at the top: move the microphone away from your mouth, or turn it down."
        ),
    ),
    Hearing.ZEROS: (Tone.BAD, "microphone-off", marked("Nothing was recorded: the microphone is muted.")),
}

PLACES = (
    ("ms-settings:", marked("Windows Settings → Privacy & security → Microphone: let desktop apps use it.")),
    ("x-apple.", marked("System Settings → Privacy & Security → Microphone: switch Softphone on.")),
)
ANY_PLACE = marked("Press the mute button of the headset, and look at this computer's sound settings.")


@dataclass(frozen=True, slots=True)
class MicrophoneView:
    """The live meter: `level` 0…1 of what it shows, and what that means."""

    level: float
    sign: Sign
    help: str


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One output: its name, whether the tone plays there, whether a person is being asked, what they said.

    `speech`: it is the one in which others are heard.
    """

    id: str
    text: str
    playing: bool
    asking: bool
    sign: Sign | None
    said: str = ""
    progress: float = 0.0
    speech: bool = False


@dataclass(frozen=True, slots=True)
class DeviceTestView:
    """`doing` is what goes on ("" nothing), `said` in words, `progress` 0…1.

    `place` is a URL the system opens at its switch for the microphone, "" where nobody needs it.
    """

    doing: str
    said: str
    progress: float
    microphone: str
    permission: Sign | None
    place: str
    recording: Sign | None
    can_play: bool
    outputs: tuple[OutputRow, ...]
    ring_places: str
    ring: Sign | None
    echo: Sign | None
    advice: Advice | None


class MicrophonePresenter(Presenter[MicrophoneView]):
    """The microphone twenty times a second, while somebody looks."""

    def __init__(
        self, tests: DeviceTest, devices: SoundDevices, words: Words, emit: Callable[[MicrophoneView], None]
    ) -> None:
        super().__init__(words, emit)
        self._tests, self._devices = tests, devices
        self._heard_for = 0
        self._watchers: set[str] = set()

    def compose(self) -> MicrophoneView:
        """The meter now."""
        heard = self._tests.microphone()
        muted = heard.zero_for_s >= ZEROS_S
        permission = self._tests.state.permission
        help_text = place_words(self.words, permission) if muted and permission.state != "denied" else ""
        return MicrophoneView(share(heard.level_dbfs), self._sign(heard, muted=muted), help_text)

    def _sign(self, heard: MicrophoneState, *, muted: bool) -> Sign:
        if not self._devices.state().microphone_used:
            return Sign("warning", self._("There is no microphone: plug in a headset."), Tone.BAD)
        if muted:
            return Sign("microphone-off", self._("Muted by the system or by its own button"), Tone.BAD)
        if heard.clipping:
            return Sign("warning", self._("Too loud"), Tone.WARN)
        if self._heard_for:
            return Sign("check", self._("We hear you"), Tone.GOOD)
        if heard.silent_for_s >= SILENT_S:
            return Sign("warning", self._("We hear nothing"), Tone.WARN)
        return Sign("microphone", self._("Say something"), Tone.QUIET)

    def hear(self, event: Event) -> None:
        """Follow the levels while somebody looks: in a call they are told too."""
        if isinstance(event, LevelsChanged) and self._watchers:
            loud = self._tests.microphone().level_dbfs > HEARD_DBFS
            self._heard_for = HELD_LEVELS if loud else max(0, self._heard_for - 1)
            self.render()

    async def watch(self, on: bool, place: str = "test") -> None:
        """Somebody looks at the meter in `place`, or has stopped looking."""
        (self._watchers.add if on else self._watchers.discard)(place)
        self.render()


class DeviceTestPresenter(Presenter[DeviceTestView]):
    """Everything else on the page."""

    def __init__(
        self, tests: DeviceTest, devices: SoundDevices, words: Words, emit: Callable[[DeviceTestView], None]
    ) -> None:
        super().__init__(words, emit)
        self._tests, self._devices = tests, devices

    def compose(self) -> DeviceTestView:
        """The page as things stand."""
        state, devices = self._tests.state, self._devices.state()
        denied = state.permission.state in ("denied", "undetermined")
        return DeviceTestView(
            doing=state.activity.value,
            said=self._said(state),
            progress=state.progress,
            microphone=devices.microphone_used,
            permission=self._permission(state.permission),
            place=state.permission.place if denied or self._muted(state) else "",
            recording=self._recording(state),
            can_play=state.recorded is not None and not self._muted(state),
            outputs=self._outputs(state, devices),
            ring_places=" + ".join(dict.fromkeys(devices.ring_used)),
            ring=Sign("check", self._("It has rung."), Tone.GOOD) if state.rung else None,
            echo=self._echo(state),
            advice=self._advice(state),
        )

    def _said(self, state: DeviceTestState) -> str:
        return {
            Activity.NOTHING: "",
            Activity.RECORDING: self._("Recording: speak now"),
            Activity.PLAYING: self._("This is you"),
            Activity.TONE: self._("A tone is playing"),
            Activity.RINGING: self._("Ringing"),
            Activity.ECHO: self._("Measuring: please be quiet"),
        }[state.activity]

    def _permission(self, permission: Permission) -> Sign | None:
        match permission.state:
            case "granted":
                return Sign("check", self._("This computer lets Softphone hear you."))
            case "denied":
                text = self._("This computer does not let Softphone hear you. {place}")
                return Sign(
                    "microphone-off", text.format(place=place_words(self.words, permission)), Tone.BAD
                )
            case "undetermined":
                text = self._("This computer will ask whether Softphone may hear you: say yes.")
                return Sign("info", text, Tone.WARN)
        return None

    def _muted(self, state: DeviceTestState) -> bool:
        return state.recorded is not None and state.recorded.hearing is Hearing.ZEROS

    def _recording(self, state: DeviceTestState) -> Sign | None:
        if state.recorded is None:
            return None
        tone, icon, text = RECORDINGS[state.recorded.hearing]
        return Sign(icon, self._(text), tone)

    def _echo(self, state: DeviceTestState) -> Sign | None:
        if state.echo is None:
            return None
        tone, icon, text = ECHOES[state.echo.verdict]
        return Sign(icon, self._(text), tone)

    def _outputs(self, state: DeviceTestState, devices: DeviceState) -> tuple[OutputRow, ...]:
        return tuple(self._output(device, state, devices.speaker_used) for device in _outputs(devices))

    def _output(self, device: Device, state: DeviceTestState, speaker: str) -> OutputRow:
        speech = self._("{device} (speech)").format(device=device.name)
        playing = state.activity is Activity.TONE and state.place == device.id
        return OutputRow(
            id=device.id,
            text=speech if device.name == speaker else device.name,
            playing=playing,
            asking=state.asking == device.id,
            sign=self._answer(dict(state.heard).get(device.id)),
            said=self._said(state) if playing else "",
            progress=state.progress if playing else 0.0,
            speech=device.name == speaker,
        )

    def _answer(self, heard: bool | None) -> Sign | None:
        if heard is None:
            return None
        if heard:
            return Sign("check", self._("You heard it."), Tone.GOOD)
        text = self._("Not heard: turn it up, look whether it is muted, or plug it in again.")
        return Sign("warning", text, Tone.WARN)

    def _advice(self, state: DeviceTestState) -> Advice | None:
        if state.failed is Activity.NOTHING:
            return None
        if state.fault == IN_CALL:
            text, what_to_do = self._("A call is going on."), self._("Test again after it.")
        else:
            text = self._("The sound device could not be used.")
            what_to_do = self._("Plug it in again or choose another one.")
        return Advice(f"test-{state.fault}", Tone.WARN, text, what_to_do)

    def hear(self, event: Event) -> None:
        """Follow tests, plugging and calls."""
        if isinstance(event, DeviceTestChanged | DevicesChanged | CallChanged):
            self.render()

    async def watch(self, on: bool) -> None:
        """Somebody looks at the page, or has closed it: then nothing recorded is kept."""
        if on:
            await self._tests.look_at_permission()
        else:
            self._tests.close()

    async def record(self) -> None:
        """Record three seconds and play them; stops instead while that goes on."""
        self._toggle((Activity.RECORDING, Activity.PLAYING), self._tests.record)

    async def play_again(self) -> None:
        """Play the recording once more."""
        self._tests.play_again()

    async def tone(self, device_id: str) -> None:
        """Play the tone on an output, or stop it."""
        going = self._tests.state.activity is Activity.TONE and self._tests.state.place == device_id
        (self._tests.stop if going else lambda: self._tests.tone(device_id))()

    async def answer(self, heard: bool) -> None:
        """Whether the tone was heard."""
        self._tests.answer(heard)

    async def ring(self) -> None:
        """Ring wherever a call would, or stop waiting for it."""
        self._toggle((Activity.RINGING,), self._tests.ring)

    async def echo(self) -> None:
        """Measure the echo, or stop."""
        self._toggle((Activity.ECHO,), self._tests.echo)

    def _toggle(self, going: tuple[Activity, ...], begin: Callable[[], None]) -> None:
        (self._tests.stop if self._tests.state.activity in going else begin)()


def place_words(words: Words, permission: Permission) -> str:
    """Where a person changes whether the microphone may be heard, or what else to look at."""
    known = (text for prefix, text in PLACES if permission.place.startswith(prefix))
    return words._(next(known, ANY_PLACE))


def _outputs(devices: DeviceState) -> tuple[Device, ...]:
    """The outputs there are; a speaker in use that is not listed, such as a file, goes by no id."""
    listed = devices.outputs
    if not devices.speaker_used or any(device.name == devices.speaker_used for device in listed):
        return listed
    return (Device("", devices.speaker_used, False, True), *listed)

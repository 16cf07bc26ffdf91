"""A headset that comes and goes in every part of a real call: what each device played and what the far end
heard is recorded, and is where it belongs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.conftest import THEM, THIRD, US, NewPhone, NewProgram, sign_in
from tests.e2e.test_sound_e2e import far_program
from tests.lab.baresip import Baresip
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.pulse import PulseRig, Recording
from tests.lab.sound import level_at, read_growing_wav, tone, write_wav
from tests.lab.speech import level

pytestmark = pytest.mark.peer

FOR_EVER_S = 120.0
WORN, BUILT_IN = "usb", "headset"
MICROPHONES = {"usb_mic": 1300.0, "headset_mic": 1900.0}
THEIR_HZ, THIRD_HZ, SERVICE_HZ, RING_HZ = 800.0, 1000.0, 425.0, 659.3
AUDIBLE_DBFS, SILENT_DBFS = -45.0, -70.0
LOOK_S = 0.3
PATIENCE_S = 12.0
CHOSEN = {
    "audio.microphone": "pulse:usb_mic,pulse:headset_mic",
    "audio.speaker": f"pulse:{WORN},pulse:{BUILT_IN}",
    "audio.ring": f"pulse:{WORN},pulse:speakers",
    "audio.echo_cancel": "off",
    "audio.noise_suppression": "off",
}
"""A steady tone would pass for noise."""


@dataclass
class Desk:
    """The program, one headset that is pulled and plugged, and a tone in every mouth."""

    program: Program
    rig: PulseRig
    _open: ExitStack = field(default_factory=ExitStack)
    _worn: ExitStack = field(default_factory=ExitStack)
    _ears: dict[str, Recording] = field(default_factory=dict)

    def plug(self) -> None:
        """Put the headset in."""
        self.rig.plug_speaker(WORN, "USB Headset")
        self.rig.plug_microphone("usb_mic", "USB Microphone")
        self._worn.enter_context(self.rig.saying("usb_mic", tone(MICROPHONES["usb_mic"], FOR_EVER_S, -20)))
        self._ears[WORN] = self._worn.enter_context(self.rig.recording(WORN))

    def pull(self) -> None:
        """Pull the headset out. Its mouth is shut before: the sound server would let it go on elsewhere."""
        self._worn.close()
        self.rig.unplug(WORN)
        self.rig.unplug("usb_mic")
        del self._ears[WORN]

    def listen(self, speaker: str) -> None:
        """Record a speaker that stays, from now on."""
        self._ears[speaker] = self._open.enter_context(self.rig.recording(speaker))

    def say(self, microphone: str) -> None:
        """Say its tone into a microphone that stays."""
        self._open.enter_context(self.rig.saying(microphone, tone(MICROPHONES[microphone], FOR_EVER_S, -20)))

    def close(self) -> None:
        """End recordings and voices, and leave no headset behind."""
        self._worn.close()
        self._open.close()
        for name in (WORN, "usb_mic"):
            if self.rig.plugged(name):
                self.rig.unplug(name)

    def hears(self, speaker: str, hertz: float) -> None:
        """The speaker plays a tone, if not yet then soon. Raises AssertionError."""
        ear = self._ears[speaker]
        assert eventually(lambda: level_at(ear.pcm(time.monotonic() - LOOK_S), hertz) > AUDIBLE_DBFS), (
            f"no {hertz:g} Hz on {speaker}"
        )

    def is_silent(self, speaker: str) -> None:
        """The speaker plays nothing, if not yet then soon. Raises AssertionError."""
        ear = self._ears[speaker]

        def silent() -> bool:
            recent = ear.pcm(time.monotonic() - 2 * LOOK_S)
            return len(recent) > 0 and level(recent) < SILENT_DBFS

        assert eventually(silent), f"{speaker} is not silent"

    def states(self) -> list[str]:
        """Of all calls."""
        return [call["state"] for call in self.program.calls()]


def eventually(condition: Callable[[], bool]) -> bool:
    return wait_until(condition, PATIENCE_S, 0.1)


def they_hear(phone: Baresip, microphone: str) -> None:
    """The far end hears this microphone, if not yet then soon. Raises AssertionError."""

    def heard() -> bool:
        pcm, rate = phone.heard(LOOK_S)
        return level_at(pcm, MICROPHONES[microphone], rate) > AUDIBLE_DBFS

    assert eventually(heard), f"they do not hear {microphone}"


@pytest.fixture
def desk(new_program: NewProgram, server: Kamailio, authority: Authority, rig: PulseRig) -> Iterator[Desk]:
    program = new_program(settings=CHOSEN)
    made = Desk(program, rig)
    try:
        made.plug()
        made.listen(BUILT_IN)
        made.listen("speakers")
        made._open.enter_context(rig.saying("headset_mic", tone(MICROPHONES["headset_mic"], FOR_EVER_S, -20)))
        program.start()
        sign_in(program, server, authority)
        yield made
    finally:
        made.close()


@pytest.fixture
def them(new_phone: NewPhone, tmp_path: Path) -> Baresip:
    return new_phone(write_wav(tmp_path / "them.wav", tone(THEIR_HZ, FOR_EVER_S, -20)))


def talk(desk: Desk, them: Baresip) -> None:
    desk.program.control("dial", target=THEM)
    desk.program.call_in("active")
    desk.hears(WORN, THEIR_HZ)
    they_hear(them, "usb_mic")


def test_in_a_talk(desk: Desk, them: Baresip) -> None:
    talk(desk, them)
    desk.is_silent(BUILT_IN)
    for _ in range(2):
        desk.pull()
        desk.hears(BUILT_IN, THEIR_HZ)
        they_hear(them, "headset_mic")
        desk.plug()
        desk.hears(WORN, THEIR_HZ)
        they_hear(them, "usb_mic")
        desk.is_silent(BUILT_IN)
    desk.is_silent("speakers")
    assert desk.states() == ["active"]


def test_while_it_rings(desk: Desk, them: Baresip) -> None:
    them.dial(US)
    desk.program.call_in("ringing")
    for speaker in (WORN, "speakers"):
        desk.hears(speaker, RING_HZ)
    desk.pull()
    desk.hears("speakers", RING_HZ)
    desk.is_silent(BUILT_IN)
    desk.plug()
    for speaker in (WORN, "speakers"):
        desk.hears(speaker, RING_HZ)
    assert desk.states() == ["ringing"]
    desk.program.control("answer")
    desk.program.call_in("active")
    desk.hears(WORN, THEIR_HZ)
    they_hear(them, "usb_mic")
    desk.is_silent("speakers")


def test_on_hold(
    desk: Desk, new_program: NewProgram, server: Kamailio, authority: Authority, tmp_path: Path
) -> None:
    """The far end is another program: baresip records nothing any more after a hold."""
    them = far_program(new_program, write_wav(tmp_path / "them.wav", tone(THEIR_HZ, FOR_EVER_S, -20)))
    sign_in(them, server, authority, user=THEM)
    desk.program.control("dial", target=THEM)
    them.call_in("ringing")
    them.control("answer")
    desk.hears(WORN, THEIR_HZ)
    assert at_their_ear(them, "usb_mic")
    desk.program.control("hold")
    desk.is_silent(WORN)
    desk.pull()
    desk.is_silent(BUILT_IN)
    desk.program.control("resume")
    desk.hears(BUILT_IN, THEIR_HZ)
    assert at_their_ear(them, "headset_mic")
    desk.program.control("hold")
    desk.is_silent(BUILT_IN)
    desk.plug()
    desk.is_silent(WORN)
    desk.program.control("resume")
    desk.hears(WORN, THEIR_HZ)
    assert at_their_ear(them, "usb_mic")
    assert desk.states() == ["active"]


def at_their_ear(them: Program, microphone: str) -> bool:
    """Whether the far program's speaker, a file, plays this microphone, if not yet then soon."""
    ear = Path(them.control("devices")["chosen"]["speaker"][0].removeprefix("file:"))

    def heard() -> bool:
        pcm, rate = read_growing_wav(ear)
        return level_at(pcm[-int(LOOK_S * rate) :], MICROPHONES[microphone], rate) > AUDIBLE_DBFS

    return eventually(heard)


def test_with_a_second_call(desk: Desk, them: Baresip, new_phone: NewPhone, tmp_path: Path) -> None:
    third = new_phone(write_wav(tmp_path / "third.wav", tone(THIRD_HZ, FOR_EVER_S, -20)), number=THIRD)
    talk(desk, them)
    third.dial(US)
    desk.program.call_in("ringing")
    desk.hears(WORN, SERVICE_HZ)
    desk.pull()
    desk.hears(BUILT_IN, THEIR_HZ)
    they_hear(them, "headset_mic")
    assert sorted(desk.states()) == ["active", "ringing"]
    desk.program.control("answer")
    desk.hears(BUILT_IN, THIRD_HZ)
    they_hear(third, "headset_mic")
    desk.plug()
    desk.hears(WORN, THIRD_HZ)
    they_hear(third, "usb_mic")
    desk.is_silent("speakers")
    assert desk.states() == ["active", "active"]

"""Scenes of the program's life, played over doubles: what the screens show then, in every language."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from resources.words import LANGUAGES, Words
from softphone.domain.account import Credentials, Refusal
from softphone.domain.call import Direction, EndReason
from softphone.domain.contact import Contact
from softphone.domain.device import Device, MicrophoneState
from softphone.domain.errors import SignInRefused
from softphone.domain.events import LevelsChanged, Notice
from softphone.domain.history import HistoryEntry, Outcome
from softphone.domain.preshift import CheckFailed, Finding, Step
from softphone.domain.quality import CallQuality
from softphone.domain.sound_test import EchoFinding, EchoVerdict, Permission
from softphone.presenters.board import Board
from tests.doubles.application import settle
from tests.doubles.cameras import FakeCameras
from tests.doubles.meeting_scenes import PLAYS
from tests.doubles.meetings import FakeAppointments, FakeMeetings
from tests.doubles.program import DoubledProgram
from tests.doubles.sound import HEADSET, SPEAKERS

CREDENTIALS = Credentials("vip.example.com", "0401234567", "a secret of nobody")
GOOD = CallQuality(4.3, 0.1, 4.0, 22.0, 0.0, received_level_dbfs=-30.0, sent_level_dbfs=-30.0)
POOR = replace(GOOD, mos=2.6, loss_percent=7.0, jitter_ms=40.0, rtt_ms=180.0, concealed_percent=6.0)

V = TypeVar("V")


class Staged:
    """The program, but for meetings: those are played."""

    def __init__(self, stage: Stage) -> None:
        self.appointments, self.meetings, self.cameras = stage.appointments, stage.meetings, stage.cameras
        self._program = stage.program

    def __getattr__(self, name: str) -> Any:
        return getattr(self._program, name)


class Stage:
    """A program on doubles with its presenters, in the loop of whoever plays."""

    def __init__(self, folder: Path, policy: dict[str, object] | None = None) -> None:
        self.doubles = DoubledProgram(folder, policy)
        self.program = self.doubles.application
        self.views: dict[type, object] = {}
        self.appointments = FakeAppointments(self.program.bus)
        self.meetings = FakeMeetings(self.program.bus)
        self.cameras = FakeCameras()
        self.board = Board(Staged(self), Words("en"), self._keep)

    def _keep(self, view: object) -> None:
        self.views[type(view)] = view

    async def open(self) -> None:
        """Start the program and its presenters."""
        await self.program.start()
        await self.board.start()

    async def close(self) -> None:
        """End both."""
        await self.board.close()
        await self.program.close()

    def view(self, kind: type[V]) -> V:
        """The newest view state of a screen."""
        view = self.views[kind]
        assert isinstance(view, kind)
        return view

    # --- what scenes are made of ---------------------------------------------------------------

    async def sign_in(self) -> None:
        """Somebody signs in and has chosen a headset."""
        await self.board.sign_in.sign_in(CREDENTIALS)
        await self.program.devices.choose(
            microphone=HEADSET.id, speaker=HEADSET.id, ring=(HEADSET.id, SPEAKERS.id)
        )

    async def look_at_test_page(self) -> None:
        """Somebody opens the page."""
        await self.board.microphone.watch(True)
        await self.board.device_test.watch(True)

    async def fill(self) -> None:
        """A day's calls and some people."""
        await self.program.contacts.put(
            Contact("1", "Aino Asiakas", ("0401234567", "+358 9 123 4567"), "Esimerkki Oy")
        )
        await self.program.contacts.put(Contact("2", "Bertil Björkbacka-Österlund", ("+46 8 123 456 78",)))
        await self.program.contacts.put(Contact("3", "Matti Meikäläinen", ("0501234567",), "Pankki"))
        now = self.doubles.clock.time()
        rows = (
            (300, Direction.INCOMING, "0401234567", "", 185, Outcome.ANSWERED, 4.3),
            (1500, Direction.INCOMING, "+358912345678", "", 0, Outcome.MISSED, None),
            (5400, Direction.OUTGOING, "0501234567", "", 3720, Outcome.ANSWERED, 3.3),
            (9000, Direction.OUTGOING, "+46812345678", "", 0, Outcome.NOT_ANSWERED, None),
            (90000, Direction.INCOMING, "010 123 4567", "Service number Lending", 44, Outcome.ANSWERED, 2.0),
            (260000, Direction.OUTGOING, "0201234567", "", 0, Outcome.FAILED, None),
            (2600000, Direction.INCOMING, "0451234567", "", 0, Outcome.DECLINED, None),
        )
        for at, (ago, direction, number, name, length, outcome, mos) in enumerate(rows):
            entry = HistoryEntry(
                str(at),
                direction,
                f"sip:{number}@vip.example.com",
                number,
                name,
                now - ago,
                length,
                outcome,
                mos,
            )
            await self.program.history.add(replace(entry, seen=outcome is not Outcome.MISSED))
        await self.board.history.load()
        await self.board.contacts.load()

    async def talk(self, number: str = "0401234567", quality: CallQuality = GOOD) -> str:
        """A call that has been answered two minutes ago."""
        call_id = await self.program.calls.dial(number)
        self.doubles.telephony.far_end_rings(call_id)
        self.doubles.telephony.qualities[call_id] = quality
        self.doubles.telephony.establish(call_id)
        await asyncio.sleep(0)
        self.doubles.clock.advance(134)
        self.program.bus.publish(LevelsChanged(-22.0, -30.0))
        return call_id


@dataclass(frozen=True, slots=True)
class Scene:
    """`window` names the window it is about; `play` brings it about."""

    name: str
    window: str
    play: Callable[[Stage], Awaitable[None]]
    policy: tuple[tuple[str, object], ...] = ()


async def views_of(scene: Scene) -> dict[str, list[object]]:
    """Play a scene and return the views of every screen by language."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), dict(scene.policy))
        await stage.open()
        try:
            await scene.play(stage)
            spoken = {}
            for language in LANGUAGES:
                await stage.board.speak(Words(language))
                spoken[language] = list(stage.views.values())
        finally:
            await stage.close()
    return spoken


async def _empty_form(stage: Stage) -> None:
    """Nothing has happened."""


def _refused(refusal: Refusal) -> Callable[[Stage], Awaitable[None]]:
    async def play(stage: Stage) -> None:
        stage.doubles.telephony.refusals.append(SignInRefused(refusal, "vip.example.com"))
        await stage.board.sign_in.sign_in(CREDENTIALS)

    return play


async def _main(stage: Stage) -> None:
    await stage.sign_in()
    await stage.fill()


async def _main_empty(stage: Stage) -> None:
    await stage.sign_in()


async def _main_trouble(stage: Stage) -> None:
    await _main(stage)
    stage.doubles.telephony.lose_registration()
    stage.doubles.sound.pull(HEADSET.id)
    stage.program.bus.publish(Notice("secrets-unavailable"))


async def _main_no_device(stage: Stage) -> None:
    await stage.sign_in()
    for device in tuple(stage.doubles.sound.devices):
        stage.doubles.sound.pull(device.id)
    await stage.board.line.dial("what is this?")


async def _incoming(stage: Stage) -> None:
    await _main(stage)
    stage.doubles.telephony.incoming("0401234567")
    stage.doubles.clock.advance(7)


async def _incoming_second(stage: Stage) -> None:
    await _main(stage)
    await stage.talk("0501234567")
    stage.doubles.telephony.incoming("+46812345678")
    stage.doubles.clock.advance(3)


async def _dialling(stage: Stage) -> None:
    await _main(stage)
    call_id = await stage.program.calls.dial("+46812345678")
    stage.doubles.telephony.far_end_rings(call_id)


async def _talking(stage: Stage) -> None:
    await _main(stage)
    await stage.talk()


async def _muted(stage: Stage) -> None:
    await _main(stage)
    call_id = await stage.talk(quality=POOR)
    await stage.board.calls.mute(call_id, True)


async def _not_heard(stage: Stage) -> None:
    """The microphone has given nothing but zeros for a while; before, the line was bad for some seconds."""
    await _main(stage)
    call_id = await stage.talk()
    doubles = stage.doubles
    for step in range(60):
        doubles.clock.advance(0.5)
        wave = 0.9 if 25 < step < 34 else 0.05 * (step % 3)
        moved = replace(GOOD, mos=4.3 - 1.8 * wave, packets_sent=step, packets_received=step)
        doubles.telephony.qualities[call_id] = moved
        doubles.sound.open_microphone = MicrophoneState(zero_for_s=max(0.0, (step - 50) / 2))
        stage.program.quality.sample()


async def _two_calls(stage: Stage) -> None:
    await _main(stage)
    first = await stage.talk("0401234567")
    second = await stage.program.calls.dial("0501234567")
    stage.doubles.telephony.media_changed(first, held=True)
    stage.doubles.telephony.establish(second)
    stage.doubles.clock.advance(21)


async def _ended(stage: Stage) -> None:
    await _main(stage)
    call_id = await stage.program.calls.dial("0201234567")
    stage.doubles.telephony.end(call_id, EndReason.ENCRYPTION_REQUIRED, 488)


async def _headset(stage: Stage) -> None:
    await _main(stage)
    stage.program.bus.publish(LevelsChanged(-18.0, -40.0))


async def _headset_away(stage: Stage) -> None:
    await _main(stage)
    stage.doubles.sound.pull(HEADSET.id)


async def _headset_locked(stage: Stage) -> None:
    await stage.board.sign_in.sign_in(CREDENTIALS)
    stage.program.bus.publish(LevelsChanged(-18.0, -40.0))


async def _headset_order(stage: Stage) -> None:
    """Two homes of a headset: one is away, and the list goes on behind it."""
    await _main(stage)
    dock = Device("fake:dock", "USB dock at the office with a long name", True, True)
    stage.doubles.sound.plug(dock)
    await stage.program.devices.choose(microphone=dock.id, speaker=dock.id)
    await stage.program.devices.choose(microphone=HEADSET.id, speaker=HEADSET.id)
    stage.doubles.sound.pull(HEADSET.id)


async def _test(stage: Stage) -> None:
    """Recorded and listened to; one tone was heard, one is asked about; the echo is too loud."""
    await _main(stage)
    sound, test = stage.doubles.sound, stage.program.device_test
    sound.open_microphone = MicrophoneState(level_dbfs=-18.0)
    sound.echo = EchoFinding(EchoVerdict.USE_HEADSET, 14.0, cancelling=True)
    await stage.look_at_test_page()
    stage.program.bus.publish(LevelsChanged(-18.0, -40.0))
    for begin in (test.record, test.echo, lambda: test.tone(HEADSET.id)):
        begin()
        await settle()
    test.answer(True)
    test.tone(SPEAKERS.id)
    await settle()


async def _test_recording(stage: Stage) -> None:
    await _main(stage)
    stage.doubles.sound.open_microphone = MicrophoneState(level_dbfs=-30.0)
    await stage.look_at_test_page()
    stage.doubles.sound.patience.clear()
    await stage.board.device_test.record()
    await settle()


async def _test_denied(stage: Stage) -> None:
    """The system keeps the microphone from us; what was tried gave nothing."""
    await _main(stage)
    stage.doubles.line_check.permission = Permission("denied", "ms-settings:privacy-microphone")
    stage.doubles.sound.open_microphone = MicrophoneState(level_dbfs=-96.0, zero_for_s=5.0, silent_for_s=5.0)
    await stage.look_at_test_page()
    stage.program.bus.publish(LevelsChanged(-96.0, -96.0))
    stage.program.device_test.record()
    await settle()
    stage.program.device_test.tone(HEADSET.id)
    await settle()
    stage.program.device_test.answer(False)
    stage.doubles.sound.pull(SPEAKERS.id)
    stage.program.device_test.tone(SPEAKERS.id)
    await settle()


async def _check_before(stage: Stage) -> None:
    await _main(stage)


async def _check_running(stage: Stage) -> None:
    await _main(stage)
    stage.doubles.sound.patience.clear()
    await stage.board.preshift.start()
    await settle()


async def _check_fine(stage: Stage) -> None:
    await _main(stage)
    stage.doubles.sound.open_microphone = MicrophoneState(level_dbfs=-60.0)
    stage.doubles.line_check.found[Step.NAT] = Finding("nat", (("seen", "203.0.113.4"),))
    await stage.program.preshift.run()


async def _check_faults(stage: Stage) -> None:
    """Nearly everything has something to say."""
    await _main(stage)
    found = stage.doubles.line_check.found
    found[Step.NAME_LOOKUP] = Finding("numeric", (("server", "192.0.2.10"),))
    found[Step.CERTIFICATE] = Finding("expires-soon", (("days", "6"),))
    found[Step.SIGN_IN] = CheckFailed("server-silent")
    found[Step.RTP] = CheckFailed("nothing-arrives")
    stage.doubles.sound.open_microphone = MicrophoneState(level_dbfs=-96.0, zero_for_s=5.0)
    stage.doubles.sound.broken.add("")
    await stage.program.preshift.run()


async def _question(stage: Stage) -> None:
    await _main(stage)
    stage.program.bus.publish(Notice("dial-confirm", {"target": "tel:+358912345678"}))


COMPANY = (("call.encryption", "required"), ("call.auto_answer", False))

SOUND = (
    ("audio.speaker", (HEADSET.id,)),
    ("audio.ring", ("*",)),
    ("audio.noise_suppression", "high"),
    ("headset.buttons", False),
)

SCENES = (
    Scene("sign-in", "sign_in", _empty_form),
    Scene("sign-in-advanced", "sign_in+advanced", _empty_form),
    *(Scene(f"sign-in-{refusal}", "sign_in", _refused(refusal)) for refusal in Refusal),
    Scene("main", "main", _main),
    Scene("main-empty", "main", _main_empty),
    Scene("main-trouble", "main", _main_trouble),
    Scene("main-no-device", "main", _main_no_device),
    Scene("main-keypad", "main+keypad", _main),
    Scene("contacts", "main+contacts", _main),
    Scene("contacts-empty", "main+contacts", _main_empty),
    Scene("incoming", "popup", _incoming),
    Scene("incoming-second", "popup", _incoming_second),
    Scene("call-dialling", "call", _dialling),
    Scene("call", "call", _talking),
    Scene("call-keypad", "call+keypad", _talking),
    Scene("call-transfer", "call+transfer", _talking),
    Scene("call-muted", "call", _muted),
    Scene("call-not-heard", "call", _not_heard),
    Scene("call-two", "call", _two_calls),
    Scene("call-two-transfer", "call+transfer", _two_calls),
    Scene("call-ended", "call", _ended),
    Scene("settings-headset", "settings+headset", _headset),
    Scene("settings-headset-away", "settings+headset", _headset_away),
    Scene("settings-headset-list", "settings+headset", _headset_order),
    Scene("settings-headset-end", "settings+headset:end", _headset),
    Scene("settings-headset-locked", "settings+headset:end", _headset_locked, SOUND),
    Scene("order", "order+microphone", _headset_order),
    Scene("test", "settings+test", _test),
    Scene("test-recording", "settings+test", _test_recording),
    Scene("test-denied", "settings+test", _test_denied),
    Scene("check", "settings+preshift", _check_before),
    Scene("check-running", "settings+preshift", _check_running),
    Scene("check-fine", "settings+preshift", _check_fine),
    Scene("check-faults", "settings+preshift", _check_faults),
    Scene("settings-general", "settings+general", _main),
    Scene("settings-calls", "settings+calls", _main, COMPANY),
    Scene("settings-account", "settings+account", _main),
    Scene("settings-about", "settings+about", _main),
    Scene("editor", "editor", _main),
    Scene("question", "question", _question),
    *(Scene(name, window, play) for name, window, play in PLAYS),
)

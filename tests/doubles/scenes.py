"""Scenes of the program's life: what the screens show then, in every language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from softphone.domain.account import Refusal
from softphone.domain.call import EndReason
from softphone.domain.device import Device, MicrophoneState
from softphone.domain.errors import SignInRefused
from softphone.domain.events import LevelsChanged, Notice
from softphone.domain.preshift import CheckFailed, Finding, Step
from softphone.domain.sound_test import EchoFinding, EchoVerdict, Permission
from tests.doubles.application import settle
from tests.doubles.meeting_room_scenes import PLAYS as ROOM_PLAYS
from tests.doubles.meeting_scenes import PLAYS as MEETING_PLAYS
from tests.doubles.sound import HEADSET, SPEAKERS
from tests.doubles.stage import CREDENTIALS, GOOD, POOR, Scene, Stage


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
    *(Scene(name, window, play) for name, window, play in (*MEETING_PLAYS, *ROOM_PLAYS)),
)

"""The test page: what goes on, what was found, and where a person changes what is wrong."""

from __future__ import annotations

import pytest

from resources.words import LANGUAGES, Words
from softphone.domain.device import MicrophoneState
from softphone.domain.events import LevelsChanged
from softphone.domain.sound_test import EchoFinding, EchoVerdict, Hearing, Permission
from softphone.presenters.device_test import (
    ECHOES,
    RECORDINGS,
    DeviceTestView,
    MicrophoneView,
    place_words,
)
from softphone.presenters.parts import Tone
from tests.doubles.application import settle
from tests.doubles.sound import HEADSET, SPEAKERS
from tests.doubles.stage import Stage


async def hears(stage: Stage, microphone: MicrophoneState, times: int = 1) -> MicrophoneView:
    await stage.board.microphone.watch(True)
    stage.doubles.sound.open_microphone = microphone
    for _ in range(times):
        stage.program.bus.publish(LevelsChanged(microphone.level_dbfs, -96.0))
    return stage.view(MicrophoneView)


LOUD, ROOM = MicrophoneState(level_dbfs=-30.0), MicrophoneState(level_dbfs=-60.0)


@pytest.mark.parametrize(
    ("microphone", "tone", "text"),
    [
        (LOUD, Tone.GOOD, "We hear you"),
        (ROOM, Tone.QUIET, "Say something"),
        (MicrophoneState(level_dbfs=-70.0, silent_for_s=6.0), Tone.WARN, "We hear nothing"),
        (MicrophoneState(level_dbfs=-2.0, clipping=True), Tone.WARN, "Too loud"),
        (
            MicrophoneState(level_dbfs=-96.0, zero_for_s=1.0, silent_for_s=9.0),
            Tone.BAD,
            "Muted by the system or by its own button",
        ),
    ],
)
async def test_the_meter_says_what_it_hears(
    stage: Stage, microphone: MicrophoneState, tone: Tone, text: str
) -> None:
    view = await hears(stage, microphone)
    assert (view.sign.tone, view.sign.text) == (tone, text)


async def test_we_hear_you_stays_for_a_second(stage: Stage) -> None:
    await hears(stage, LOUD)
    assert (await hears(stage, ROOM, 19)).sign.text == "We hear you"
    assert (await hears(stage, ROOM)).sign.text == "Say something"


async def test_nobody_is_told_of_levels_while_nobody_looks(stage: Stage) -> None:
    before = await hears(stage, ROOM)
    await stage.board.microphone.watch(False)
    stage.doubles.sound.open_microphone = LOUD
    stage.program.bus.publish(LevelsChanged(-30.0, -96.0))
    assert stage.view(MicrophoneView) == before


async def test_the_meter_is_a_share_of_what_it_shows(stage: Stage) -> None:
    assert (await hears(stage, LOUD)).level == 0.5
    assert (await hears(stage, MicrophoneState(level_dbfs=-96.0))).level == 0.0


async def test_without_a_microphone_the_meter_says_so(stage: Stage) -> None:
    for device in tuple(stage.doubles.sound.devices):
        stage.doubles.sound.pull(device.id)
    assert (await hears(stage, MicrophoneState())).sign.text == "There is no microphone: plug in a headset."
    view = stage.view(DeviceTestView)
    assert (view.microphone, view.outputs, view.ring_places) == ("", (), "")


async def test_zeros_come_with_the_place_that_helps(stage: Stage) -> None:
    zeros = MicrophoneState(level_dbfs=-96.0, zero_for_s=1.0)
    assert (await hears(stage, zeros)).help.startswith("Press the mute button")
    stage.doubles.line_check.permission = Permission("denied", "ms-settings:privacy-microphone")
    await stage.board.device_test.watch(True)
    view = stage.view(DeviceTestView)
    assert view.permission is not None
    assert view.permission.tone is Tone.BAD
    assert "Windows Settings → Privacy & security → Microphone" in view.permission.text
    assert view.place == "ms-settings:privacy-microphone"
    stage.board.microphone.render()
    assert stage.view(MicrophoneView).help == ""


@pytest.mark.parametrize(
    ("state", "tone"), [("granted", Tone.QUIET), ("undetermined", Tone.WARN), ("denied", Tone.BAD)]
)
async def test_the_systems_permission_is_shown(stage: Stage, state: str, tone: Tone) -> None:
    stage.doubles.line_check.permission = Permission(state, "x-apple.systempreferences:microphone")
    await stage.board.device_test.watch(True)
    view = stage.view(DeviceTestView)
    assert view.permission is not None
    assert view.permission.tone is tone
    assert bool(view.place) == (state != "granted")


async def test_a_system_that_does_not_say_is_not_talked_about(stage: Stage) -> None:
    stage.doubles.line_check.permission = Permission("unknown")
    await stage.board.device_test.watch(True)
    assert stage.view(DeviceTestView).permission is None


@pytest.mark.parametrize(
    ("place", "beginning"),
    [
        ("ms-settings:privacy-microphone", "Windowsin asetukset"),
        ("x-apple.systempreferences:com.apple", "Järjestelmäasetukset"),
        ("", "Paina kuulokkeiden"),
    ],
)
def test_each_system_has_its_place(place: str, beginning: str) -> None:
    assert place_words(Words("fi"), Permission("denied", place)).startswith(beginning)


async def test_recording_goes_on_and_is_stopped_by_the_same_button(stage: Stage) -> None:
    stage.doubles.sound.patience.clear()
    await stage.board.device_test.record()
    await settle()
    view = stage.view(DeviceTestView)
    assert (view.doing, view.said) == ("recording", "Recording: speak now")
    await stage.board.device_test.record()
    assert stage.view(DeviceTestView).doing == ""
    assert not stage.view(DeviceTestView).can_play


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_finding_has_words(stage: Stage, language: str) -> None:
    words = Words(language)
    texts = [words._(text) for _, _, text in (*RECORDINGS.values(), *ECHOES.values())]
    assert set(RECORDINGS) == set(Hearing) and set(ECHOES) == set(EchoVerdict)
    assert len(set(texts)) == len(texts)


async def test_what_was_recorded_is_judged(stage: Stage) -> None:
    stage.doubles.sound.open_microphone = LOUD
    await stage.board.device_test.record()
    await settle()
    view = stage.view(DeviceTestView)
    assert view.recording is not None
    assert (view.recording.text, view.can_play) == ("This is how others hear you.", True)
    await stage.board.device_test.play_again()
    await settle()
    assert stage.doubles.sound.played == ["record", "recording", "recording"]
    await stage.board.device_test.watch(False)
    assert stage.view(DeviceTestView).recording is None


async def test_a_tone_is_played_asked_about_and_answered(stage: Stage) -> None:
    await stage.sign_in()
    test = stage.board.device_test
    stage.doubles.sound.patience.clear()
    await test.tone(SPEAKERS.id)
    await settle()
    rows = {row.id: row for row in stage.view(DeviceTestView).outputs}
    assert (rows[SPEAKERS.id].playing, rows[HEADSET.id].playing) == (True, False)
    assert rows[HEADSET.id].text == "Jabra Evolve2 (speech)"
    stage.doubles.sound.patience.set()
    await settle()
    rows = {row.id: row for row in stage.view(DeviceTestView).outputs}
    assert (rows[SPEAKERS.id].playing, rows[SPEAKERS.id].asking) == (False, True)
    await test.answer(False)
    rows = {row.id: row for row in stage.view(DeviceTestView).outputs}
    sign = rows[SPEAKERS.id].sign
    assert sign is not None
    assert (sign.tone, rows[SPEAKERS.id].asking) == (Tone.WARN, False)


async def test_the_same_button_stops_a_tone(stage: Stage) -> None:
    stage.doubles.sound.patience.clear()
    await stage.board.device_test.tone(SPEAKERS.id)
    await settle()
    await stage.board.device_test.tone(SPEAKERS.id)
    await settle()
    assert stage.view(DeviceTestView).doing == ""
    assert not any(row.asking for row in stage.view(DeviceTestView).outputs)


async def test_a_speaker_that_is_not_listed_can_be_tried(stage: Stage) -> None:
    stage.doubles.sound.named = {"file:/tmp/ear.wav": "ear.wav"}
    await stage.program.devices.choose(speaker="file:/tmp/ear.wav")
    first = stage.view(DeviceTestView).outputs[0]
    assert (first.id, first.text) == ("", "ear.wav (speech)")
    await stage.board.device_test.tone("")
    await settle()
    assert stage.doubles.sound.played == ["tone"]


async def test_the_echo_says_what_helps(stage: Stage) -> None:
    stage.doubles.sound.echo = EchoFinding(EchoVerdict.USE_HEADSET, 10.0)
    await stage.board.device_test.echo()
    await settle()
    view = stage.view(DeviceTestView)
    assert view.echo is not None
    assert (view.echo.tone, view.echo.text.split(":")[1]) == (
        Tone.WARN,
        " use a headset, or turn the speaker down.",
    )


async def test_a_device_that_fails_and_a_call_are_told(stage: Stage) -> None:
    await stage.sign_in()
    await stage.board.device_test.tone("fake:gone")
    await settle()
    advice = stage.view(DeviceTestView).advice
    assert advice is not None
    assert advice.text == "The sound device could not be used."
    await stage.program.calls.dial("0501234567")
    await stage.board.device_test.ring()
    advice = stage.view(DeviceTestView).advice
    assert advice is not None
    assert (advice.text, advice.what_to_do) == ("A call is going on.", "Test again after it.")


async def test_the_page_speaks_other_languages(stage: Stage) -> None:
    await stage.board.speak(Words("sv"))
    stage.doubles.sound.patience.clear()
    await stage.board.device_test.echo()
    await settle()
    assert stage.view(DeviceTestView).said == "Mäter: var tyst en stund"

"""Trying microphone and speaker: what goes on, what is found, and that a call always wins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softphone.assemble import Application
from softphone.domain.account import Credentials
from softphone.domain.device import MicrophoneState
from softphone.domain.errors import DeviceError
from softphone.domain.events import DeviceTestChanged
from softphone.domain.sound_test import (
    Activity,
    DeviceTestState,
    EchoFinding,
    EchoVerdict,
    Hearing,
    Permission,
    judge_echo,
    judge_microphone,
)
from softphone.services.device_test import DeviceTest
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.sound import HEADSET, SPEAKERS

LOUD = MicrophoneState(level_dbfs=-20.0)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[tuple[Application, Doubles]]:
    async with running_application(tmp_path) as (application, doubles):
        doubles.sound.open_microphone = LOUD
        await application.session.sign_in(Credentials("vip.example.com", "0401234567", "a secret of nobody"))
        yield application, doubles


def states(doubles: Doubles) -> list[DeviceTestState]:
    return [event.state for event in doubles.events if isinstance(event, DeviceTestChanged)]


def activities(doubles: Doubles) -> list[Activity]:
    """What went on, each once."""
    told = [state.activity for state in states(doubles)]
    return [now for before, now in zip([Activity.NOTHING, *told], told, strict=False) if now is not before]


async def test_what_is_recorded_is_played(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    application.device_test.record()
    await settle()
    assert doubles.sound.played == ["record", "recording"]
    assert activities(doubles) == [Activity.RECORDING, Activity.PLAYING, Activity.NOTHING]
    recorded = application.device_test.state.recorded
    assert recorded is not None
    assert (recorded.hearing, recorded.seconds) == (Hearing.FINE, 3.0)
    application.device_test.play_again()
    await settle()
    assert doubles.sound.played == ["record", "recording", "recording"]


async def test_nothing_recorded_outlives_the_page(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    application.device_test.record()
    await settle()
    assert doubles.sound.recording == 3.0
    application.device_test.close()
    assert doubles.sound.recording == 0.0
    assert application.device_test.state == DeviceTestState()
    application.device_test.play_again()
    await settle()
    assert doubles.sound.played == ["record", "recording"]


async def test_a_test_can_be_stopped(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()
    application.device_test.record()
    await settle()
    assert application.device_test.state.activity is Activity.RECORDING
    application.device_test.stop()
    doubles.sound.patience.set()
    await settle()
    assert application.device_test.state == DeviceTestState()
    assert doubles.sound.played == ["record"]


async def test_another_test_ends_the_one_before(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()
    application.device_test.record()
    await settle()
    application.device_test.tone(HEADSET.id)
    await settle()
    assert application.device_test.state.activity is Activity.TONE
    doubles.sound.patience.set()
    await settle()
    assert doubles.sound.played == ["record", f"tone {HEADSET.id}"]
    assert application.device_test.state.recorded is None


async def test_each_output_keeps_its_answer(desk: tuple[Application, Doubles]) -> None:
    application, _ = desk
    for place, heard in ((HEADSET.id, True), (SPEAKERS.id, False), (SPEAKERS.id, True)):
        application.device_test.tone(place)
        await settle()
        assert application.device_test.state.asking == place
        application.device_test.answer(heard)
        assert application.device_test.state.asking is None
    assert application.device_test.state.heard == ((HEADSET.id, True), (SPEAKERS.id, True))


async def test_an_answer_nobody_asked_for_says_nothing(desk: tuple[Application, Doubles]) -> None:
    application, _ = desk
    application.device_test.answer(True)
    assert application.device_test.state.heard == ()


async def test_the_ring_is_tried_wherever_a_call_would_ring(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    await application.devices.choose(ring=(HEADSET.id, SPEAKERS.id))

    async def at_once(_seconds: float) -> None:
        return None

    test = _with_sleep(application, doubles, at_once)
    test.ring()
    await settle()
    assert doubles.sound.tried == [HEADSET.id, SPEAKERS.id]
    assert test.state.rung


async def test_a_ring_that_is_tried_ends_with_the_test(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    application.device_test.ring()
    await settle()
    assert doubles.sound.silenced == 0
    application.device_test.stop()
    assert doubles.sound.silenced == 1


async def test_a_ring_device_that_fails_is_told(
    desk: tuple[Application, Doubles], monkeypatch: pytest.MonkeyPatch
) -> None:
    application, doubles = desk

    async def fails(_device: str) -> None:
        raise DeviceError("busy")

    monkeypatch.setattr(doubles.sound, "try_ring", fails)
    application.device_test.ring()
    await settle()
    state = application.device_test.state
    assert (state.failed, state.fault, state.rung) == (Activity.RINGING, "device", False)


async def test_the_echo_is_measured(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    doubles.sound.echo = EchoFinding(EchoVerdict.USE_HEADSET, 12.0, cancelling=True)
    application.device_test.echo()
    await settle()
    assert application.device_test.state.echo == doubles.sound.echo


async def test_a_device_that_fails_is_told_until_the_next_test(desk: tuple[Application, Doubles]) -> None:
    application, _ = desk
    application.device_test.tone("fake:gone")
    await settle()
    state = application.device_test.state
    assert (state.failed, state.fault, state.asking) == (Activity.TONE, "device", None)
    application.device_test.tone(HEADSET.id)
    assert application.device_test.state.failed is Activity.NOTHING


async def test_during_a_call_nothing_is_tested(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    await application.calls.dial("0501234567")
    application.device_test.record()
    await settle()
    state = application.device_test.state
    assert (state.activity, state.failed, state.fault) == (Activity.NOTHING, Activity.RECORDING, "in-call")
    assert "record" not in doubles.sound.played


async def test_a_call_that_comes_ends_the_test(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()
    application.device_test.echo()
    await settle()
    doubles.telephony.incoming()
    await settle()
    state = application.device_test.state
    assert (state.activity, state.failed, state.fault) == (Activity.NOTHING, Activity.ECHO, "in-call")
    doubles.sound.patience.set()
    await settle()
    assert application.device_test.state.echo is None


async def test_progress_is_told_step_by_step(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()

    async def at_once(_seconds: float) -> None:
        return None

    test = _with_sleep(application, doubles, at_once)
    test.record()
    await settle(60)
    told = [state.progress for state in states(doubles) if state.activity is Activity.RECORDING]
    assert told == pytest.approx([step / 30 for step in range(31)])
    test.stop()


async def test_the_systems_permission_is_asked_anew(desk: tuple[Application, Doubles]) -> None:
    application, doubles = desk
    doubles.line_check.permission = Permission("denied", "place:microphone")
    assert (await application.device_test.look_at_permission()).state == "denied"
    assert application.device_test.state.permission.place == "place:microphone"
    application.device_test.close()
    assert application.device_test.state.permission.state == "denied"


def _with_sleep(application: Application, doubles: Doubles, sleep: object) -> DeviceTest:
    """A second test of the same devices, whose time passes as the test wants it."""
    return DeviceTest(
        doubles.sound,
        doubles.line_check.microphone_permission,
        application._table,
        application.bus,
        application._tasks,
        sleep,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("level", "clipping", "zeros", "hearing"),
    [
        (-20.0, False, 0.0, Hearing.FINE),
        (-60.0, False, 0.0, Hearing.QUIET),
        (-3.0, True, 0.0, Hearing.TOO_LOUD),
        (-96.0, False, 2.0, Hearing.ZEROS),
        (-96.0, False, 0.1, Hearing.QUIET),
    ],
)
def test_a_microphone_is_judged(level: float, clipping: bool, zeros: float, hearing: Hearing) -> None:
    assert judge_microphone(level, clipping=clipping, zero_for_s=zeros) is hearing


@pytest.mark.parametrize(
    ("loss", "likeness", "heard", "zeros", "verdict"),
    [
        (96.0, 0.0, -70.0, 0.0, EchoVerdict.FINE),
        (12.0, 0.9, -40.0, 0.0, EchoVerdict.USE_HEADSET),
        (28.0, 0.5, -60.0, 0.0, EchoVerdict.USE_HEADSET),
        (15.0, 0.1, -30.0, 0.0, EchoVerdict.DISTURBED),
        (25.0, 0.1, -65.0, 0.0, EchoVerdict.FINE),
        (35.0, 0.9, -60.0, 0.0, EchoVerdict.FINE),
        (96.0, 0.0, -96.0, 4.0, EchoVerdict.ZEROS),
    ],
)
def test_an_echo_is_judged(
    loss: float, likeness: float, heard: float, zeros: float, verdict: EchoVerdict
) -> None:
    assert judge_echo(loss, likeness=likeness, heard_dbfs=heard, zero_for_s=zeros) is verdict

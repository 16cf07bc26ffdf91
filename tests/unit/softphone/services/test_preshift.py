"""The check before a shift: every step in order, the right one red with its code, and calls first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softphone.assemble import Application
from softphone.domain.account import Credentials, Refusal
from softphone.domain.device import ANY_OUTPUT, MicrophoneState
from softphone.domain.errors import DeviceError, SignInRefused
from softphone.domain.events import CheckChanged
from softphone.domain.preshift import CheckFailed, CheckReport, Finding, NotChecked, Outcome, Step
from softphone.domain.sound_test import Permission
from softphone.services import preshift
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.sound import HEADSET, SPEAKERS

CREDENTIALS = Credentials("vip.example.com", "0401234567", "a secret of nobody")
QUIET_ROOM = MicrophoneState(level_dbfs=-62.0)

Desk = tuple[Application, Doubles]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Somebody signed in with everything in order."""
    async with running_application(tmp_path) as (application, doubles):
        doubles.sound.open_microphone = QUIET_ROOM
        await application.session.sign_in(CREDENTIALS)
        yield application, doubles


def codes(report: CheckReport) -> dict[str, str]:
    """The steps that did not simply pass: outcome and code."""
    return {
        result.step.value: f"{result.outcome} {result.code}"
        for result in report.results
        if (result.outcome, result.code) != (Outcome.PASSED, "")
    }


async def test_all_is_well(desk: Desk) -> None:
    application, doubles = desk
    report = await application.preshift.run()
    assert report.ok and not report.running
    assert [result.step for result in report.results] == list(Step)
    assert codes(report) == {}
    assert report.at == doubles.clock.time()
    assert doubles.sound.played == ["record", "tone"]
    assert doubles.sound.tried == ["default"]
    assert doubles.sound.recording == 0.0


async def test_each_step_is_told_as_it_goes(desk: Desk) -> None:
    application, doubles = desk
    await application.preshift.run()
    told = [event.report for event in doubles.events if isinstance(event, CheckChanged)]
    assert all(report.running for report in told[:-1]) and not told[-1].running
    running = [r.step for report in told for r in report.results if r.outcome is Outcome.RUNNING]
    assert running == list(Step)
    assert not any(report.ok for report in told[:-2])


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step.NAME_LOOKUP, "server-not-found"),
        (Step.CERTIFICATE, "certificate"),
        (Step.SIGN_IN, "server-silent"),
        (Step.NAT, "udp-blocked"),
        (Step.RTP, "nothing-arrives"),
    ],
)
async def test_what_the_line_finds_is_told(desk: Desk, step: Step, code: str) -> None:
    application, doubles = desk
    doubles.line_check.found[step] = CheckFailed(code, (("server", "vip.example.com"),))
    report = await application.preshift.run()
    assert not report.ok
    failed = [result for result in report.results if result.outcome is Outcome.FAILED]
    assert [(result.step, result.code) for result in failed] == [(step, code)]
    assert failed[0].facts == (("server", "vip.example.com"),)


async def test_a_note_on_a_step_that_passed_is_kept(desk: Desk) -> None:
    application, doubles = desk
    doubles.line_check.found[Step.NAT] = Finding("nat", (("seen", "203.0.113.4"),))
    doubles.line_check.found[Step.CERTIFICATE] = NotChecked("no-tls")
    report = await application.preshift.run()
    assert report.ok
    assert codes(report) == {"certificate": "skipped no-tls", "nat": "passed nat"}


async def test_the_servers_echo_number_is_called_where_one_is_named(desk: Desk) -> None:
    application, doubles = desk
    await application.preshift.run()
    await application.settings.set("sip.echo_number", "600")
    await application.preshift.run()
    assert doubles.line_check.numbers == ["", "600"]


async def test_without_a_line_the_echo_number_is_not_called(desk: Desk) -> None:
    application, doubles = desk
    await application.settings.set("sip.echo_number", "600")
    doubles.line_check.found[Step.SIGN_IN] = CheckFailed("server-silent")
    report = await application.preshift.run()
    assert codes(report) == {
        "sign-in": "failed server-silent",
        "nat": "skipped no-line",
        "rtp": "skipped no-line",
    }
    assert doubles.line_check.numbers == []


async def test_signed_out_the_devices_are_looked_at_all_the_same(desk: Desk) -> None:
    application, doubles = desk
    await application.session.sign_out()
    report = await application.preshift.run()
    assert codes(report) == {
        "name-lookup": "skipped not-signed-in",
        "certificate": "skipped not-signed-in",
        "sign-in": "failed not-signed-in",
        "nat": "skipped not-signed-in",
    }
    assert doubles.line_check.numbers == [""]


async def test_a_refused_line_says_why(desk: Desk) -> None:
    application, doubles = desk
    doubles.telephony.refusals.append(SignInRefused(Refusal.NO_RIGHT, "vip.example.com"))
    with pytest.raises(SignInRefused):
        await application.session.sign_in(CREDENTIALS)
    report = await application.preshift.run()
    assert codes(report)["sign-in"] == "failed no-right"


async def test_a_line_that_reconnects_says_what_it_waits_for(desk: Desk) -> None:
    application, doubles = desk
    doubles.telephony.lose_registration("no-network")
    doubles.line_check.found[Step.SIGN_IN] = CheckFailed("server-silent")
    report = await application.preshift.run()
    assert codes(report)["sign-in"] == "failed no-network"


@pytest.mark.parametrize(
    ("microphone", "code"),
    [
        (MicrophoneState(level_dbfs=-96.0, zero_for_s=1.0), "microphone-muted"),
        (MicrophoneState(level_dbfs=-2.0, clipping=True), "microphone-too-loud"),
    ],
)
async def test_a_microphone_that_does_not_do_is_told(
    desk: Desk, microphone: MicrophoneState, code: str
) -> None:
    application, doubles = desk
    doubles.sound.open_microphone = microphone
    report = await application.preshift.run()
    assert codes(report) == {"microphone": f"failed {code}"}


async def test_a_microphone_the_system_denies_is_told(desk: Desk) -> None:
    application, doubles = desk
    doubles.line_check.permission = Permission("denied", "place:microphone")
    report = await application.preshift.run()
    assert codes(report) == {"microphone": "failed microphone-denied"}
    assert "record" not in doubles.sound.played


async def test_devices_in_place_of_the_chosen_ones_are_noted(desk: Desk) -> None:
    application, doubles = desk
    choose = application.devices.choose
    await choose(microphone=HEADSET.id, speaker=HEADSET.id, ring=(HEADSET.id, SPEAKERS.id))
    doubles.sound.pull(HEADSET.id)
    report = await application.preshift.run()
    assert report.ok
    assert codes(report) == {
        "microphone": "passed other-device",
        "speaker": "passed other-device",
        "ring": "passed place-away",
    }
    assert doubles.sound.tried == [SPEAKERS.id]


async def test_where_no_chosen_place_is_there_the_system_rings(desk: Desk) -> None:
    application, doubles = desk
    await application.devices.choose(ring=(HEADSET.id,))
    doubles.sound.pull(HEADSET.id)
    report = await application.preshift.run()
    assert codes(report)["ring"] == "passed place-away"
    assert doubles.sound.tried == ["default"]


async def test_everywhere_is_every_output(desk: Desk) -> None:
    application, doubles = desk
    await application.devices.choose(ring=(ANY_OUTPUT,))
    assert (await application.preshift.run()).ok
    assert doubles.sound.tried == [SPEAKERS.id, HEADSET.id]


async def test_without_devices_each_says_so(desk: Desk) -> None:
    application, doubles = desk
    for device in tuple(doubles.sound.devices):
        doubles.sound.pull(device.id)
    report = await application.preshift.run()
    assert codes(report) == {
        "microphone": "failed no-microphone",
        "speaker": "failed no-speaker",
        "ring": "failed no-ring",
    }


@pytest.mark.parametrize(
    ("command", "step", "code"),
    [
        ("record", "microphone", "microphone-failed"),
        ("tone_on", "speaker", "speaker-failed"),
        ("try_ring", "ring", "ring-failed"),
    ],
)
async def test_a_device_that_fails_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str, step: str, code: str
) -> None:
    application, doubles = desk

    async def fails(_argument: object) -> None:
        raise DeviceError("busy")

    monkeypatch.setattr(doubles.sound, command, fails)
    report = await application.preshift.run()
    assert codes(report) == {step: f"failed {code}"}


async def test_during_a_call_nothing_is_heard_of_the_check(desk: Desk) -> None:
    application, doubles = desk
    await application.calls.dial("0501234567")
    doubles.sound.played.clear()
    report = await application.preshift.run()
    assert codes(report) == dict.fromkeys(("rtp", "microphone", "speaker", "ring"), "skipped in-call")
    assert (doubles.sound.played, doubles.line_check.numbers) == ([], [])
    assert report.ok


async def test_a_call_that_comes_ends_what_makes_sound(desk: Desk) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()
    application.preshift.start()
    await settle()
    assert application.preshift.report.result(Step.MICROPHONE).outcome is Outcome.RUNNING
    doubles.telephony.incoming()
    report = await application.preshift.run()
    assert codes(report) == dict.fromkeys(("microphone", "speaker", "ring"), "skipped in-call")
    assert doubles.sound.silenced
    assert doubles.sound.recording == 0.0


async def test_it_can_be_cancelled(desk: Desk) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()
    running = asyncio.create_task(application.preshift.run())
    await settle()
    application.preshift.cancel()
    report = await running
    assert not report.running and not report.finished and not report.ok
    assert report.result(Step.RTP).outcome is Outcome.PASSED
    assert report.result(Step.MICROPHONE).outcome is Outcome.WAITING


async def test_whoever_asks_meanwhile_gets_the_same_report(desk: Desk) -> None:
    application, doubles = desk
    one, other = await asyncio.gather(application.preshift.run(), application.preshift.run())
    assert one is other
    assert doubles.line_check.numbers == [""]


async def test_a_step_that_takes_too_long_is_red_and_the_others_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, doubles = desk
    monkeypatch.setitem(preshift.PATIENCE_S, Step.NAME_LOOKUP, 0.0)
    doubles.line_check.patience.clear()

    async def soon(*_: object) -> Finding:
        doubles.line_check.patience.set()
        return Finding()

    monkeypatch.setattr(doubles.line_check, "certificate", soon)
    report = await application.preshift.run()
    assert codes(report) == {"name-lookup": "failed too-slow"}


async def test_a_test_of_devices_gives_way(desk: Desk) -> None:
    application, doubles = desk
    doubles.sound.patience.clear()
    application.device_test.tone(HEADSET.id)
    await settle()
    application.preshift.start()
    await settle()
    doubles.sound.patience.set()
    report = await application.preshift.run()
    assert report.ok
    assert application.device_test.state.asking is None


async def test_the_last_steps_ring_is_silent_when_a_call_comes(desk: Desk) -> None:
    application, doubles = desk
    await application.preshift.run()
    assert doubles.sound.silenced == 0
    doubles.telephony.incoming()
    assert doubles.sound.silenced == 1

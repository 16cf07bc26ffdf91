"""Devices that fail, and calls that are gone before they ring."""

from __future__ import annotations

import pytest

from softphone.domain.call import CallState, EndReason
from softphone.domain.errors import CommandRefused, DeviceError, UnknownCall
from tests.doubles.application import settle
from tests.unit.softphone.services.calls_bench import Bench, bench

__all__ = ["bench"]


async def test_no_beep_no_auto_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.settings.set("call.auto_answer", True)
    monkeypatch.setattr(bench.sound, "play_tone", _broken)
    call_id = await bench.ring()
    assert bench.call(call_id).state is CallState.RINGING


async def test_auto_answer_that_fails_ends_the_call(bench: Bench) -> None:
    await bench.settings.set("call.auto_answer", True)
    bench.telephony.refuse["answer"] = CommandRefused("no device")
    await bench.ring()
    assert bench.calls.calls() == ()


async def test_without_a_device_the_call_is_shown_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("start_ring", "play_tone", "call_waiting"):
        monkeypatch.setattr(bench.sound, name, _broken)
    call_id = await bench.ring()
    assert bench.call(call_id).state is CallState.RINGING
    own = await bench.calls.dial("112")
    bench.telephony.far_end_rings(own)
    await settle()
    assert bench.call(own).state is CallState.EARLY


async def test_calls_that_are_gone_before_they_ring(bench: Bench) -> None:
    bench.telephony.refuse["ring"] = UnknownCall("gone")
    call_id = await bench.ring()
    bench.telephony.end(call_id, EndReason.CANCELLED)
    assert bench.calls.calls() == ()


async def _broken(*arguments: object) -> None:
    raise DeviceError("no such device")

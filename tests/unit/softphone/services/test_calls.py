"""Our own calls, from dialling to the history, on a user agent without a network."""

from __future__ import annotations

import pytest

from softphone.domain.account import LineState
from softphone.domain.call import CallState, Direction, EndReason, Party
from softphone.domain.errors import BadTarget, NotSignedIn
from softphone.domain.history import Outcome
from softphone.ports import CallProgress
from softphone.services.call_tones import END_TONE_S
from tests.doubles.application import settle
from tests.unit.softphone.services.calls_bench import Bench, bench

__all__ = ["bench"]


async def test_an_own_call(bench: Bench) -> None:
    call_id = await bench.calls.dial("040 123 4567")
    assert bench.did("dial") == [("dial", "0401234567", False)]
    assert bench.call(call_id).state is CallState.DIALLING
    assert bench.call(call_id).remote == Party("0401234567", "0401234567")
    bench.telephony.far_end_rings(call_id)
    await settle()
    assert (bench.call(call_id).state, bench.sound.tone) == (CallState.EARLY, "ringback")
    bench.clock.advance(5)
    bench.telephony.establish(call_id)
    await settle()
    call = bench.call(call_id)
    assert (call.state, call.codec, call.encryption.method) == (CallState.ACTIVE, "opus", "sdes")
    assert bench.sound.tone == ""
    bench.clock.advance(60)
    await bench.calls.hang_up()
    await settle()
    assert bench.calls.calls() == ()
    assert (bench.last(call_id).state, bench.last(call_id).reason) == (CallState.ENDED, EndReason.HUNG_UP)
    (entry,) = bench.store.entries
    assert (entry.outcome, entry.duration_s, entry.direction) == (Outcome.ANSWERED, 60.0, Direction.OUTGOING)
    assert entry.started_at == bench.clock.time() - 65
    assert bench.sound.played == ["ringback"]


async def test_early_media_is_heard_instead_of_our_ringback(bench: Bench) -> None:
    call_id = await bench.calls.dial("1001")
    bench.telephony.far_end_rings(call_id, early_media=True)
    await settle()
    assert bench.sound.played == []


async def test_a_183_without_sound_has_our_ringback(bench: Bench) -> None:
    call_id = await bench.calls.dial("1001")
    bench.telephony.far_end_rings(call_id)
    await settle()
    assert bench.sound.tone == "ringback"
    bench.telephony.emit(CallProgress(call_id, 180, True))
    await settle()
    assert bench.sound.tone == ""


@pytest.mark.parametrize(
    ("reason", "tone", "outcome"),
    [
        (EndReason.BUSY, "busy", Outcome.NOT_ANSWERED),
        (EndReason.DECLINED, "busy", Outcome.NOT_ANSWERED),
        (EndReason.NOT_FOUND, "congestion", Outcome.FAILED),
        (EndReason.NO_ANSWER, "congestion", Outcome.NOT_ANSWERED),
    ],
)
async def test_calls_that_come_to_nothing(
    bench: Bench, reason: EndReason, tone: str, outcome: Outcome
) -> None:
    call_id = await bench.calls.dial("1001")
    bench.telephony.end(call_id, reason, 486)
    await settle()
    assert bench.sound.tone == tone
    assert bench.tone_lengths == [END_TONE_S]
    assert bench.last(call_id).status_code == 486
    assert [entry.outcome for entry in bench.store.entries] == [outcome]
    bench.end_of_tone.set()
    await settle()
    assert bench.sound.tone == ""


async def test_a_new_call_silences_the_busy_tone(bench: Bench) -> None:
    first = await bench.calls.dial("1001")
    bench.telephony.end(first, EndReason.BUSY, 486)
    await settle()
    await bench.calls.dial("1002")
    await settle()
    assert bench.sound.tone == ""


async def test_events_before_dial_returns_are_kept(bench: Bench) -> None:
    """A server on the same machine may answer before `dial` has returned."""
    dial = bench.telephony.dial

    async def hasty(target: str, *, emergency: bool = False) -> str:
        call_id = await dial(target, emergency=emergency)
        bench.telephony.far_end_rings(call_id)
        bench.telephony.end(call_id, EndReason.NOT_FOUND, 404)
        return call_id

    bench.telephony.dial = hasty  # type: ignore[method-assign]
    call_id = await bench.calls.dial("1001")
    assert bench.calls.calls() == ()
    assert bench.last(call_id).reason is EndReason.NOT_FOUND


async def test_dialling_needs_a_line_and_a_number(bench: Bench) -> None:
    with pytest.raises(BadTarget):
        await bench.calls.dial("not a number")
    for bench.line in (LineState.SIGNED_OUT, LineState.RECONNECTING, LineState.REFUSED):
        with pytest.raises(NotSignedIn):
            await bench.calls.dial("1001")
    assert bench.telephony.commands == []


async def test_hanging_up_everything_at_the_end(bench: Bench) -> None:
    await bench.talk("1001")
    await bench.ring()
    await bench.calls.hang_up_all()
    await bench.writer.finish()
    assert bench.calls.calls() == ()
    assert len(bench.store.entries) == 2

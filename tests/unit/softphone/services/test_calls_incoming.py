"""Calls that come in: ringing, answering, declining, and lines that are busy."""

from __future__ import annotations

import pytest

from softphone.domain.call import CallState, EndReason
from softphone.domain.contact import Contact
from softphone.domain.errors import CommandRefused, UnknownCall
from softphone.domain.events import CallChanged, Notice
from softphone.domain.history import Outcome
from softphone.ports import CallFlood
from tests.doubles.application import settle
from tests.unit.softphone.services.calls_bench import Bench, bench

__all__ = ["bench"]


# --- incoming


async def test_an_incoming_call_rings_and_is_answered(bench: Bench) -> None:
    call_id = await bench.ring()
    assert bench.did("ring") == [("ring", call_id)]
    assert bench.rings()
    await bench.calls.answer()
    assert bench.call(call_id).state is CallState.ANSWERING
    await settle()
    assert not bench.rings()
    bench.telephony.establish(call_id)
    bench.clock.advance(3)
    bench.telephony.end(call_id)
    await settle()
    assert [(e.outcome, e.duration_s) for e in bench.store.entries] == [(Outcome.ANSWERED, 3.0)]


async def test_the_name_of_a_contact_is_shown(bench: Bench) -> None:
    await bench.contacts.put(Contact("", "Aino Asiakas", ("+358 50 765 4321",)))
    call_id = await bench.ring("0507654321")
    assert bench.call(call_id).remote.name == "Aino Asiakas"


@pytest.mark.parametrize(
    ("reason", "outcome", "seen"),
    [
        (EndReason.CANCELLED, Outcome.MISSED, False),
        (EndReason.NO_ANSWER, Outcome.MISSED, False),
        (EndReason.ANSWERED_ELSEWHERE, Outcome.NOT_ANSWERED, True),
    ],
)
async def test_not_answered(bench: Bench, reason: EndReason, outcome: Outcome, seen: bool) -> None:
    call_id = await bench.ring()
    bench.telephony.end(call_id, reason, 487)
    await settle()
    assert not bench.rings()
    assert bench.sound.tone == ""
    assert [(e.outcome, e.seen) for e in bench.store.entries] == [(outcome, seen)]


@pytest.mark.parametrize("command", ["decline", "hang_up"])
async def test_declined(bench: Bench, command: str) -> None:
    call_id = await bench.ring()
    await getattr(bench.calls, command)(call_id)
    await settle()
    assert bench.did("reject") == [("reject", call_id, False)]
    assert [e.outcome for e in bench.store.entries] == [Outcome.DECLINED]
    with pytest.raises(UnknownCall):
        await bench.calls.answer(call_id)


async def test_the_ring_can_be_silenced_for_this_call_alone(bench: Bench) -> None:
    first = await bench.ring()
    await bench.ringing.silence()
    assert not bench.rings()
    bench.telephony.end(first, EndReason.CANCELLED)
    await bench.ring()
    assert bench.rings()


async def test_a_second_call_is_a_soft_tone_and_rings_when_the_first_is_over(bench: Bench) -> None:
    first = await bench.talk()
    second = await bench.ring()
    assert not bench.rings()
    assert bench.sound.played == ["call-waiting"]
    bench.telephony.end(first)
    await settle()
    assert bench.rings()
    assert bench.call(second).state is CallState.RINGING


async def test_answering_a_second_call_holds_the_first(bench: Bench) -> None:
    first = await bench.talk()
    second = await bench.ring()
    await bench.calls.answer(second)
    bench.telephony.establish(second)
    names = [command[0] for command in bench.telephony.commands]
    assert names.index("hold") < names.index("answer")
    assert (bench.call(first).held, bench.call(second).held) == (True, False)


async def test_a_third_call_meets_a_busy_line(bench: Bench) -> None:
    await bench.talk()
    second = await bench.ring()
    await bench.calls.answer(second)
    bench.telephony.establish(second)
    third = await bench.ring("0440000000")
    assert bench.did("reject") == [("reject", third, True)]
    assert "ring" not in bench.sound.played
    with pytest.raises(CommandRefused):
        await bench.calls.dial("1001")


async def test_a_call_that_meets_a_busy_line_is_never_shown_as_ringing_and_was_missed(bench: Bench) -> None:
    await bench.talk()
    await bench.ring()
    for number in range(20):
        bench.telephony.end(await bench.ring(f"05000000{number:02}"), EndReason.DECLINED)
    await settle()
    turned_away = [
        e.call for e in bench.events if isinstance(e, CallChanged) and "05000" in e.call.remote.number
    ]
    assert [(call.state, call.reason) for call in turned_away] == [(CallState.ENDED, EndReason.BUSY)] * 20
    assert len(bench.calls.calls()) == 2
    assert [entry.outcome for entry in bench.store.entries] == [Outcome.MISSED] * 20


async def test_a_flood_of_calls_is_one_notice(bench: Bench) -> None:
    bench.telephony.emit(CallFlood())
    assert bench.events == [Notice("call-flood")]


async def test_answering_gives_up_a_call_being_dialled(bench: Bench) -> None:
    own = await bench.calls.dial("1001")
    other = await bench.ring()
    await bench.calls.answer(other)
    assert bench.did("hang_up") == [("hang_up", own)]
    assert bench.call(other).state is CallState.ANSWERING


async def test_a_failed_answer_ends_the_call(bench: Bench) -> None:
    call_id = await bench.ring()
    bench.telephony.refuse["answer"] = CommandRefused("no device")
    with pytest.raises(CommandRefused):
        await bench.calls.answer(call_id)
    assert bench.calls.calls() == ()


# --- auto-answer


async def test_auto_answer_beeps_first(bench: Bench) -> None:
    await bench.settings.set("call.auto_answer", True)
    call_id = await bench.ring()
    assert "beep" in bench.sound.played
    assert bench.call(call_id).state is CallState.ANSWERING


async def test_auto_answer_leaves_a_second_call_alone(bench: Bench) -> None:
    await bench.settings.set("call.auto_answer", True)
    await bench.talk()
    second = await bench.ring()
    assert bench.call(second).state is CallState.RINGING
    assert "beep" not in bench.sound.played

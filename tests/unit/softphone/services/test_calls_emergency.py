"""Emergency calls go first and ask nothing of the line."""

from __future__ import annotations

import pytest

from softphone.domain.account import LineState
from softphone.domain.call import CallState
from softphone.domain.errors import CommandRefused, NotSignedIn
from tests.doubles.application import settle
from tests.unit.softphone.services.calls_bench import Bench, bench

__all__ = ["bench"]


@pytest.mark.parametrize("line", list(LineState))
async def test_an_emergency_call_asks_nothing_of_the_line(bench: Bench, line: LineState) -> None:
    bench.line = line
    call_id = await bench.calls.dial("1 1 2")
    assert bench.did("dial") == [("dial", "112", True)]
    assert bench.call(call_id).emergency


@pytest.mark.parametrize("helps", [True, False])
async def test_an_emergency_call_hurries_the_sign_in(bench: Bench, helps: bool) -> None:
    bench.hurry_helps = helps
    bench.telephony.refuse["dial"] = NotSignedIn("not started")
    if helps:
        assert bench.call(await bench.calls.dial("112")).emergency
    else:
        with pytest.raises(NotSignedIn):
            await bench.calls.dial("112")
        assert bench.calls.calls() == ()
    assert bench.hurried == 1


async def test_an_emergency_call_goes_first_and_clears_the_line(bench: Bench) -> None:
    first, second = await bench.talk("1001"), await bench.talk("1002")
    bench.telephony.commands.clear()
    emergency = await bench.calls.dial("112")
    await settle()
    assert bench.telephony.commands[0] == ("dial", "112", True)
    assert ("mute", second, True) in bench.telephony.commands
    assert ("hold", second) in bench.telephony.commands
    assert bench.call(first).held
    assert bench.call(second).held
    assert bench.call(emergency).state is CallState.DIALLING


async def test_an_emergency_call_silences_what_rings_and_ends_what_is_dialled(bench: Bench) -> None:
    own = await bench.calls.dial("1001")
    ringing = await bench.ring()
    emergency = await bench.calls.dial("112")
    await settle()
    assert [call.id for call in bench.calls.calls()] == [emergency]
    assert bench.did("reject", "hang_up") == [("hang_up", own), ("reject", ringing, True)]
    assert not bench.rings()


async def test_a_far_end_that_will_not_be_held_is_let_go_for_an_emergency(bench: Bench) -> None:
    first = await bench.talk()
    bench.telephony.refuse["hold"] = CommandRefused("488")
    emergency = await bench.calls.dial("112")
    await settle()
    assert [call.id for call in bench.calls.calls()] == [emergency]
    assert bench.did("hang_up") == [("hang_up", first)]


async def test_nothing_pushes_an_emergency_call_aside(bench: Bench) -> None:
    emergency = await bench.calls.dial("112")
    other = await bench.ring()
    with pytest.raises(CommandRefused):
        await bench.calls.answer(other)
    assert bench.call(emergency).state is CallState.DIALLING

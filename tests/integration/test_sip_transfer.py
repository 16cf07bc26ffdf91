"""Transfers through Kamailio: blind and attended, asked for by us and by others, done and failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import CommandRefused
from tests.lab.baresip import Baresip
from tests.lab.caller import Caller
from tests.lab.switchboard import PHONE_TONE, Switchboard

pytestmark = pytest.mark.peer

LOUD = -18.0
QUIET = -40.0
TONES = {"1001": 1000.0, "1004": 1300.0, "1005": 1700.0}


@pytest.fixture(scope="module")
def phone(board: Switchboard) -> Baresip:
    return board.phone("1002")


@pytest.fixture(scope="module")
def other_phone(board: Switchboard) -> Baresip:
    return board.phone("1003")


@pytest.fixture
async def people(board: Switchboard) -> AsyncIterator[dict[str, Caller]]:
    """Three of our own clients; 1004 and 1005 answer at once."""
    async with AsyncExitStack() as stack:
        callers: dict[str, Caller] = {}
        for number, frequency in TONES.items():
            caller = await stack.enter_async_context(Caller(frequency=frequency))
            await caller.start(board.account(number))
            caller.answer_at_once = number != "1001"
            callers[number] = caller
        yield callers


async def level_soon(caller: Caller, frequency: float) -> float:
    level = -120.0
    for _ in range(8):
        level = await caller.level(frequency, 0.3)
        if level > LOUD:
            break
    return level


async def test_blind(people: dict[str, Caller], phone: Baresip, other_phone: Baresip) -> None:
    caller = people["1001"]
    established = len(other_phone.events("CALL_ESTABLISHED"))
    call_id = await caller.dial("1002")
    await caller.client.calls.transfer(call_id, "1003")
    ended = await caller.wait_for(told.Ended)
    assert (ended.call_id, ended.reason) == (call_id, "transferred")
    states = [event.state for event in caller.heard(told.TransferProgress)]
    assert states[0] == "trying" and states[-1] == "done"
    await asyncio.to_thread(other_phone.wait_for, "CALL_ESTABLISHED", established + 1)
    await asyncio.to_thread(other_phone.hang_up)


async def test_blind_to_nobody_brings_the_call_back(people: dict[str, Caller], phone: Baresip) -> None:
    caller = people["1001"]
    call_id = await caller.dial("1002")
    await caller.client.calls.transfer(call_id, "1009")
    failed = await caller.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
    assert failed.status == 404
    await caller.wait_for(told.MediaChanged, where=lambda event: not event.held)
    assert await level_soon(caller, PHONE_TONE) > LOUD
    assert not caller.heard(told.Ended)
    await caller.client.calls.hang_up(call_id)
    await caller.wait_for(told.Ended)


async def test_attended(people: dict[str, Caller]) -> None:
    caller, first, second = people["1001"], people["1004"], people["1005"]
    one = await caller.dial("1004")
    await caller.client.calls.hold(one)
    two = await caller.dial("1005")
    await caller.client.calls.transfer_to_call(one, two)
    await caller.wait_for(told.Ended, 2)
    assert {event.call_id: event.reason for event in caller.heard(told.Ended)} == {
        one: "transferred",
        two: "transferred",
    }
    for person, other in ((first, "1005"), (second, "1004")):
        replaced = await person.wait_for(told.CallReplaced)
        ended = await person.wait_for(told.Ended)
        assert (ended.call_id, ended.reason) == (replaced.old_call_id, "transferred")
        changed = await person.wait_for(told.RemoteChanged)
        assert changed.call_id == replaced.call_id and other in changed.uri
        assert await level_soon(person, TONES[other]) > LOUD
    await first.client.calls.hang_up(first.heard(told.CallReplaced)[0].call_id)
    ended = await second.wait_for(told.Ended, 2)
    assert (ended.call_id, ended.reason) == (second.heard(told.CallReplaced)[0].call_id, "remote-hung-up")


async def test_attended_that_fails_comes_back(people: dict[str, Caller], phone: Baresip) -> None:
    """The one we asked hangs up while the other is being sent there."""
    caller, first, second = people["1001"], people["1004"], people["1005"]
    one = await caller.dial("1004")
    await caller.client.calls.hold(one)
    two = await caller.dial("1005")
    await second.client.stop()
    await caller.wait_for(told.Ended, where=lambda event: event.call_id == two)
    with pytest.raises(Exception, match=two):
        await caller.client.calls.transfer_to_call(one, two)
    await caller.client.calls.transfer(one, "1005")
    await caller.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
    await caller.client.calls.resume(one)
    assert await level_soon(first, TONES["1001"]) > LOUD
    with pytest.raises(CommandRefused):
        await caller.client.calls.transfer_to_call(one, one)


async def test_the_far_end_transfers_us(
    people: dict[str, Caller], phone: Baresip, other_phone: Baresip
) -> None:
    caller = people["1001"]
    call_id = await caller.dial("1002")
    await asyncio.to_thread(phone.transfer, "1003")
    replaced = await caller.wait_for(told.CallReplaced)
    assert replaced.old_call_id == call_id
    ended = await caller.wait_for(told.Ended)
    assert (ended.call_id, ended.reason) == (call_id, "transferred")
    changed = await caller.wait_for(told.RemoteChanged)
    assert "1003" in changed.uri
    assert await level_soon(caller, PHONE_TONE) > LOUD
    await asyncio.to_thread(other_phone.hang_up)
    assert (await caller.wait_for(told.Ended, 2)).call_id == replaced.call_id


async def test_the_far_end_transfers_us_to_nobody(people: dict[str, Caller]) -> None:
    caller, first = people["1001"], people["1004"]
    call_id = await caller.dial("1004")
    incoming = first.heard(told.Incoming)[-1].call_id
    await first.client.calls.transfer(incoming, "1009")
    await first.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
    await first.wait_for(told.MediaChanged, where=lambda event: not event.held)
    assert not caller.heard(told.CallReplaced) and not caller.heard(told.Ended)
    assert await level_soon(caller, TONES["1004"]) > LOUD
    await caller.client.calls.hang_up(call_id)
    await caller.wait_for(told.Ended)

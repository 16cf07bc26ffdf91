"""Attended transfer with another maker's stack: liblinphone as transferee, as target and as transferor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from sip_bridge import client_events as told
from tests.lab.caller import Caller
from tests.lab.linphone import Linphone
from tests.lab.process import wait_until
from tests.lab.sound import level_at
from tests.lab.switchboard import Switchboard

pytestmark = pytest.mark.peer

LOUD = -18.0
TONES = {"1001": 1000.0, "1002": 440.0, "1003": 600.0, "1004": 1300.0}
TALKING = "StreamsRunning"


@pytest.fixture
def first(board: Switchboard) -> Iterator[Linphone]:
    phone = board.linphone("1002", TONES["1002"])
    yield phone
    phone.stop()


@pytest.fixture
def second(board: Switchboard) -> Iterator[Linphone]:
    phone = board.linphone("1003", TONES["1003"])
    yield phone
    phone.stop()


@pytest.fixture
async def people(board: Switchboard) -> AsyncIterator[dict[str, Caller]]:
    """Two of our own clients; 1004 answers at once."""
    async with AsyncExitStack() as stack:
        callers: dict[str, Caller] = {}
        for number in ("1001", "1004"):
            caller = await stack.enter_async_context(Caller(frequency=TONES[number]))
            await caller.start(board.account(number))
            caller.answer_at_once = number == "1004"
            callers[number] = caller
        yield callers


def _hears(phone: Linphone, number: str) -> bool:
    """Whether `phone` now hears what `number` says."""
    pcm, rate = phone.heard(0.5)
    return level_at(pcm, TONES[number], rate) > LOUD


async def hears(phone: Linphone, number: str) -> bool:
    """Whether `phone` soon hears what `number` says."""
    return await asyncio.to_thread(wait_until, lambda: _hears(phone, number), 8.0, 0.2)


async def our_ear(caller: Caller, number: str) -> float:
    """Level of what `number` says, once it is loud or waiting was in vain."""
    level = -120.0
    for _ in range(12):
        level = await caller.level(TONES[number], 0.3)
        if level > LOUD:
            break
    return level


async def joined(caller: Caller, first: str, second: str) -> tuple[str, str]:
    """`caller` speaks with `first`, asks `second`, and joins them; the ids of the calls it made."""
    one = await caller.dial(first)
    assert await our_ear(caller, first) > LOUD
    await caller.client.calls.hold(one)
    two = await caller.dial(second)
    assert await our_ear(caller, second) > LOUD
    await caller.client.calls.transfer_to_call(one, two)
    return one, two


async def assert_left(caller: Caller, one: str, two: str) -> None:
    """Both calls of the one who transferred ended as transferred, and it was told 200."""
    await caller.wait_for(told.Ended, 2)
    assert {event.call_id: event.reason for event in caller.heard(told.Ended)} == {
        one: "transferred",
        two: "transferred",
    }
    progress = [(event.state, event.status) for event in caller.heard(told.TransferProgress)]
    assert progress[0] == ("trying", 0) and progress[-1] == ("done", 200)


def _only_talks(phone: Linphone) -> bool:
    """Whether it is in one call and nothing else; what was replaced may take it a moment to forget."""
    return list(phone.calls().values()) == [TALKING]


async def test_two_foreign_phones_are_joined(
    people: dict[str, Caller], first: Linphone, second: Linphone
) -> None:
    caller = people["1001"]
    one, two = await joined(caller, "1002", "1003")
    await assert_left(caller, one, two)
    assert first.told(200)
    assert await hears(first, "1003") and await hears(second, "1002")
    assert await asyncio.to_thread(wait_until, lambda: _only_talks(first) and _only_talks(second), 8.0, 0.3)
    first.hang_up()
    await asyncio.to_thread(wait_until, lambda: not second.calls(), 8.0, 0.3)
    assert second.calls() == {}


async def test_a_foreign_phone_takes_our_place_at_one_of_ours(
    people: dict[str, Caller], first: Linphone
) -> None:
    """Its INVITE with Replaces comes to us."""
    caller, asked = people["1001"], people["1004"]
    one, two = await joined(caller, "1002", "1004")
    await assert_left(caller, one, two)
    assert first.told(200)
    replaced = await asked.wait_for(told.CallReplaced)
    ended = await asked.wait_for(told.Ended)
    assert (ended.call_id, ended.reason) == (replaced.old_call_id, "transferred")
    assert "1002" in (await asked.wait_for(told.RemoteChanged)).uri
    assert await our_ear(asked, "1002") > LOUD
    assert await hears(first, "1004")
    first.hang_up()
    last = await asked.wait_for(told.Ended, 2)
    assert (last.call_id, last.reason) == (replaced.call_id, "remote-hung-up")


async def test_one_of_ours_takes_our_place_at_a_foreign_phone(
    people: dict[str, Caller], second: Linphone
) -> None:
    """Our INVITE with Replaces goes to it."""
    caller, moved = people["1001"], people["1004"]
    one, two = await joined(caller, "1004", "1003")
    await assert_left(caller, one, two)
    replaced = await moved.wait_for(told.CallReplaced)
    assert "1003" in (await moved.wait_for(told.RemoteChanged)).uri
    assert await our_ear(moved, "1003") > LOUD
    assert await hears(second, "1004")
    assert list(second.calls().values()) == [TALKING]
    await moved.client.calls.hang_up(replaced.call_id)
    await moved.wait_for(told.Ended, where=lambda event: event.call_id == replaced.call_id)


async def test_a_foreign_phone_joins_two_of_ours(people: dict[str, Caller], first: Linphone) -> None:
    """It calls us, asks another of ours, and sends us there."""
    moved, asked = people["1001"], people["1004"]
    moved.answer_at_once = True
    first.dial("1001")
    await moved.wait_for(told.Established)
    assert await our_ear(moved, "1002") > LOUD
    first.pause()
    await moved.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
    first.dial("1004")
    await asked.wait_for(told.Established)
    assert await our_ear(asked, "1002") > LOUD
    one, two = first.calls()
    assert not first.told(200)
    first.transfer(one, two)
    for person, other in ((moved, "1004"), (asked, "1001")):
        replaced = await person.wait_for(told.CallReplaced)
        ended = await person.wait_for(told.Ended)
        assert (ended.call_id, ended.reason) == (replaced.old_call_id, "transferred")
        changed = await person.wait_for(told.RemoteChanged)
        assert changed.call_id == replaced.call_id and other in changed.uri
        assert await our_ear(person, other) > LOUD
    await asyncio.to_thread(wait_until, lambda: not first.calls(), 8.0, 0.3)
    assert first.calls() == {}
    assert first.told(200)


async def test_a_foreign_phone_that_reaches_nobody_comes_back(
    people: dict[str, Caller], first: Linphone
) -> None:
    caller = people["1001"]
    call_id = await caller.dial("1002")
    await caller.client.calls.transfer(call_id, "1009")
    failed = await caller.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
    assert failed.status == 404 and await asyncio.to_thread(wait_until, lambda: first.told(404))
    await caller.wait_for(told.MediaChanged, where=lambda event: not event.held)
    assert await our_ear(caller, "1002") > LOUD
    # Whether it hears us is up to it: it held our call too, and where both take theirs off hold at once both
    # are refused (491, RFC 3261 14.1), and it tries no more.
    assert not caller.heard(told.Ended)
    await caller.client.calls.hang_up(call_id)
    await caller.wait_for(told.Ended)

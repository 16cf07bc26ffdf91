from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator

import pytest

from softphone.domain.account import Account, LineState
from softphone.domain.call import Call, CallState, Direction, Party
from softphone.domain.events import AccountChanged, CallChanged
from softphone.runtime.bus import Bus
from softphone.runtime.collector import wait_until_it_stands
from softphone.runtime.preload import Needs, preload, prepare

EVERY = "this"
CALL = CallChanged(Call("1", Direction.INCOMING, Party("0401000001"), CallState.RINGING))


@pytest.fixture(autouse=True)
def forgotten(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """A module of the standard library that nobody else needs, and that prints when it is loaded."""
    sys.modules.pop(EVERY, None)
    yield
    sys.modules.pop(EVERY, None)
    capsys.readouterr()
    gc.unfreeze()
    gc.enable()


async def loaded() -> bool:
    """Whether it is there once everything under way is done."""
    for _ in range(20):
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
    return EVERY in sys.modules


def test_modules_are_there_afterwards_and_are_never_looked_through_again() -> None:
    wait_until_it_stands()
    preload((EVERY,))
    assert EVERY in sys.modules
    assert gc.get_freeze_count() > 0
    assert gc.isenabled()


def test_a_module_that_is_not_there_is_told() -> None:
    with pytest.raises(ImportError):
        preload(("softphone.runtime.nowhere",))


def test_nothing_is_collected_before_the_program_stands() -> None:
    wait_until_it_stands()
    assert not gc.isenabled()


async def test_what_calls_need_waits_for_the_line() -> None:
    bus = Bus()
    work = asyncio.create_task(prepare(Needs((EVERY,)), Account(LineState.SIGNING_IN), bus))
    assert not await loaded()
    bus.publish(AccountChanged(Account(LineState.SIGNING_IN)))
    assert not await loaded()
    bus.publish(AccountChanged(Account(LineState.REFUSED)))
    assert await loaded()
    work.cancel()


async def test_nobody_signs_in_so_nothing_is_waited_for() -> None:
    work = asyncio.create_task(prepare(Needs((EVERY,)), Account(), Bus()))
    assert await loaded()
    work.cancel()


async def test_what_some_calls_need_waits_for_the_first_one() -> None:
    bus = Bus()
    work = asyncio.create_task(prepare(Needs(some_calls=(EVERY,)), Account(), bus))
    assert not await loaded()
    bus.publish(CALL)
    await work
    assert EVERY in sys.modules


async def test_a_call_that_comes_first_is_not_missed() -> None:
    bus = Bus()
    work = asyncio.create_task(prepare(Needs(some_calls=(EVERY,)), Account(LineState.SIGNING_IN), bus))
    await asyncio.sleep(0)
    bus.publish(CALL)
    bus.publish(AccountChanged(Account(LineState.REGISTERED)))
    await work
    assert EVERY in sys.modules

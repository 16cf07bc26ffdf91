"""A sign-in nobody waits for any more: the next command ends it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from softphone.domain.account import LineState
from softphone.domain.errors import CommandRefused
from softphone.services.session import Session
from tests.doubles.application import settle
from tests.unit.softphone.services.session_bench import HERE, Bench

Command = Callable[[Session], Awaitable[object]]


async def hanging(bench: Bench) -> asyncio.Task[object]:
    """A sign-in at a server that does not answer."""
    bench.telephony.server_answers.clear()
    attempt: asyncio.Task[object] = asyncio.ensure_future(bench.session.sign_in(HERE))
    await settle()
    assert bench.line == (LineState.SIGNING_IN, "")
    return attempt


@pytest.mark.parametrize("command", [Session.sign_out, Session.close], ids=["sign-out", "close"])
async def test_leaving_does_not_wait_for_it(command: Command) -> None:
    bench = Bench()
    attempt = await hanging(bench)
    async with asyncio.timeout(1):
        await command(bench.session)
    with pytest.raises(CommandRefused) as given_up:
        await attempt
    assert given_up.value.code == "given-up"
    assert bench.line == (LineState.SIGNED_OUT, "")
    assert not bench.telephony.registered


async def test_the_last_sign_in_counts() -> None:
    bench = Bench()
    attempt = await hanging(bench)
    second = asyncio.ensure_future(bench.session.sign_in(HERE))
    with pytest.raises(CommandRefused):
        await attempt
    bench.telephony.server_answers.set()
    assert (await second).state is LineState.REGISTERED
    assert bench.line == (LineState.REGISTERED, "")


async def test_a_hurried_one_is_given_up_too() -> None:
    bench = Bench()
    bench.telephony.server_answers.clear()
    bench.session.keep_signing_in(HERE)
    hurried = asyncio.ensure_future(bench.session.hurry())
    await settle()
    async with asyncio.timeout(1):
        await bench.session.sign_out()
    assert await hurried is False
    assert bench.line == (LineState.SIGNED_OUT, "")

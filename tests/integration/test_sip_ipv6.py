"""The same over IPv6: addresses in brackets everywhere SIP writes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from sip_bridge import client_events as told
from tests.lab.caller import Caller
from tests.lab.ports import has_ipv6
from tests.lab.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.peer

HOST = "::1"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with switchboard(tmp_path_factory.mktemp("board"), ipv6=True) as running:
        yield running


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_call(board: Switchboard, transport: str) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(Caller(frequency=700.0))
        two = await stack.enter_async_context(Caller(frequency=900.0))
        two.answer_at_once = True
        registered = await one.start(board.account("1001", transport, HOST))
        assert registered.transport == transport
        await two.start(board.account("1002", transport, HOST))
        call_id = await one.dial("1002")
        assert await one.hears(900.0)
        assert await two.hears(700.0)
        await one.client.calls.hold(call_id)
        await two.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
        await one.client.calls.hang_up(call_id)
        assert (await two.wait_for(told.Ended)).reason == "remote-hung-up"

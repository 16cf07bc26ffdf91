"""Our client on stage with a sipp peer: who calls whom, and both verdicts in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from sip_bridge import client_events as told
from sip_bridge.client_types import AccountConfig, ClientSettings
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK
from tests.lab.scenarios import callee
from tests.lab.scenarios_dialog import calling
from tests.lab.sipp import Sipp

SETTINGS = ClientSettings(encryption="off", sign_out_timeout_s=0.2, keepalive_s=0)
"""No keep-alives: a scenario answers what it expects and nothing else."""


@asynccontextmanager
async def facing(
    folder: Path, *steps: str, challenge: str = "", calls: int = 1
) -> AsyncIterator[tuple[Caller, Sipp]]:
    """A caller registered at a sipp that plays `steps` to each of `calls`, which must all have come true.

    With `challenge`, headers of a 401, we had to say who we are before.
    """
    peer = Sipp(folder / "peer", callee(*steps, challenge=challenge), calls=calls + 1)
    async with _on_stage(peer, "udp") as both:
        yield both


@asynccontextmanager
async def called(
    folder: Path,
    *steps: str,
    transport: str = "udp",
    within_s: int = 30,
    words: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[tuple[Caller, Sipp]]:
    """A phone registered at a sipp that calls it and plays `steps`, which must all have come true.

    `words` are put where their names stand in brackets: sipp reads no scenario with long lines.
    """
    peer = Sipp(
        folder / "peer",
        calling(*steps),
        transport=transport,
        timeout_s=within_s,
        keys=tuple(words.items()),
    )
    async with _on_stage(peer, transport) as both:
        yield both


@asynccontextmanager
async def _on_stage(peer: Sipp, transport: str) -> AsyncIterator[tuple[Caller, Sipp]]:
    peer.start()
    try:
        async with Caller(SETTINGS) as caller:
            await caller.start(AccountConfig(LOOPBACK, "1001", "secret", peer.port, transport))
            yield caller, peer
            await asyncio.to_thread(peer.finish)
    except Exception as failure:
        failure.add_note(f"sipp: {peer.errors[:1500]}")
        raise
    finally:
        peer.stop()


async def rings(phone: Caller) -> str:
    """The call that comes, ringing."""
    incoming = await phone.wait_for(told.Incoming)
    await phone.client.calls.ring(incoming.call_id)
    return incoming.call_id


async def talks(phone: Caller) -> str:
    """The call that comes, answered and standing."""
    call_id = await rings(phone)
    await phone.client.calls.answer(call_id)
    await phone.wait_for(told.Established)
    return call_id


async def hang_up(caller: Caller, call_id: str) -> told.Ended:
    """End it from our side, and what was told of it."""
    await caller.client.calls.hang_up(call_id)
    return await caller.wait_for(told.Ended, where=lambda event: event.call_id == call_id)


async def call_and_end(caller: Caller) -> None:
    """Dial, let the far end do what it does once it has answered, and hang up."""
    call_id = await caller.dial("peer")
    await asyncio.sleep(0.3)
    await caller.client.calls.hang_up(call_id)
    await caller.wait_for(told.Ended)


async def seen(peer: Sipp, text: str, times: int = 1, *, timeout_s: float = 15.0) -> None:
    """Wait until this went over the wire that often, either way. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while peer.messages.count(text) < times:
            await asyncio.sleep(0.02)


async def ended(caller: Caller) -> told.Ended:
    """How the far end ended it; said once."""
    event = await caller.wait_for(told.Ended)
    await asyncio.sleep(0.1)
    assert len(caller.heard(told.Ended)) == 1
    return event

"""Garbage is collected when the line is free, and never beside a voice."""

from __future__ import annotations

import asyncio

from softphone.domain.call import Call, CallState, Direction, Party
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.call_garbage import CallGarbage
from softphone.services.call_table import CallTable
from tests.doubles.clock import FakeClock


class Line:
    """A call table with its garbage man; time passes by `later`."""

    def __init__(self) -> None:
        self.collected = 0
        self._passed = asyncio.Event()
        self.table = CallTable(Bus(), FakeClock())
        self.tasks = Tasks()
        CallGarbage(self.table, self.tasks, self._sleep, self._collect)

    async def _sleep(self, seconds: float) -> None:
        await self._passed.wait()

    def _collect(self) -> None:
        self.collected += 1

    def begin(self, call_id: str) -> None:
        party = Party("sip:1@there", "1", "")
        self.table.add(Call(call_id, Direction.OUTGOING, party, CallState.DIALLING, created_at=0.0))

    def end(self, call_id: str) -> None:
        self.table.move(call_id, CallState.ENDED)

    async def later(self) -> None:
        self._passed.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._passed = asyncio.Event()


async def test_only_when_the_last_call_is_over() -> None:
    line = Line()
    line.begin("a")
    line.begin("b")
    line.end("a")
    await line.later()
    assert line.collected == 0
    line.end("b")
    assert line.collected == 0
    await line.later()
    assert line.collected == 1
    line.begin("c")
    line.end("c")
    line.begin("d")
    await line.later()
    assert line.collected == 1, "somebody talks again"
    await line.tasks.close()

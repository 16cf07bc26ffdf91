"""What a call leaves behind is taken away once the line is free.

A call's parts know each other, so that only the garbage collector can take them. By itself it comes for old
objects when there are a quarter more than before: a hundred calls later, after memory has grown for them.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

from softphone.domain.call import Call, CallState
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable

FREE_S = 0.05
"""After the end: what belongs to it is sent first, and nobody dials again so soon."""


class CallGarbage:
    """Follows the call table; collects where the last call ended, which takes a few milliseconds. What a
    call's transactions still hold, for up to 32 s (RFC 3261 table 4), is left to the next end."""

    def __init__(
        self,
        table: CallTable,
        tasks: Tasks,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        collect: Callable[[], object] = gc.collect,
    ) -> None:
        self._table = table
        self._tasks = tasks
        self._sleep = sleep
        self._collect = collect
        self._ended = 0
        table.listen(self._changed)

    def _changed(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self._ended += 1
            self._tasks.spawn(self._later(self._ended), "call garbage")

    async def _later(self, ended: int) -> None:
        await self._sleep(FREE_S)
        if ended == self._ended and not self._table.live():
            self._collect()

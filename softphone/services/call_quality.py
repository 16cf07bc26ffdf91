"""Keeps the figures of running calls fresh."""

from __future__ import annotations

import asyncio

from softphone.domain.call import Call, CallState
from softphone.ports import Telephony
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable

PERIOD_S = 1.0


class CallQualityWatch:
    """Asks the user agent once a second while any call is active."""

    def __init__(self, table: CallTable, telephony: Telephony, tasks: Tasks) -> None:
        self._table = table
        self._telephony = telephony
        self._tasks = tasks
        self._running = False
        table.listen(self._changed)

    def sample(self) -> None:
        """Take the figures of all active calls into the table."""
        for call in self._table.in_state(CallState.ACTIVE):
            quality = self._telephony.quality(call.id)
            if quality is not None:
                self._table.change(call.id, quality=quality)

    def _changed(self, call: Call) -> None:
        if call.state is CallState.ACTIVE and not self._running:
            self._running = True
            self._tasks.spawn(self._watch(), "call quality")

    async def _watch(self) -> None:
        try:
            while self._table.in_state(CallState.ACTIVE):
                self.sample()
                await asyncio.sleep(PERIOD_S)
        finally:
            self._running = False

"""When it rings: an incoming call while nobody talks; a soft tone in the ear while somebody does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from softphone.domain.call import Call, CallState
from softphone.domain.errors import DeviceError
from softphone.ports import Sound
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable

log = logging.getLogger(__name__)


class Ringing:
    """Follows the call table. A call rings on even where no device can play: it is shown all the same."""

    def __init__(self, table: CallTable, sound: Sound, tasks: Tasks) -> None:
        self._table = table
        self._sound = sound
        self._tasks = tasks
        self._silenced: set[str] = set()
        self._announced: set[str] = set()
        self._rings = False
        self._silence_listeners: list[Callable[[], None]] = []
        self._lock = asyncio.Lock()
        table.listen(self._changed)

    async def silence(self) -> None:
        """Stop the ring tone for the calls that ring now; they can still be answered."""
        self._silenced.update(call.id for call in self._table.in_state(CallState.RINGING))
        for callback in self._silence_listeners:
            callback()
        await self._settle()

    def on_silence(self, callback: Callable[[], None]) -> None:
        """Hear that a person silenced the ring."""
        self._silence_listeners.append(callback)

    @property
    def silenced(self) -> bool:
        """Whether every call that rings now has been silenced."""
        ringing = self._table.in_state(CallState.RINGING)
        return bool(ringing) and all(call.id in self._silenced for call in ringing)

    @property
    def wanted(self) -> bool:
        """Whether the ring tone should play now."""
        calls = self._table.live()
        ringing = [c for c in calls if c.state is CallState.RINGING]
        return len(ringing) == len(calls) and any(c.id not in self._silenced for c in ringing)

    def _changed(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self._silenced.discard(call.id)
            self._announced.discard(call.id)
        self._tasks.spawn(self._settle(), "ringing")

    async def _settle(self) -> None:
        """Bring the sound in line with the table, however often that changes meanwhile."""
        async with self._lock:
            try:
                while self._rings != self.wanted:
                    self._rings = self.wanted
                    await (self._sound.start_ring() if self._rings else self._sound.stop_ring())
                if not self._rings:
                    await self._announce()
            except DeviceError as error:
                log.warning("no ring tone: %s", error)

    async def _announce(self) -> None:
        """One soft tone for each call that waits while somebody talks."""
        for call in self._table.in_state(CallState.RINGING):
            if call.id not in self._announced and call.id not in self._silenced:
                self._announced.add(call.id)
                await self._sound.call_waiting()

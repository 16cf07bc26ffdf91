"""Keeps the figures of running calls fresh, and says what is wrong with their sound."""

from __future__ import annotations

import asyncio

from softphone.domain.call import Call, CallState
from softphone.ports import Clock, Sound, Telephony
from softphone.runtime.tasks import Tasks
from softphone.services.call_health import PERIOD_S, CallHealth, Devices
from softphone.services.call_table import CallTable


class CallQualityWatch:
    """Asks the user agent and the sound twice a second while any call is active."""

    def __init__(
        self, table: CallTable, telephony: Telephony, sound: Sound, clock: Clock, tasks: Tasks
    ) -> None:
        self._table = table
        self._telephony = telephony
        self._sound = sound
        self._clock = clock
        self._tasks = tasks
        self._health: dict[str, CallHealth] = {}
        self._running = False
        table.listen(self._changed)

    def sample(self) -> None:
        """Take the figures of all active calls into the table."""
        devices = self._devices()
        now = self._clock.monotonic()
        for call in self._table.in_state(CallState.ACTIVE):
            quality = self._telephony.quality(call.id)
            if quality is None:
                continue
            health = self._health.setdefault(call.id, CallHealth(now))
            self._table.change(call.id, quality=quality, trouble=health.look(call, quality, devices, now))

    def _devices(self) -> Devices:
        state, microphone = self._sound.state(), self._sound.microphone()
        return Devices(
            microphone=bool(state.microphone_used),
            zero_for_s=microphone.zero_for_s,
            instead_of_microphone=state.microphone_why.instead,
            instead_of_speaker=state.speaker_why.instead,
        )

    def _changed(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self._health.pop(call.id, None)
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

"""Tones in the ear: ringback while the far end rings unheard, busy or congestion when it came to nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from softphone.domain.call import Call, CallState, Direction, EndReason
from softphone.domain.errors import DeviceError
from softphone.ports import Sound
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable

log = logging.getLogger(__name__)

END_TONE_S = 4.0
"""How long busy and congestion play."""

QUIET_ENDS = frozenset(
    {
        EndReason.HUNG_UP,
        EndReason.REMOTE_HUNG_UP,
        EndReason.CANCELLED,
        EndReason.TRANSFERRED,
        EndReason.ANSWERED_ELSEWHERE,
    }
)


class CallTones:
    """Follows the call table and keeps the ear's tone in line with it."""

    def __init__(
        self,
        table: CallTable,
        sound: Sound,
        tasks: Tasks,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._table = table
        self._sound = sound
        self._tasks = tasks
        self._sleep = sleep
        self._plays = ""
        self._end_tone = ""
        self._lock = asyncio.Lock()
        table.listen(self._changed)

    @property
    def wanted(self) -> str:
        """The tone that should play now, "" for none."""
        calls = self._table.live()
        if any(call.state in (CallState.ACTIVE, CallState.ANSWERING) and not call.held for call in calls):
            return ""
        ringing = (call for call in calls if call.state is CallState.EARLY)
        if any(not call.early_media for call in ringing):
            return "ringback"
        return self._end_tone if not self._setting_up() else ""

    def _setting_up(self) -> bool:
        return bool(self._table.in_state(CallState.DIALLING, CallState.EARLY))

    def _changed(self, call: Call) -> None:
        if call.state is CallState.DIALLING:
            self._end_tone = ""
        if call.state is CallState.ENDED and (tone := _end_tone(call)):
            self._end_tone = tone
            self._tasks.spawn(self._end_later(tone), "end tone")
        self._tasks.spawn(self._settle(), "tones")

    async def _end_later(self, tone: str) -> None:
        await self._sleep(END_TONE_S)
        if self._end_tone == tone:
            self._end_tone = ""
            await self._settle()

    async def _settle(self) -> None:
        async with self._lock:
            try:
                while self._plays != self.wanted:
                    self._plays = self.wanted
                    await (self._sound.play_tone(self._plays) if self._plays else self._sound.stop_tone())
            except DeviceError as error:
                log.warning("no tone: %s", error)


def _end_tone(call: Call) -> str:
    """What is heard when an own call was never answered."""
    if call.direction is Direction.INCOMING or call.answered_at is not None or call.reason in QUIET_ENDS:
        return ""
    return "busy" if call.reason in (EndReason.BUSY, EndReason.DECLINED) else "congestion"

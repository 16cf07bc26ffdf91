"""Calls for help: they go out at once, whatever else is going on."""

from __future__ import annotations

import logging

from softphone.domain.call import Call, CallState
from softphone.domain.errors import SoftphoneError
from softphone.ports import Telephony
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable

log = logging.getLogger(__name__)


class LineClearing:
    """Takes all other calls out of the way of an emergency call, beside it and never before it."""

    def __init__(self, table: CallTable, telephony: Telephony, tasks: Tasks) -> None:
        self._table = table
        self._telephony = telephony
        self._tasks = tasks

    def clear_for(self, emergency_id: str) -> None:
        """Silence, hold or end every other call."""
        for call in self._table.live():
            if call.id != emergency_id and not call.emergency:
                self._tasks.spawn(self._put_aside(call), "line clearing")

    async def _put_aside(self, call: Call) -> None:
        try:
            match call.state:
                case CallState.RINGING:
                    await self._telephony.reject(call.id, busy=True)
                case CallState.ACTIVE if not call.held:
                    await self._silence_and_hold(call)
                case CallState.DIALLING | CallState.EARLY | CallState.ANSWERING:
                    await self._telephony.hang_up(call.id)
        except SoftphoneError as error:
            log.warning("call %s not put aside: %s", call.id, error.code)

    async def _silence_and_hold(self, call: Call) -> None:
        """Muted at once; ended where the far end won't be held."""
        await self._telephony.mute(call.id, True)
        try:
            await self._telephony.hold(call.id)
        except SoftphoneError:
            await self._telephony.hang_up(call.id)
            return
        await self._telephony.mute(call.id, call.muted)

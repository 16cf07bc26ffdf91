"""Answering by itself: only when nobody talks, and never without a beep."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from softphone.domain.call import Call, CallState
from softphone.domain.errors import DeviceError, SoftphoneError
from softphone.ports import Sound
from softphone.services.call_table import CallTable
from softphone.services.settings import Settings

log = logging.getLogger(__name__)


class AutoAnswer:
    """Answers an incoming call where the setting says so."""

    def __init__(
        self,
        table: CallTable,
        sound: Sound,
        settings: Settings,
    ) -> None:
        self._table = table
        self._sound = sound
        self._settings = settings

    def takes(self, call: Call) -> bool:
        """Whether this call is answered by itself: the setting is on and it is the only call."""
        return self._settings.flag("call.auto_answer") and self._table.live() == (call,)

    async def answer(self, call: Call, answer: Callable[[str], Awaitable[None]]) -> None:
        """Beep, then answer; a call that can't be announced by a beep is left to ring."""
        try:
            await self._sound.play_tone("beep")
        except DeviceError as error:
            log.warning("not answered, no beep: %s", error)
            return
        still = self._table.find(call.id)
        if still is None or still.state is not CallState.RINGING:
            return
        try:
            await answer(call.id)
        except SoftphoneError as error:
            log.warning("not answered: %s", error.code)

"""Alerts in a call (a second call waits, a beep): in the ear, or on a device of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence

from devices.types import DeviceFailure, Pcm, PlayoutStream, SoundDevice
from softphone.adapters.ringer import Sleep, play_out
from softphone.adapters.sound_worker import SoundWorker
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

ALERTS = frozenset({"beep", "call_waiting"})
"""Tones that alert; all others belong to a call and its ear."""


class Alerts:
    """`in_ear` plays a tone where speech is heard: without another place, and where none of them works.
    `done` hears how each place fared."""

    def __init__(
        self,
        opener: Callable[[str], PlayoutStream],
        tone: Callable[[str], Iterator[Pcm]],
        in_ear: Callable[[str], None],
        done: Callable[[str, bool], None],
        worker: SoundWorker,
        tasks: Tasks,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._opener = opener
        self._tone = tone
        self._in_ear = in_ear
        self._done = done
        self._worker = worker
        self._tasks = tasks
        self._sleep = sleep

    def play(self, name: str, places: Sequence[SoundDevice]) -> None:
        """Play an alert on the first of `places` that can, else in the ear. Returns at once."""
        if places:
            self._tasks.spawn(self._try(name, tuple(places)), f"alert {name}")
        else:
            self._in_ear(name)

    async def _try(self, name: str, places: Sequence[SoundDevice]) -> None:
        for place in places:
            played = await self._played(name, place)
            self._done(place.id, played)
            if played:
                return
        self._in_ear(name)

    async def _played(self, name: str, place: SoundDevice) -> bool:
        try:
            stream = await self._worker.open(self._opener, place.id)
        except DeviceFailure as failure:
            log.warning("no alert there: %s", failure)
            return False
        try:
            return await play_out(stream, self._tone(name), self._sleep)
        finally:
            self._worker.release(stream)

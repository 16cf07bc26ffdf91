"""The ring tone: a stream of its own on every chosen device, apart from speech and from each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence

from devices.types import DeviceFailure, Pcm, PlayoutStream, SoundDevice
from softphone.adapters.sound_worker import SoundWorker
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

TOP_UP_S = 0.02
AHEAD = 4_800
"""Samples kept queued: 100 ms, so that a busy loop is not heard as a broken ring."""

Sleep = Callable[[float], Awaitable[None]]


async def play(
    stream: PlayoutStream,
    blocks: Iterator[Pcm],
    sleep: Sleep = asyncio.sleep,
    *,
    seconds: float | None = None,
) -> None:
    """Play until `seconds` are over, the tone ends or the device dies."""
    left = float("inf") if seconds is None else seconds
    while stream.alive and left > 0:
        while stream.queued() < AHEAD:
            block = next(blocks, None)
            if block is None:
                return
            stream.write(block)
        await sleep(TOP_UP_S)
        left -= TOP_UP_S


async def play_out(stream: PlayoutStream, blocks: Iterator[Pcm], sleep: Sleep = asyncio.sleep) -> bool:
    """Play a tone that ends, to its last sample; whether the device lived to see that."""
    await play(stream, blocks, sleep)
    while stream.alive and stream.queued():
        await sleep(TOP_UP_S)
    return stream.alive


class Ringer:
    """Rings on a set of devices. One that fails is reported to `failed` and disturbs none of the others."""

    def __init__(
        self,
        opener: Callable[[str], PlayoutStream],
        tone: Callable[[], Iterator[Pcm]],
        worker: SoundWorker,
        tasks: Tasks,
        failed: Callable[[str], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._opener = opener
        self._tone = tone
        self._worker = worker
        self._tasks = tasks
        self._failed = failed
        self._sleep = sleep
        self._players: dict[str, asyncio.Task[None]] = {}
        self._tries: set[asyncio.Task[None]] = set()

    @property
    def ringing_on(self) -> tuple[str, ...]:
        """Ids of the devices that ring or are being opened for it."""
        return tuple(self._players)

    def ring_on(self, devices: Sequence[SoundDevice]) -> None:
        """Ring on exactly these; those that ring already go on undisturbed."""
        wanted = {device.id: device for device in devices}
        for identity in [known for known in self._players if known not in wanted]:
            self._players.pop(identity).cancel()
        for identity, device in wanted.items():
            if identity not in self._players:
                self._players[identity] = self._tasks.spawn(self._ring(device), f"ring on {device.name}")

    async def try_on(self, device: SoundDevice, seconds: float) -> None:
        """Ring on one device for a moment, whatever else rings. Raises DeviceFailure."""
        stream = await self._worker.open(self._opener, device.id)
        ringing = play(stream, self._tone(), self._sleep, seconds=seconds)
        task = self._tasks.spawn(ringing, f"ring tried on {device.name}")
        task.add_done_callback(lambda _: self._worker.release(stream))
        self._tries.add(task)
        task.add_done_callback(self._tries.discard)

    def end_tries(self) -> None:
        """Silence the devices that are only tried."""
        for task in self._tries:
            task.cancel()

    async def _ring(self, device: SoundDevice) -> None:
        try:
            stream = await self._worker.open(self._opener, device.id)
            await self._use(stream)
            log.info("%s stopped while ringing", device.name)
        except DeviceFailure as failure:
            log.warning("no ring tone there: %s", failure)
        self._players.pop(device.id, None)
        self._failed(device.id)

    async def _use(self, stream: PlayoutStream) -> None:
        try:
            await play(stream, self._tone(), self._sleep)
        finally:
            self._worker.release(stream)

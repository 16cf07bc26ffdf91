"""The open stream of one role: on the best device that opens, moved when a better comes or this dies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from devices.types import DeviceFailure, SoundDevice
from softphone.adapters.sound_worker import SoundWorker

log = logging.getLogger(__name__)

RETRY_S = 3.0
"""A device that failed is left alone for so long."""

SHORT_LIFE_S = 2.0
"""When two streams in a row die sooner than this, their device has failed; one may have stalled by chance."""

PLAYED_S = 0.08
"""A device that is left plays what it has in its queue, until the next one begins: no hole between them."""


class Stream(Protocol):
    """What microphones and speakers have in common."""

    @property
    def alive(self) -> bool:
        """False once the device has gone."""
        ...

    def close(self) -> None:
        """Release the device."""
        ...


S = TypeVar("S", bound=Stream)


class RoleStream(Generic[S]):
    """`joined` is told of the stream in use, or None, whenever that changes; then `begin` lets it sound."""

    def __init__(
        self,
        opener: Callable[[str], S],
        joined: Callable[[S | None], None],
        worker: SoundWorker,
        clock: Callable[[], float],
        begin: Callable[[S], None] | None = None,
    ) -> None:
        self._opener = opener
        self._begin = begin
        self._joined = joined
        self._worker = worker
        self._clock = clock
        self._stream: S | None = None
        self._device: SoundDevice | None = None
        self._opened = 0.0
        self._died_young = ""
        self._shunned: dict[str, float] = {}
        self._failed: set[str] = set()

    @property
    def device(self) -> SoundDevice | None:
        """The device in use."""
        return self._device

    @property
    def lost(self) -> bool:
        """Whether the device in use has died."""
        return self._stream is not None and not self._stream.alive

    def best(self, candidates: Sequence[SoundDevice]) -> SoundDevice | None:
        """The device in use, or the one that would be; None where none works."""
        return self._device or next((d for d in candidates if d.id not in self._failed), None)

    def retry_at(self) -> float | None:
        """When a device that failed may be tried again."""
        return min(self._shunned.values(), default=None)

    def let_go(self) -> None:
        """Part with the stream in use, at once for the sound and soon for the device."""
        if self._stream is None:
            return
        if self.lost and self._device is not None:
            self._judge(self._device)
        stream, self._stream, self._device = self._stream, None, None
        self._joined(None)
        self._worker.release(stream)

    async def use(self, candidates: Sequence[SoundDevice], *, needed: bool = True) -> None:
        """Be on the first of `candidates` that opens; on none while nobody needs it."""
        if self.lost:
            self.let_go()
        self._forgive({device.id for device in candidates})
        for device in candidates if needed else ():
            if self._device is not None and device.id == self._device.id:
                return
            if device.id not in self._shunned and await self._move(device):
                return
        self.let_go()

    def _judge(self, device: SoundDevice) -> None:
        """One early death may be chance, a second is the device's fault."""
        young = self._clock() - self._opened < SHORT_LIFE_S
        if young and self._died_young == device.id:
            self._shun(device)
        self._died_young = device.id if young else ""

    def _forgive(self, present: set[str]) -> None:
        """A device that failed may be tried again after a while, and at once when it was plugged in anew."""
        now = self._clock()
        self._shunned = {
            identity: until
            for identity, until in self._shunned.items()
            if until > now and identity in present
        }
        self._failed &= present

    async def _move(self, device: SoundDevice) -> bool:
        try:
            stream = await self._worker.open(self._opener, device.id)
        except DeviceFailure as failure:
            log.warning("%s", failure)
            self._shun(device)
            return False
        before, self._stream, self._device = self._stream, stream, device
        self._opened = self._clock()
        self._failed.discard(device.id)
        self._joined(stream)
        if before is not None:
            self._worker.release_after(before, PLAYED_S)
        if not await self._begun(stream, device):
            return False
        log.info("using %s", device.name)
        return True

    async def _begun(self, stream: S, device: SoundDevice) -> bool:
        """By now the stream has its first sound; a device that does not take it is left."""
        if self._begin is None:
            return True
        try:
            await self._worker.run(self._begin, stream)
        except DeviceFailure as failure:
            log.warning("%s", failure)
            self._shun(device)
            self.let_go()
            return False
        return True

    def _shun(self, device: SoundDevice) -> None:
        self._shunned[device.id] = self._clock() + RETRY_S
        self._failed.add(device.id)

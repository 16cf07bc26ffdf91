"""Streams of a device that calls back from its own thread: callbacks copy to and from a ring, no more."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from devices.clocked import Clock
from devices.ring import Ring
from devices.types import DeviceFailure, Pcm

log = logging.getLogger(__name__)

STALL_S = 0.8
"""A device that has not called back for so long is gone: some never end their stream. One that starts on a
busy machine has been seen to pause for 400 ms."""

START_S = 2.0
"""A device may take so long to its first callback (a sleeping Bluetooth headset does)."""

BLOCK_MS = 10
RING_MS = 500

Frames = npt.NDArray[np.int16]
"""Shape (frames, channels)."""

Callback = Callable[[Frames, int, Any, Any], None]


class Handle(Protocol):
    """What the library gives for an open stream. Its calls may block and raise DeviceFailure."""

    def start(self) -> None:
        """Let the callbacks begin."""
        ...

    def close(self) -> None:
        """Stop at once and release the device."""
        ...


Opener = Callable[[Callback, Callable[[], None]], Handle]
"""Opens the device with its callback, and a second one for the stream's end."""


class _DeviceStream:
    """The life of one stream: opened, paused while the library starts anew, watched, closed."""

    def __init__(
        self, opener: Opener, rate: int, clock: Clock = time.monotonic, *, waits: bool = False
    ) -> None:
        self._opener = opener
        self._clock = clock
        self._ring = Ring(rate * RING_MS // 1000)
        self._handle: Handle | None = None
        self._closed = False
        self._ended = False
        self._paused = False
        self._waits = waits
        self._last = 0.0
        self.resume()

    @property
    def alive(self) -> bool:
        """False once the device has gone or the callbacks have stopped."""
        if self._closed or self._ended:
            return False
        return self._paused or self._clock() < self._last

    def pause(self) -> None:
        """Let go of the device for a moment; the ring stays."""
        self._paused = True
        self._release()

    def resume(self) -> None:
        """Take the device. Raises DeviceFailure, and the stream is then dead."""
        try:
            handle = self._opener(self._called, self._end)
            self._handle = handle
            self._last = self._clock() + START_S
            if not self._waits:
                handle.start()
        except DeviceFailure:
            self._ended = True
            self._release()
            raise
        self._paused = False

    def begin(self) -> None:
        """Let the callbacks of a waiting stream begin. Raises DeviceFailure, and the stream is then dead."""
        if not self._waits:
            return
        self._waits = False
        self._last = self._clock() + START_S
        try:
            if self._handle is not None:
                self._handle.start()
        except DeviceFailure:
            self._ended = True
            self._release()
            raise

    def close(self) -> None:
        """Release the device; harmless when done already."""
        self._closed = True
        self._release()

    def _release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        try:
            handle.close()
        except DeviceFailure as failure:
            log.info("closing: %s", failure)

    def _end(self) -> None:
        if not self._paused:
            self._ended = True

    def _called(self, frames: Frames, count: int, _time: Any, status: Any) -> None:
        self._last = self._clock() + STALL_S
        self._exchange(frames, count, status)

    def _exchange(self, frames: Frames, count: int, status: Any) -> None:
        raise NotImplementedError


class CallbackCapture(_DeviceStream):
    """A microphone: the callback fills the ring. What finds no room is lost and counted."""

    overflows = 0

    def available(self) -> int:
        """Samples that can be read now."""
        return self._ring.available()

    def read(self, samples: int) -> Pcm:
        """Take exactly `samples`; silence fills what is missing."""
        return self._ring.read(samples)

    def _exchange(self, frames: Frames, count: int, status: Any) -> None:
        if self._ring.write(frames[:, 0]) < count or status.input_overflow:
            self.overflows += 1


class CallbackPlayout(_DeviceStream):
    """A speaker: the callback empties the ring into every channel.

    One that waits does not count `ahead` samples as queued: the device takes those at once when it begins.
    """

    def __init__(
        self,
        opener: Opener,
        rate: int,
        clock: Clock = time.monotonic,
        *,
        waits: bool = False,
        ahead: int = 0,
    ) -> None:
        self._mono = np.zeros(rate // 10, np.int16)
        self.takes = rate * BLOCK_MS // 1000
        self._begun = False
        self._underflows = 0
        self._ahead = ahead
        super().__init__(opener, rate, clock, waits=waits)

    @property
    def underflows(self) -> int:
        """How often there was too little in the ring, or the device was served too late."""
        return self._underflows

    def queued(self) -> int:
        """Samples waiting in the ring."""
        waiting = self._ring.available()
        return max(0, waiting - self._ahead) if self._waits else waiting

    def write(self, pcm: Pcm) -> int:
        """Queue samples; returns how many fitted."""
        self._begun = True
        return self._ring.write(pcm)

    def _exchange(self, frames: Frames, count: int, status: Any) -> None:
        mono = self._mono[:count]
        got = self._ring.read_into(mono)
        if got < count:
            mono[got:] = 0
        if self._begun and (got < count or status.output_underflow):
            self._underflows += 1
        frames[:] = mono[:, np.newaxis]

"""48 kHz outside, the device's own rate inside: converted when read or written, never in a callback."""

from __future__ import annotations

import numpy as np
import soxr

from devices.clocked import RATE
from devices.ring import Ring
from devices.types import CaptureStream, Pcm, PlayoutStream

QUALITY = "LQ"
"""soxr's better filters hold back 20 ms and more, in bursts; this one 1 to 10 ms at 44.1 kHz, 20 to 35 ms at
8 and 11 kHz."""


class ConvertedCapture:
    """A microphone that runs at `rate`, read at 48 kHz."""

    def __init__(self, inner: CaptureStream, rate: int) -> None:
        self._inner = inner
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16", quality=QUALITY)
        self._ring = Ring(RATE)

    @property
    def alive(self) -> bool:
        """False once the device has gone or the callbacks have stopped."""
        return self._inner.alive

    def available(self) -> int:
        """Samples that can be read now."""
        self._convert()
        return self._ring.available()

    def read(self, samples: int) -> Pcm:
        """Take exactly `samples`; silence fills what is missing."""
        self._convert()
        return self._ring.read(samples)

    def close(self) -> None:
        """Release the device; harmless when done already."""
        self._inner.close()

    def _convert(self) -> None:
        if waiting := self._inner.available():
            self._ring.write(self._resampler.resample_chunk(self._inner.read(waiting)))


class ConvertedPlayout:
    """A speaker that runs at `rate`, written at 48 kHz."""

    def __init__(self, inner: PlayoutStream, rate: int) -> None:
        self._inner = inner
        self._rate = rate
        self.takes = inner.takes * RATE // rate
        self._resampler = soxr.ResampleStream(RATE, rate, 1, dtype="int16", quality=QUALITY)

    @property
    def alive(self) -> bool:
        """False once the device has gone or the callbacks have stopped."""
        return self._inner.alive

    @property
    def underflows(self) -> int:
        """How often the ring was empty when the device asked."""
        return self._inner.underflows

    def begin(self) -> None:
        """Let a stream that waits sound. Raises DeviceFailure."""
        self._inner.begin()

    def queued(self) -> int:
        """Samples waiting, counted at 48 kHz."""
        return self._inner.queued() * RATE // self._rate

    def write(self, pcm: Pcm) -> int:
        """Queue samples; returns how many fitted."""
        converted: Pcm = self._resampler.resample_chunk(np.ascontiguousarray(pcm))
        lost = len(converted) - self._inner.write(converted)
        return len(pcm) - min(len(pcm), lost * RATE // self._rate)

    def close(self) -> None:
        """Release the device; harmless when done already."""
        self._inner.close()
